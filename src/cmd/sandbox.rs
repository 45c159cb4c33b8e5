//! `vastenv sandbox`: a local fake of the account API, alone or around one command.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Child, Command, ExitCode};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::app::open_machine;
use crate::cli::{self, Global};
use crate::context::{self, variables};
use crate::domain::{Failure, Result, printable};
use crate::environment::Ledger;
use crate::files::reason;
use crate::format::posix_assignment;
use crate::process::{Signals, exit_code, with_users_limits};
use crate::sandbox::{Options, RateLimits, Sandbox};
use crate::shell::LEDGER_VARIABLE;
use crate::ui::Ui;

/// Serves the sandbox until it is interrupted, or until the command ends.
pub fn sandbox(arguments: cli::Sandbox, ui: Ui) -> Result<ExitCode> {
    let options = Options {
        port: arguments.port,
        state: arguments.state,
        mask: arguments.mask,
        latency: Duration::from_millis(arguments.latency),
        rate_limits: arguments.rate_limits.map(|kind| match kind.as_str() {
            "burst" => RateLimits::Burst,
            _ => RateLimits::Strict,
        }),
        record: arguments.record,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot set up the server: {}", reason(&error))))?;
    let _context = runtime.enter();
    let sandbox = Sandbox::bind(&options, context::since_1970)?;
    // From here on an interrupt ends the server in order, or is the command's alone to answer.
    let mut signals = Signals::hear_ends()?;
    let code = if arguments.command.is_empty() {
        announce(&sandbox, ui)?;
        runtime.block_on(sandbox.serve(async { _ = signals.next().await }))?;
        ExitCode::SUCCESS
    } else {
        let home = if arguments.keep_home { None } else { Some(throw_away_home()?) };
        let child = match start(&sandbox, &arguments.command, home.as_ref().map(tempfile::TempDir::path)) {
            Ok(child) => child,
            Err((code, failure)) => {
                ui.failure(&failure);
                return Ok(ExitCode::from(code));
            }
        };
        runtime.block_on(serve_beside(sandbox, child, signals))?
    };
    runtime.shutdown_background();
    Ok(code)
}

fn announce(sandbox: &Sandbox, ui: Ui) -> Result<()> {
    let key = sandbox.api_key();
    if ui.raw {
        let settings = json!({variables::VAST_URL: sandbox.url(), variables::VAST_API_KEY: key.expose()});
        return ui.json(&settings);
    }
    let lines = [(variables::VAST_URL, &*sandbox.url()), (variables::VAST_API_KEY, key.expose())]
        .map(|(name, value)| posix_assignment(name, value.as_bytes()));
    ui.data(&lines.concat())?;
    ui.say("serving until interrupted (Ctrl-C)");
    Ok(())
}

/// A home of its own for the command, so that it neither sees nor changes the user's files.
fn throw_away_home() -> Result<tempfile::TempDir> {
    let made = tempfile::Builder::new().prefix("vastenv-sandbox-").tempdir();
    let home =
        made.map_err(|error| Failure::failed(format!("cannot create a temporary home: {}", reason(&error))))?;
    // Without one, an interactive zsh greets with its set-up questions.
    std::fs::write(home.path().join(".zshrc"), "").map_err(|error| {
        Failure::failed(format!("cannot write into {}: {}", home.path().display(), reason(&error)))
    })?;
    Ok(home)
}

fn start(
    sandbox: &Sandbox,
    words: &[OsString],
    home: Option<&Path>,
) -> std::result::Result<Child, (u8, Failure)> {
    let [program, rest @ ..] = words else {
        return Err((2, Failure::usage("no command to run")));
    };
    let mut command = Command::new(program);
    command.args(rest);
    forget_loaded(&mut command);
    command.env(variables::VAST_URL, sandbox.url()).env(variables::VAST_API_KEY, sandbox.api_key().expose());
    if let Some(home) = home {
        command.env("HOME", home);
        for (name, below) in [
            ("XDG_CONFIG_HOME", ".config"),
            ("XDG_CACHE_HOME", ".cache"),
            ("XDG_DATA_HOME", ".local/share"),
            ("XDG_STATE_HOME", ".local/state"),
        ] {
            command.env(name, home.join(below));
        }
        command.env_remove("ZDOTDIR");
    }
    with_users_limits(|| command.spawn()).map_err(|error| {
        let code = if error.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 };
        (
            code,
            Failure::failed(format!(
                "cannot run {}: {}",
                printable(&program.to_string_lossy()),
                reason(&error)
            )),
        )
    })
}

/// What vastenv loaded from the user's own account has no place beside the sandbox.
fn forget_loaded(command: &mut Command) {
    let Some(text) = context::text_var(LEDGER_VARIABLE) else { return };
    command.env_remove(LEDGER_VARIABLE);
    // A ledger of very many entries rests in a file.
    let machine = context::paths().map(|paths| open_machine(paths, &mut Global::default(), None));
    let ledger = machine.map_or_else(|_| Ledger::decode(&text, |_| None), |machine| machine.ledger(&text));
    for name in ledger.unwrap_or_default().entries.keys() {
        command.env_remove(name.as_str());
    }
}

/// Serves while the command runs. Ctrl-C reaches the command by itself (it shares our terminal);
/// a request to end is passed on to it.
async fn serve_beside(sandbox: Sandbox, mut child: Child, mut signals: Signals) -> Result<ExitCode> {
    let process = i32::try_from(child.id()).map(Pid::from_raw);
    let waiter = tokio::task::spawn_blocking(move || child.wait());
    let mut ended = None;
    let until = async {
        tokio::pin!(waiter);
        loop {
            tokio::select! {
                status = &mut waiter => {
                    ended = Some(status);
                    break;
                }
                signal = signals.next() => {
                    if let (true, Ok(process)) = (signal != Signal::SIGINT, process) {
                        // A command that has ended just now needs no signal.
                        let _ = kill(process, Signal::SIGTERM);
                    }
                }
            }
        }
    };
    sandbox.serve(until).await?;
    match ended {
        Some(Ok(Ok(status))) => Ok(ExitCode::from(exit_code(status))),
        _ => Err(Failure::failed("cannot get the command's exit status")),
    }
}
