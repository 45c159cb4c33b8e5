//! `vastenv run -- CMD`: becomes the command, with the variables.

use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::time::Duration;

use super::app::App;
use super::export::{self, WhenOld};
use crate::account::Snapshot;
use crate::cli::Run;
use crate::context::{self, variables};
use crate::domain::{Failure, Kind, Result, printable};
use crate::environment::Environment;
use crate::files::reason;

/// How long to wait for a first answer of the server.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long to wait for a newer answer: a script that runs once a day wants today's values, but
/// yesterday's rather than none.
const QUICK: Duration = Duration::from_secs(3);

/// Replaces this process with the command; comes back only if it cannot be started.
pub fn run(app: &App, arguments: &Run) -> Result<ExitCode> {
    let environment = match environment(app) {
        Ok(environment) => environment,
        Err(failure) if failure.kind() == Kind::OnlyShown => return Err(failure),
        Err(failure) if arguments.allow_missing => {
            app.ui.warn(&format!("running without the account's variables: {}", failure.message()));
            Environment::default()
        }
        Err(failure) => {
            let hint = failure.next_step().map_or(String::new(), |step| format!("{step}; "));
            return Err(failure.hint(format!("{hint}or run without the variables: --allow-missing")));
        }
    };
    let [program, rest @ ..] = arguments.command.as_slice() else {
        return Err(Failure::usage("no command to run").hint("vastenv run -- COMMAND"));
    };
    let mut command = Command::new(program);
    command.args(rest);
    for (name, value) in &environment.variables {
        if !(arguments.preserve_env && context::bytes_var(name).is_some()) {
            command.env(name.as_str(), value.expose());
        }
    }
    if arguments.with_api_key {
        give_api_key(app, &mut command)?;
    }
    let error = command.exec();
    let name = printable(&program.to_string_lossy());
    let (code, why) = match error.kind() {
        ErrorKind::NotFound => (127, "not found".to_owned()),
        ErrorKind::PermissionDenied => (126, "permission denied".to_owned()),
        ErrorKind::ArgumentListTooLong => {
            (126, "the variables and arguments are more than the system can pass".to_owned())
        }
        _ => (126, reason(&error)),
    };
    app.ui.failure(&Failure::failed(format!("cannot run {name}: {why}")));
    Ok(ExitCode::from(code))
}

/// The key, from wherever it is; and the server that it is meant for, so that it goes to no other.
fn give_api_key(app: &App, command: &mut Command) -> Result<()> {
    command.env(variables::VAST_API_KEY, app.credential()?.key.expose());
    if app.global.url.is_some() {
        command.env(variables::VAST_URL, app.server()?.as_str());
    }
    Ok(())
}

fn environment(app: &App) -> Result<Environment> {
    let account = app.account()?;
    let snapshot: Snapshot = export::snapshot(app, &account, PATIENCE, WhenOld::RefreshWithin(QUICK))?;
    Ok(account.environment(&snapshot))
}
