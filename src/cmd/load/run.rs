//! `vastenv run -- CMD`: becomes the command, with the variables; with `--redact` it stays, to take
//! the values out of what the command prints.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;

use super::known::WhenOld;
use super::loading::{Loaded, Loading, load};
use super::run_on::run_on;
use crate::account::Account;
use crate::cli::Run;
use crate::cmd::app::App;
use crate::cmd::outcome::Outcome;
use crate::cmd::this_shell::ThisShell;
use crate::context;
use crate::domain::{Failure, Result, Secret, printable};
use crate::environment::{Change, Environment, KnownVariables};
use crate::files::reason;
use crate::process::{
    Streams, Trouble, find_program, interpreter, pass_on_ignored_pipe, run_filtered, with_users_limits,
};
use crate::redact::{Patterns, SHORTEST};

/// How long to wait for a first answer of the server.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long to wait for a newer answer: a script that runs once a day wants today's values, but
/// yesterday's rather than none.
const QUICK: Duration = Duration::from_secs(3);

/// Replaces this process with the command, or stays beside it (`--redact`); comes back then, and if it
/// cannot be started.
pub(crate) fn run(app: &App, arguments: &Run) -> Outcome<ExitCode> {
    let loading = Loading {
        filters: &arguments.filters,
        allow_missing: arguments.allow_missing,
        wait: PATIENCE,
        when_old: WhenOld::RefreshWithin(QUICK),
        is_here: arguments.on.is_none(),
        arguments: size(&arguments.command),
    };
    let Loaded { environment, known } = load(app, &loading)?;
    let mut values = known.map_or(Vec::new(), |(account, known)| all_values(&account, &known));
    values.extend(of_launch(&environment));
    let patterns = arguments.redact.then(|| Arc::new(patterns(app, &values)));
    if let Some(there) = &arguments.on {
        return run_on(app, there, arguments, &environment, patterns);
    }
    let key = if arguments.with_api_key { app.key_variables()? } else { Vec::new() };
    let withheld = if arguments.filters.is_selective() { withheld(app, &environment)? } else { Vec::new() };
    let [program, rest @ ..] = arguments.command.as_slice() else {
        return Err(Failure::usage("no command to run").hint("vastenv run -- COMMAND").into());
    };
    let start = |mut command: Command| -> Result<Started> {
        withhold(&mut command, &withheld);
        for (name, value) in &environment.variables {
            if !(arguments.preserve_env && context::bytes_var(name).is_some()) {
                command.env(name.as_str(), value.expose());
            }
        }
        command.envs(key.iter().map(|(name, value)| (name, value.expose())));
        pass_on_ignored_pipe(&mut command);
        match &patterns {
            Some(patterns) => redacted(app, command, patterns),
            None => Ok(Err(with_users_limits(|| command.exec()))),
        }
    };
    let file = find_program(program, &context::var("PATH").unwrap_or_default());
    let mut command = Command::new(program);
    command.args(rest);
    let mut started = start(command)?;
    // A script without #!: every shell runs it, but not every C library.
    if let (Err(error), Some(file)) = (&started, &file)
        && error.raw_os_error() == Some(Errno::ENOEXEC as i32)
    {
        let mut command = Command::new("/bin/sh");
        command.arg(file).args(rest);
        started = start(command)?;
    }
    let error = match started {
        Ok(code) => return Ok(code),
        Err(error) => error,
    };
    let (code, why) = not_started(&error, file.as_deref());
    let name = program.to_string_lossy();
    app.ui.failure(&Failure::failed(format!("cannot run {name}: {why}")));
    Ok(ExitCode::from(code))
}

/// How a command ended, or why it could not be started.
type Started = std::result::Result<ExitCode, io::Error>;

/// Runs the command to its end.
fn redacted(app: &App, command: Command, patterns: &Arc<Patterns>) -> Result<Started> {
    let trouble = |what: &str, error: &io::Error| Failure::failed(format!("{what}: {}", reason(error)));
    let [stdin, stdout, stderr] =
        context::streams().map_err(|error| trouble("cannot share the standard streams", &error))?;
    match run_filtered(command, patterns, Streams { stdin, stdout, stderr }, None) {
        Ok(finished) => {
            if let Some(error) = finished.lost {
                app.ui.warn(&format!("the command's output was cut off: {}", reason(&error)));
            }
            Ok(Ok(ExitCode::from(finished.code)))
        }
        Err(Trouble::NotStarted(error)) => Ok(Err(error)),
        Err(Trouble::Surroundings(what, error)) => Err(trouble(what, &error)),
    }
}

