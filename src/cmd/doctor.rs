//! `vastenv doctor`: goes through the set-up from the key to the hook, and says what is wrong and what
//! mends it. The one command that goes on whatever it finds.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::app::{App, CallOptions};
use super::outcome::Stop;
use super::this_shell::{ThisShell, login_shell};
use crate::account::{Account, Known, describe_storage};
use crate::cli::Global;
use crate::context::{self, variables};
use crate::domain::{Failure, Result, count, format_duration};
use crate::files;
use crate::ui::Ui;

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What one check found.
enum Finding {
    /// All is well.
    Good(String),
    /// It works, but the user should know.
    Note(String, String),
    /// It does not work.
    Bad(Failure),
}

/// The findings so far, printed as they come.
struct Checks {
    ui: Ui,
    raw: Vec<Value>,
    bad: usize,
}

/// Checks everything; the exit code is 1 if something is wrong.
pub fn doctor(global: Global, ui: Ui) -> Result<ExitCode> {
    let mut checks = Checks { ui, raw: Vec::new(), bad: 0 };
    match App::new(global, ui) {
        Ok(app) => check(&app, &mut checks)?,
        Err(failure) => checks.add("settings", Finding::Bad(failure))?,
    }
    if ui.raw {
        ui.json(&Value::Array(std::mem::take(&mut checks.raw)))?;
    }
    Ok(if checks.bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check(app: &App, checks: &mut Checks) -> Result<()> {
    let config = &app.paths.config_file;
    let settings = if config.exists() { "from" } else { "the defaults, for want of" };
    checks.add("settings", Finding::Good(format!("{settings} {}", config.display())))?;
    checks.add("folders", folders(app))?;
    checks.add("storage", storage(app))?;
    checks.add("leftovers", leftovers(app))?;
    match app.account() {
        Err(failure) => checks.add("key", Finding::Bad(failure))?,
        Ok(account) => {
            let credential = &account.credential;
            let found = format!("{} from {}", credential.key.suffix(), credential.source);
            checks.add("key", Finding::Good(found))?;
            checks.add("server", server(app, &account))?;
            checks.add("variables", known(&account))?;
            checks.add("remembered", remembered(&account))?;
        }
    }
    checks.add("hook", hook(app))
}

/// Whether what must be written can be.
fn folders(app: &App) -> Finding {
    let mut shown = Vec::new();
    for folder in [&app.paths.state, &app.paths.cache, &app.paths.data] {
        if let Err(failure) = app.store.ensure(folder) {
            return Finding::Bad(failure);
        }
        shown.push(folder.display().to_string());
    }
    match app.store.take_notes().as_slice() {
        [] => Finding::Good(format!("private and writable: {}", shown.join(", "))),
        mended => Finding::Good(mended.join("; ")),
    }
}

/// Where secrets rest.
fn storage(app: &App) -> Finding {
    match describe_storage(&app.store, &app.config) {
        Ok(report) => report.problem().map_or_else(|| Finding::Good(report.sentence()), Finding::Bad),
        Err(failure) => Finding::Bad(failure),
    }
}

/// Whether killed writers left files with secrets in clear.
fn leftovers(app: &App) -> Finding {
    let mut found = app.store.leftovers();
    found.extend(files::leftovers(&app.paths.vastai_config));
    if found.is_empty() {
        return Finding::Good("no temporary files".to_owned());
    }
    let shown: Vec<_> = found.iter().map(|path| path.display().to_string()).collect();
    let text = format!(
        "interrupted writes left {}, perhaps with secrets: {}",
        count(found.len(), "file"),
        shown.join(", ")
    );
    Finding::Note(text, format!("vastenv storage {}", app.config.storage))
}

/// Whether the server answers, and whose it says the key is.
fn server(app: &App, account: &Account<'_>) -> Finding {
    let began = Instant::now();
    let once = CallOptions { tries: 1, ..app.call_options(false) };
    let asked =
        app.with_server_as(account.clone(), once, async |remote| remote.verify_within(PATIENCE).await);
    match asked {
        Ok(identity) => {
            let who = identity.email.or(identity.user).unwrap_or_default();
            let took = began.elapsed().as_millis();
            Finding::Good(format!("{} answers as {} in {took} ms", account.server, who))
        }
        Err(Stop::Shown) => Finding::Note("not asked".to_owned(), "leave --curl out".to_owned()),
        Err(Stop::Failed(failure)) => Finding::Bad(failure),
    }
}

/// What shells load.
fn known(account: &Account<'_>) -> Finding {
    match account.known() {
        Ok(Known::Snapshot(snapshot)) => {
            let environment = account.environment(&snapshot);
            let age = account
                .age(&snapshot)
                .map_or("of unknown age".to_owned(), |age| format!("{} old", format_duration(age)));
            match environment.hidden_notice() {
                Some(notice) => Finding::Note(
                    notice.message().to_owned(),
                    notice.next_step().unwrap_or_default().to_owned(),
                ),
                None => Finding::Good(format!("{} to load, {age}", environment.variables.len())),
            }
        }
        Ok(Known::Nothing) => Finding::Note("none known yet".to_owned(), "vastenv refresh".to_owned()),
        Ok(Known::Refused(_)) => {
            let mend = account.credential.source.mend();
            Finding::Bad(Failure::failed("none: the server refused the key").hint(mend))
        }
        Err(failure) => Finding::Bad(failure),
    }
}

fn remembered(account: &Account<'_>) -> Finding {
    match account.remembered() {
        Ok(values) => Finding::Good(format!("{} on this machine", count(values.len(), "value"))),
        Err(failure) => Finding::Bad(failure),
    }
}

/// Whether this shell follows the account.
fn hook(app: &App) -> Finding {
    let here = ThisShell::read(app);
    if context::switch(variables::VASTENV_DISABLE) {
        return Finding::Note("switched off".to_owned(), "unset VASTENV_DISABLE".to_owned());
    }
    if !here.is_active {
        let next = format!("put at the end of your shell's start-up file: {}", login_shell().hook_line());
        return Finding::Note("not active in this shell".to_owned(), next);
    }
    if !here.is_current() {
        return Finding::Note("of another version of vastenv".to_owned(), "start a new shell".to_owned());
    }
    Finding::Good(format!("active in this shell, {} loaded", count(here.loaded().len(), "variable")))
}

impl Checks {
    fn add(&mut self, what: &str, finding: Finding) -> Result<()> {
        let (mark, text, next) = match &finding {
            Finding::Good(text) => ("ok", text.as_str(), ""),
            Finding::Note(text, next) => ("note", text.as_str(), next.as_str()),
            Finding::Bad(failure) => {
                self.bad += 1;
                ("bad", failure.message(), failure.next_step().unwrap_or_default())
            }
        };
        self.raw.push(json!({"check": what, "finding": mark, "text": text, "next": next}));
        if self.ui.raw {
            return Ok(());
        }
        self.ui.line(&format!("{mark:5} {what:11} {text}"))?;
        if next.is_empty() { Ok(()) } else { self.ui.line(&format!("{:17} → {next}", "")) }
    }
}
