//! `vastenv run --on DEST|ID -- CMD`: the command runs there, with the variables, which arrive on its stdin
//! before its own input.

use std::process::ExitCode;
use std::sync::Arc;

use super::there::{not_for_ssh, not_run, not_started, target};
use crate::cli::Run;
use crate::cmd::app::App;
use crate::cmd::outcome::Outcome;
use crate::context;
use crate::domain::{EnvName, Failure, Result, Secret};
use crate::environment::Environment;
use crate::files::reason;
use crate::process::{Finished, Handshake, Streams, Trouble, run_filtered};
use crate::redact::Patterns;
use crate::ssh::{self, Token, greeting, header, run_script};

/// Runs the command at `there` to its end.
pub(crate) fn run_on(
    app: &App,
    there: &str,
    arguments: &Run,
    environment: &Environment,
    patterns: Option<Arc<Patterns>>,
) -> Outcome<ExitCode> {
    let target = target(app, there, &arguments.ssh)?;
    let token = Token::new()?;
    let key = if arguments.with_api_key { api_key(app)? } else { Vec::new() };
    let account = environment.variables.iter();
    let variables = account.chain(key.iter().map(|(name, value)| (name, value)));
    let answer = header(&token, variables, arguments.preserve_env, &arguments.command);
    let [stdin, stdout, stderr] = context::streams()
        .map_err(|error| Failure::failed(format!("cannot share the standard streams: {}", reason(&error))))?;
    let streams = Streams { stdin, stdout, stderr };
    let terminal = streams.are_a_terminal();
    let own = not_for_ssh(app, environment);
    let secret = own.iter().chain(key.iter().map(|(name, _)| name));
    let command = target.command(terminal, &run_script(&token, terminal), secret);
    let handshake = Handshake { greeting: greeting(&token), answer };
    let nothing = || Arc::new(Patterns::new([]));
    match run_filtered(command, &patterns.unwrap_or_else(nothing), streams, Some(handshake)) {
        Ok(Finished { code, lost, instead }) => {
            if let Some(printed) = instead {
                app.ui.failure(&not_run(&target, ssh::trouble(code, &printed)));
                return Ok(ExitCode::from(code.max(1)));
            }
            if let Some(error) = lost {
                app.ui.warn(&format!("the command's output was cut off: {}", reason(&error)));
            }
            Ok(ExitCode::from(code))
        }
        Err(Trouble::NotStarted(error)) => Err(not_started(&error).into()),
        Err(Trouble::Surroundings(what, error)) => {
            Err(Failure::failed(format!("{what}: {}", reason(&error))).into())
        }
    }
}

/// The key and the server that it is meant for, as variables.
pub(super) fn api_key(app: &App) -> Result<Vec<(EnvName, Secret)>> {
    Ok(app
        .key_variables()?
        .into_iter()
        .filter_map(|(name, value)| Some((EnvName::parse(name).ok()?, value)))
        .collect())
}
