//! `vastenv doctor`: checks the setup from the settings to the hook, and suggests fixes. It goes on
//! whatever it finds.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Fact, Facts, State};
use crate::account::Account;
use crate::cli::Global;
use crate::cmd::app::{App, CallOptions};
use crate::cmd::outcome::Stop;
use crate::domain::{Result, count};
use crate::ui::Ui;

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The findings so far, printed as they come.
struct Checks {
    ui: Ui,
    raw: Vec<Value>,
    bad: usize,
}

/// Checks everything; the exit code is 1 if something is wrong.
pub(crate) fn doctor(global: Global, ui: Ui) -> Result<ExitCode> {
    let mut checks = Checks { ui, raw: Vec::new(), bad: 0 };
    match App::despite_trouble(global, ui) {
        Ok(app) => check(&app, &mut checks)?,
        Err(failure) => checks.add(&Fact::bad("settings", &failure))?,
    }
    if ui.raw {
        ui.json(&Value::Array(std::mem::take(&mut checks.raw)))?;
    }
    Ok(if checks.bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check(app: &App, checks: &mut Checks) -> Result<()> {
    let config = &app.paths().config_file;
    let defaults = if config.exists() { "" } else { "defaults: no " };
    let facts = Facts::gather(app);
    let trouble = facts.trouble();
    if trouble.as_ref().is_none_or(|trouble| trouble.heading != "settings") {
        checks.add(&Fact::new("settings", format!("{defaults}{}", config.display())))?;
    }
    let chosen = [facts.profile(), facts.project()].into_iter().flatten();
    let chosen = chosen.filter(|fact| trouble.as_ref().is_none_or(|trouble| trouble.heading != fact.heading));
    trouble.iter().try_for_each(|trouble| checks.add(trouble))?;
    chosen.into_iter().try_for_each(|fact| checks.add(&fact))?;
    checks.add(&folders(app))?;
    checks.add(&facts.storage())?;
    checks.add(&leftovers(app))?;
    match &facts.account {
        Err(_) if trouble.is_some() => {}
        Err(failure) => checks.add(&facts.no_key(failure))?,
        Ok(account) => {
            checks.add(&Fact::new("key", facts.key.clone()?))?;
            checks.add(&server(app, account))?;
            checks.add(&facts.variables())?;
            checks.add(&facts.remembered(account))?;
            facts.watch().iter().try_for_each(|fact| checks.add(fact))?;
            facts.values().iter().try_for_each(|fact| checks.add(fact))?;
        }
    }
    if let Some(container) = facts.container() {
        checks.add(&container)?;
    }
    checks.add(&facts.hook())
}

/// Whether what must be written can be.
fn folders(app: &App) -> Fact {
    let folders = match app.machine.folders() {
        Ok(folders) => folders.map(|folder| folder.display().to_string()),
        Err(failure) => return Fact::bad("folders", &failure),
    };
    let fixed = app.machine.take_notes();
    let private = format!("private and writable: {}", folders.join(", "));
    Fact::new("folders", if fixed.is_empty() { private } else { fixed.join("; ") })
}

/// Whether killed writers left files with secrets in clear.
fn leftovers(app: &App) -> Fact {
    let found = app.machine.leftovers();
    if found.is_empty() {
        return Fact::new("leftovers", "no temporary files");
    }
    let shown: Vec<_> = found.iter().map(|path| path.display().to_string()).collect();
    let (number, shown) = (count(found.len(), "file"), shown.join(", "));
    Fact::new("leftovers", format!("{number} left by interrupted writes, may hold secrets: {shown}"))
        .next(format!("vastenv storage {}", app.machine.sealing().storage().unwrap_or_default()))
}

/// Whether the server answers, and whose it says the key is.
fn server(app: &App, account: &Account<'_>) -> Fact {
    let began = Instant::now();
    let once = CallOptions { tries: 1, ..app.call_options(false) };
    let asked =
        app.with_server_as(account.clone(), once, async |remote| remote.verify_within(PATIENCE).await);
    match asked {
        Ok(identity) => {
            let who = identity.email.or(identity.user).unwrap_or_default();
            let took = began.elapsed().as_millis();
            Fact::new("server", format!("{} answers as {who} in {took} ms", account.server))
        }
        Err(Stop::Shown) => Fact::new("server", "not asked").next("leave out --curl"),
        Err(Stop::Failed(failure)) => Fact::bad("server", &failure),
    }
}

impl Checks {
    fn add(&mut self, fact: &Fact) -> Result<()> {
        let mark = match fact.state {
            State::Good => "ok",
            State::Open(_) => "note",
            State::Bad(_) => "bad",
        };
        self.bad += usize::from(mark == "bad");
        let Fact { heading, text, .. } = fact;
        let next = fact.next_step().unwrap_or_default();
        self.raw.push(json!({"check": heading, "finding": mark, "text": text, "next": next}));
        if self.ui.raw {
            return Ok(());
        }
        self.ui.report(&format!("{mark:5} {heading:11} {text}"))?;
        if next.is_empty() { Ok(()) } else { self.ui.report(&format!("{:17} → {next}", "")) }
    }
}
