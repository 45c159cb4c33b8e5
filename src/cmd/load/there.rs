//! The other machine: a destination as `ssh` takes it, or an instance of the account.

use std::process::Command;

use crate::cli::SshOptions;
use crate::cmd::app::App;
use crate::cmd::outcome::Outcome;
use crate::cmd::this_shell::ThisShell;
use crate::context;
use crate::domain::{EnvName, Failure, RUNNING, Result, printable_capped};
use crate::environment::{Environment, Launch};
use crate::files::reason;
use crate::process::{self, capture};
use crate::ssh::{self, ReadError, Target, Token, parse_container, read_script};

/// Where `given` leads: all digits are an instance's ID.
pub(crate) fn target(app: &App, given: &str, options: &SshOptions) -> Outcome<Target> {
    match given.parse() {
        Ok(id) => instance(app, id, options),
        Err(_) => Ok(Target::new(given, &options.options)?),
    }
}

/// The way in to an instance, as the server knows it now.
pub(crate) fn instance(app: &App, id: u64, options: &SshOptions) -> Outcome<Target> {
    let account = app.account()?;
    let instance = app.with_server(account, async |remote| remote.instance(id).await)?;
    match (&instance.ssh, instance.status.as_deref()) {
        (_, Some(status)) if status != RUNNING => {
            let status = printable_capped(status, 40);
            Err(Failure::failed(format!("instance {id} is not running ({status})"))
                .hint(format!("vastai start instance {id}"))
                .into())
        }
        (None, _) => Err(Failure::failed(format!("instance {id} has no SSH address"))
            .hint("it may be starting still, or launched without SSH")
            .into()),
        (Some(address), _) => Ok(Target::new(&address.to_string(), &options.options)?),
    }
}

/// What vastenv gives to a program or has given to this shell, and `ssh` has no use for.
pub(crate) fn not_for_ssh(app: &App, environment: &Environment) -> Vec<EnvName> {
    let loaded = ThisShell::ledger(&app.machine).map(|ledger| ledger.entries).unwrap_or_default();
    environment.variables.keys().cloned().chain(loaded.into_keys()).collect()
}

/// The environment that the container was launched with at `target`.
pub(crate) fn launch_environment(target: &Target, environment: &[EnvName]) -> Result<Launch> {
    let token = Token::new()?;
    let command: Command = target.command(false, &read_script(&token), environment);
    let [_, _, stderr] = context::streams().map_err(|error| not_started(&error))?;
    let captured = capture(command, stderr).map_err(|trouble| match trouble {
        process::Trouble::NotStarted(error) => not_started(&error),
        process::Trouble::Surroundings(what, error) => Failure::failed(format!("{what}: {}", reason(&error))),
    })?;
    let there = target.destination();
    parse_container(&captured.output, &token).map_err(|error| match error {
        ReadError::NotRun => {
            let printed = [&captured.output[..], &captured.messages].concat();
            not_run(target, ssh::trouble(captured.code, &printed))
        }
        ReadError::Garbled => {
            Failure::failed(format!("{there}: the answer was cut off or mixed with other output"))
                .hint("try again; if it stays so, see what its start-up files print in the background")
        }
        ReadError::Forbidden { user } => {
            Failure::failed(format!("{there}: {user} may not read the environment of process 1"))
                .hint("log in as root, or as a user whose `sudo -n cat` works")
        }
        ReadError::NoContainer { process } => Failure::failed(format!(
            "{there}: no process there has a Vast container's environment (process 1 is {process})"
        ))
        .hint("a VM or another machine has none: enter the values with `vastenv remember env-var --all`"),
    })
}

/// `ssh` itself cannot be had.
pub(crate) fn not_started(error: &std::io::Error) -> Failure {
    let failure = Failure::failed(format!("cannot run {}: {}", ssh::PROGRAM, reason(error)));
    if error.kind() == std::io::ErrorKind::NotFound {
        return Failure::failed(format!("cannot run {}: not found", ssh::PROGRAM))
            .hint("install the OpenSSH client");
    }
    failure
}

/// Nothing ran there. What `ssh` itself said stands above.
pub(crate) fn not_run(target: &Target, trouble: ssh::Trouble) -> Failure {
    let (there, by_hand) = (target.destination(), target.by_hand());
    match trouble {
        ssh::Trouble::NotAdmitted => Failure::failed(format!("{there} does not accept your SSH key")).hint(
            "an instance has the keys of the day it was created: `vastai attach ssh ID KEY` adds one, \
             `vastenv show ssh-keys` lists them",
        ),
        ssh::Trouble::UnknownHost => Failure::failed(format!("{there}: its host key is not trusted"))
            .hint(format!("log in once by hand and look at the key: {by_hand}")),
        ssh::Trouble::NotConnected => Failure::failed(format!("cannot reach {there} with ssh"))
            .hint(format!("try it by hand: {by_hand} true")),
        ssh::Trouble::Ended { signal } => {
            Failure::failed(format!("{there}: ssh was ended by signal {signal} before anything ran there"))
        }
        ssh::Trouble::Tmux => Failure::failed(format!("{there}: the login starts tmux and nothing else"))
            .hint(format!("log in and switch that off: {by_hand}, then touch ~/.no_auto_tmux")),
        ssh::Trouble::NotRun(code) => {
            Failure::failed(format!("{there}: the login runs no commands (ssh ended with {code})"))
                .hint(format!("it may have a forced command or an unusual shell: {by_hand} true"))
        }
    }
}
