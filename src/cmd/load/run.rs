//! `vastenv run -- CMD`: becomes the command, with the variables; with `--redact` it stays, to take
//! the values out of what the command prints.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;

use super::known::WhenOld;
use super::loading::{Loaded, Loading, load};
use super::run_on::{api_key, run_on};
use crate::account::Account;
use crate::cli::Run;
use crate::cmd::app::App;
use crate::cmd::outcome::Outcome;
use crate::cmd::this_shell::ThisShell;
use crate::context::{self, variables};
use crate::domain::{EnvName, Failure, Result, Secret, printable};
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
    let loaded = load(app, &loading(arguments))?;
    if let Some(there) = &arguments.on {
        let patterns = arguments.redact.then(|| Arc::new(patterns(app, &secrets(app, &loaded))));
        return run_on(app, there, arguments, &loaded.environment, patterns);
    }
    let prepared = Prepared::of(app, arguments, &loaded)?;
    let patterns = arguments.redact.then(|| Arc::new(patterns(app, &secrets(app, &loaded))));
    let start = |mut command: Command| -> Result<Started> {
        prepared.furnish(&mut command);
        match &patterns {
            Some(patterns) => redacted(app, command, patterns),
            None => Ok(Err(with_users_limits(|| command.exec()))),
        }
    };
    let mut started = start(command(arguments)?)?;
    if let Err(error) = &started
        && let Some(command) = script(arguments, error)
    {
        started = start(command)?;
    }
    match started {
        Ok(code) => Ok(code),
        Err(error) => Ok(cannot_run(app, arguments, &error)),
    }
}

/// What the command is to be loaded with.
pub(super) fn loading(arguments: &Run) -> Loading<'_> {
    Loading {
        filters: &arguments.filters,
        allow_missing: arguments.allow_missing,
        wait: PATIENCE,
        when_old: WhenOld::RefreshWithin(QUICK),
        is_here: arguments.on.is_none(),
        keeps_own: arguments.on.is_none(),
        arguments: size(&arguments.command),
    }
}

/// What makes the environment of a command, beside ours.
pub(super) struct Prepared {
    pub given: BTreeMap<EnvName, Secret>,
    withheld: Vec<Change>,
}

impl Prepared {
    pub(super) fn of(app: &App, arguments: &Run, loaded: &Loaded<'_>) -> Result<Self> {
        let environment = &loaded.environment;
        // What the shell has loaded may be of another project or account, or gone; what is deleted later must not
        // come back from there either.
        let account = loaded.known.as_ref().and_then(|(account, _)| account.id());
        let ledger = ThisShell::ledger(&app.machine);
        let other = ledger.as_ref().filter(|ledger| ledger.is_of_another(account.as_ref()));
        let withholds = loaded.is_whole || arguments.filters.is_selective() || arguments.watch;
        let withheld = match ledger.as_ref().filter(|_| withholds) {
            Some(ledger) => {
                app.machine.withheld(ledger, environment, account.as_ref(), &context::bytes_var)?
            }
            None => Vec::new(),
        };
        let is_own = |name: &EnvName, value: &[u8]| {
            other.is_none() || app.machine.is_own(other, name, value).unwrap_or(true)
        };
        let is_kept = |name: &EnvName| {
            arguments.preserve_env && context::bytes_var(name).is_some_and(|value| is_own(name, &value))
        };
        let variables = environment.variables.iter().filter(|(name, _)| !is_kept(name));
        let mut given: BTreeMap<_, _> =
            variables.map(|(name, value)| (name.clone(), value.clone())).collect();
        if arguments.with_api_key {
            given.extend(api_key(app)?);
        }
        Ok(Self { given, withheld })
    }

    pub(super) fn furnish(&self, command: &mut Command) {
        withhold(command, &self.withheld);
        for (name, value) in &self.given {
            command.env(name.as_str(), value.expose());
        }
        pass_on_ignored_pipe(command);
    }
}

/// The command that is to be run.
pub(super) fn command(arguments: &Run) -> Result<Command> {
    let [program, rest @ ..] = arguments.command.as_slice() else {
        return Err(Failure::usage("no command to run").hint("vastenv run -- COMMAND"));
    };
    let mut command = Command::new(program);
    command.args(rest);
    Ok(command)
}

/// The shell with the command, if that is a script without `#!`: every shell runs it, but not every C library.
pub(super) fn script(arguments: &Run, error: &io::Error) -> Option<Command> {
    let file = file(arguments).filter(|_| error.raw_os_error() == Some(Errno::ENOEXEC as i32))?;
    let mut command = Command::new("/bin/sh");
    command.arg(file).args(arguments.command.iter().skip(1));
    Some(command)
}

/// The command's file, if there is one.
fn file(arguments: &Run) -> Option<PathBuf> {
    find_program(arguments.command.first()?, &context::var("PATH").unwrap_or_default())
}

/// Says why the command cannot be started; gives the exit code for that.
pub(super) fn cannot_run(app: &App, arguments: &Run, error: &io::Error) -> ExitCode {
    let (code, why) = not_started(error, file(arguments).as_deref());
    let name = arguments.command.first().map_or_else(Default::default, |name| name.to_string_lossy());
    app.ui.failure(&Failure::failed(format!("cannot run {name}: {why}")));
    ExitCode::from(code)
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

/// What may be secret, by name: every value of the account, and every key of this machine.
pub(super) fn secrets(app: &App, loaded: &Loaded<'_>) -> Vec<(String, Secret)> {
    let known = loaded.known.as_ref();
    let mut secrets = known.map_or(Vec::new(), |(account, known)| all_values(account, known));
    secrets.extend(of_launch(&loaded.environment));
    secrets.extend(of_project(app, &loaded.environment));
    let mut keys = app.machine.saved_keys();
    if let Ok(credential) = app.credential() {
        match app.secret(&credential) {
            Ok(key) => keys.push(key),
            Err(failure) => app.ui.warn(&format!("the API key is not redacted: {}", failure.message())),
        }
    }
    secrets.extend(keys.into_iter().map(|key| (variables::VAST_API_KEY.to_owned(), key)));
    secrets
}

/// What is taken out of the output.
pub(super) fn patterns(app: &App, secrets: &[(String, Secret)]) -> Patterns {
    let too_short: Vec<String> = secrets
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
    Patterns::new(secrets.iter().map(|(_, value)| value.expose()))
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

/// What the project makes of the account's values.
fn of_project(app: &App, environment: &Environment) -> Vec<(String, Secret)> {
    let Some(project) = app.machine.selection.project.in_force() else { return Vec::new() };
    let is_made = |name: &EnvName| project.set.get(name).is_some_and(|text| text.names().next().is_some());
    let made = environment.variables.iter().filter(|(name, _)| is_made(name));
    made.map(|(name, value)| (name.as_str().to_owned(), value.clone())).collect()
}

/// What these arguments take, with their ends and pointers.
fn size(arguments: &[OsString]) -> usize {
    arguments.iter().map(|argument| argument.len() + 9).sum()
}