/// What is taken out of the output: every value of the account, and every key of this machine.
fn patterns(app: &App, values: &[(String, Secret)]) -> Patterns {
    let too_short: Vec<String> = values
        .iter()
        .filter(|(_, value)| (1..SHORTEST).contains(&value.expose().len()))
        .map(|(name, _)| printable(name))
        .collect();
    if !too_short.is_empty() {
        app.ui.warn(&format!(
            "not redacted, values under {SHORTEST} bytes are too short: {}",
            too_short.join(", ")
        ));
    }
    let mut keys = app.machine.saved_keys();
    if let Ok(credential) = app.credential() {
        match app.machine.secret(&credential, true) {
            Ok(key) => keys.push(key),
            Err(failure) => app.ui.warn(&format!("the API key is not redacted: {}", failure.message())),
        }
    }
    let secrets = values.iter().map(|(_, value)| value).chain(&keys);
    Patterns::new(secrets.map(Secret::expose))
}

/// The exit code for a command that cannot be started, and why it cannot. `file` is the program's, if
/// there is one.
fn not_started(error: &io::Error, file: Option<&Path>) -> (u8, String) {
    match error.kind() {
        ErrorKind::NotFound => (
            127,
            match (file, file.and_then(interpreter)) {
                (_, Some(interpreter)) => format!("its interpreter {interpreter} is missing"),
                (Some(_), None) => "its loader is missing".to_owned(),
                (None, None) => "not found".to_owned(),
            },
        ),
        ErrorKind::PermissionDenied => (126, "permission denied".to_owned()),
        ErrorKind::ArgumentListTooLong => (126, "variables and arguments are too large to pass".to_owned()),
        _ => (126, reason(error)),
    }
}

/// How to take away what the hook loaded in this shell and the filters leave out: the command would inherit
/// it.
fn withheld(app: &App, environment: &Environment) -> Result<Vec<Change>> {
    match ThisShell::ledger(&app.machine) {
        Some(ledger) => app.machine.withheld(&ledger, environment, &context::bytes_var),
        None => Ok(Vec::new()),
    }
}

fn withhold(command: &mut Command, changes: &[Change]) {
    for change in changes {
        match change {
            Change::Restore { name, value, exported: true } => {
                command.env(name.as_str(), OsStr::from_bytes(value));
            }
            Change::Unset(name) | Change::Restore { name, .. } => {
                command.env_remove(name.as_str());
            }
            // Those that are loaded follow.
            Change::Set { .. } => {}
        }
    }
}

/// Every value that is known of the account, by name: also of variables that are not loaded, or deleted by
/// now.
fn all_values(account: &Account<'_>, known: &KnownVariables) -> Vec<(String, Secret)> {
    let mut values: Vec<_> = account
        .remembered()
        .unwrap_or_default()
        .into_iter()
        .filter(|(name, remembered)| {
            known.get(name).and_then(|variable| variable.value) != Some(&remembered.value)
        })
        .map(|(name, remembered)| (name, remembered.value))
        .collect();
    let current = known.iter();
    values.extend(current.filter_map(|variable| Some((variable.name.to_owned(), variable.value?.clone()))));
    values
}

/// What the container was launched with, as far as it may be secret: no paths, and nothing as short as words.
fn of_launch(environment: &Environment) -> Vec<(String, Secret)> {
    let values = environment.from_launch.iter().filter_map(|name| environment.variables.get_key_value(name));
    let may_be_secret = |value: &&str| value.len() >= SHORTEST && !value.starts_with('/');
    values
        .filter(|(_, value)| may_be_secret(&value.expose()))
        .map(|(name, value)| (name.as_str().to_owned(), value.clone()))
        .collect()
}

/// What these arguments take, with their ends and pointers.
fn size(arguments: &[OsString]) -> usize {
    arguments.iter().map(|argument| argument.len() + 9).sum()
}
