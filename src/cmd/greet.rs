//! `vastenv` alone: what is set up, what is not, and the next step. Files only; the server is not
//! asked, and whatever is wrong is a line of the greeting.

use super::app::App;
use super::this_shell::{ThisShell, login_shell};
use crate::account::{Account, Known, Snapshot};
use crate::cli::Global;
use crate::context::{self, variables};
use crate::credentials::{Credential, Source};
use crate::domain::{Failure, Remedy, Result, ServerUrl, count, format_duration, printable};
use crate::shell::Shell;
use crate::ui::Ui;

/// One thing to set up.
struct Point {
    heading: &'static str,
    text: String,
    /// What to do if it is not as it should be.
    next: Option<String>,
    /// Whether something is broken: that comes before what is only missing.
    is_broken: bool,
}

/// The command that saves a key.
const SET_KEY: &str = "vastenv set api-key";

impl Point {
    fn good(heading: &'static str, text: impl Into<String>) -> Self {
        Self { heading, text: text.into(), next: None, is_broken: false }
    }

    fn wanting(heading: &'static str, text: impl Into<String>, next: impl Into<String>) -> Self {
        Self { next: Some(next.into()), ..Self::good(heading, text) }
    }

    fn failed(heading: &'static str, failure: &Failure) -> Self {
        let next = match failure.remedy() {
            Some(Remedy::SaveKey(_)) => SET_KEY,
            _ => failure.next_step().unwrap_or("vastenv doctor"),
        };
        Self { is_broken: true, ..Self::wanting(heading, failure.message(), next) }
    }

    fn line(&self) -> String {
        let mark = if self.next.is_some() { ' ' } else { 'x' };
        format!("[{mark}] {:9}  {}", self.heading, printable(&self.text))
    }
}

/// Greets.
///
/// # Errors
/// With `--raw`: a program that asks for nothing has forgotten its command.
pub fn greet(global: Global, ui: Ui) -> Result<()> {
    if ui.raw {
        return Err(Failure::usage("a command is missing").hint("see `vastenv --help`"));
    }
    let points = match App::new(global, ui).map(App::strict) {
        Ok(app) => {
            let points = describe(&app);
            for note in app.store.take_notes() {
                ui.warn(&note);
            }
            points
        }
        Err(failure) => vec![Point::failed("settings", &failure)],
    };
    let first = points.iter().find(|point| point.is_broken);
    let next = first.or_else(|| points.iter().find(|point| point.next.is_some()));
    let next = next.and_then(|point| point.next.as_deref()).unwrap_or("vastenv show env-vars");
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!("vastenv {version}: your Vast.ai account's variables in your own shell\n\n");
    for point in &points {
        text.push_str(&format!("{}\n", point.line()));
    }
    text.push_str(&format!("\nnext: {}\nmore: vastenv --help, vastenv help topics\n", printable(next)));
    ui.data(text.as_bytes())
}

fn describe(app: &App) -> Vec<Point> {
    let mut points = Vec::new();
    match app.server() {
        Ok(server) if server == ServerUrl::default() => {}
        Ok(server) if let Err(failure) = server.check_transport(app.is_insecure_http_allowed()) => {
            points.push(Point::failed("server", &failure));
        }
        Ok(server) => points.push(Point::good("server", server.as_str())),
        Err(failure) => points.push(Point::failed("server", &failure)),
    }
    let (key, variables) = match app.credential() {
        Ok(credential) => describe_account(app, credential),
        Err(failure) => (Point::failed("key", &failure), None),
    };
    points.extend([key, describe_hook(&ThisShell::read(app))]);
    points.extend(variables);
    points
}

/// The key, whose it is, and what is known of the account's variables.
fn describe_account(app: &App, credential: Credential) -> (Point, Option<Point>) {
    let key = format!("{} from {}", credential.key.suffix(), credential.source);
    let account = match app.account_of(credential) {
        Ok(account) => account,
        // A server that cannot be used has been told of.
        Err(_) if app.server().is_err() => return (Point::good("key", key), None),
        Err(failure) => return (Point::good("key", key), Some(Point::failed("variables", &failure))),
    };
    let key = match account.identity().ok().flatten().and_then(|identity| identity.email) {
        Some(email) => format!("{email}, {key}"),
        None => key,
    };
    let variables = match account.known() {
        Ok(Known::Refused(at)) => {
            let ago = context::now().since(at).map_or("some time".to_owned(), format_duration);
            let text = format!("{key}: refused by the server {ago} ago");
            let next = match &account.credential.source {
                source @ (Source::Flag | Source::Environment) => source.mend(),
                _ => SET_KEY,
            };
            return (Point::wanting("key", text, next), None);
        }
        Ok(Known::Snapshot(snapshot)) => describe_variables(&account, &snapshot),
        Ok(Known::Nothing) => {
            let why = account.backoff().map_or(String::new(), |backoff| format!(": {}", backoff.reason));
            Point::wanting("variables", format!("not known yet{why}"), "vastenv refresh")
        }
        Err(failure) => Point::failed("variables", &failure),
    };
    (Point::good("key", key), Some(variables))
}

fn describe_variables(account: &Account<'_>, snapshot: &Snapshot) -> Point {
    let environment = account.environment(snapshot);
    let (masked, refused): (Vec<_>, Vec<_>) =
        environment.skipped.iter().partition(|skipped| skipped.why.is_masked());
    let mut text = format!("{} to load", environment.variables.len());
    for (some, what) in [(masked.len(), "masked and not known here"), (refused.len(), "refused")] {
        if some > 0 {
            text.push_str(&format!(", {some} {what}"));
        }
    }
    if let Some(age) = account.age(snapshot) {
        text.push_str(&format!(" (as of {} ago)", format_duration(age)));
    }
    if !masked.is_empty() {
        return Point::wanting("variables", text, "vastenv remember env-var --all");
    }
    if snapshot.variables.is_empty() {
        return Point::wanting("variables", "the account has none", "vastenv create env-var NAME");
    }
    Point::good("variables", text)
}

fn describe_hook(here: &ThisShell) -> Point {
    if context::switch(variables::VASTENV_DISABLE) {
        return Point::wanting("hook", "switched off by VASTENV_DISABLE", "unset VASTENV_DISABLE");
    }
    if !here.is_active {
        let (place, command) = hook_command(login_shell());
        return Point::wanting("hook", format!("not active in this shell{place}"), command);
    }
    if !here.is_current() {
        return Point::wanting(
            "hook",
            "active, but of another version of vastenv",
            format!("exec {}", login_shell().name()),
        );
    }
    Point::good("hook", format!("active in this shell: {} loaded", count(here.loaded().len(), "variable")))
}

/// Where the hook stands already, and the command that brings it into a new shell.
fn hook_command(shell: Shell) -> (String, String) {
    let name = shell.name();
    let (file, shown) = shell.start_file().find(&context::folders());
    let text = file.and_then(|file| std::fs::read_to_string(file).ok());
    if text.is_some_and(|text| text.contains("vastenv hook")) {
        return (format!(", but in {}", shown.trim_matches('"')), format!("exec {name}"));
    }
    (String::new(), format!("echo '{}' >> {shown} && exec {name}", shell.hook_line()))
}
