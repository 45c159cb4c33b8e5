//! `vastenv sandbox`: a local fake of the account API, alone or around one command.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Child, Command, ExitCode};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::sandbox_shell::{install_hook, start_seeding, typed_in};
use crate::cli::{self, Global};
use crate::cmd::app::open_machine;
use crate::context::{self, variables};
use crate::domain::{Failure, Result, Secret, printable};
use crate::environment::Ledger;
use crate::files::reason;
use crate::format::posix_assignment;
use crate::process::{Signals, exit_code, with_users_limits};
use crate::sandbox::{InstanceSeed, Options, RateLimits, Sandbox};
use crate::shell::LEDGER_VARIABLE;
use crate::ui::Ui;

/// Serves the sandbox until it is interrupted, or until the command ends.
pub(crate) fn sandbox(arguments: cli::Sandbox, ui: Ui) -> Result<ExitCode> {
    let options = Options {
        port: arguments.port,
        state: arguments.state,
        instances: arguments.instance.iter().map(|text| InstanceSeed::parse(text)).collect::<Result<_>>()?,
        mask: !arguments.plain,
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
        let guest = Guest::new(&sandbox, home.as_ref().map(tempfile::TempDir::path));
        let seeding = guest.make_at_home(&sandbox, &arguments.command, ui)?;
        runtime.block_on(serve_beside(sandbox, seeding, || guest.start(&arguments.command), signals, ui))?
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

/// Another home for the command, so that it neither sees nor changes the user's files.
fn throw_away_home() -> Result<tempfile::TempDir> {
    let made = tempfile::Builder::new().prefix("vastenv-sandbox-").tempdir();
    let home =
        made.map_err(|error| Failure::failed(format!("cannot create a temporary home: {}", reason(&error))))?;
    // Without these, an interactive zsh asks how to be set up, and fish reads every manual page first.
    let made = std::fs::write(home.path().join(".zshrc"), "")
        .and_then(|()| std::fs::create_dir_all(home.path().join(".local/share/fish/generated_completions")));
    made.map_err(|error| {
        Failure::failed(format!("cannot write into {}: {}", home.path().display(), reason(&error)))
    })?;
    Ok(home)
}

/// What runs beside the sandbox: where its account and its home are.
struct Guest<'h> {
    url: String,
    key: Secret,
    home: Option<&'h Path>,
}

impl<'h> Guest<'h> {
    fn new(sandbox: &Sandbox, home: Option<&'h Path>) -> Self {
        Self { url: sandbox.url(), key: sandbox.api_key().clone(), home }
    }

    fn prepare(&self, command: &mut Command) {
        forget_loaded(command);
        command.env_remove(variables::VASTENV_PROFILE);
        command.env(variables::VAST_URL, &self.url).env(variables::VAST_API_KEY, self.key.expose());
        let Some(home) = self.home else { return };
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

    /// Where the words start a shell to type in: the hook, and something to see. Gives what creates that in
    /// an empty account, once it is served.
    fn make_at_home(&self, sandbox: &Sandbox, words: &[OsString], ui: Ui) -> Result<Option<Child>> {
        let (Some(shell), Some(home)) = (typed_in(words), self.home) else { return Ok(None) };
        install_hook(shell, home)?;
        let seeding = sandbox.is_empty().then(|| start_seeding(|command| self.prepare(command)));
        let seeding = seeding.transpose()?;
        if seeding.is_some() {
            ui.say("a sandbox account with HF_TOKEN, WANDB_API_KEY and GREETING: try `echo $GREETING`");
        }
        ui.say("leave with `exit` or Ctrl-D");
        Ok(seeding)
    }

    fn start(&self, words: &[OsString]) -> std::result::Result<Child, (u8, Failure)> {
        let [program, rest @ ..] = words else {
            return Err((2, Failure::usage("no command to run")));
        };
        let mut command = Command::new(program);
        command.args(rest);
        self.prepare(&mut command);
        if typed_in(words).is_some()
            && let Some(path) = context::path_to_self()
        {
            command.env("PATH", path);
        }
        with_users_limits(|| command.spawn()).map_err(|error| {
            let code = if error.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 };
            let shown = printable(&program.to_string_lossy());
            (code, Failure::failed(format!("cannot run {shown}: {}", reason(&error))))
        })
    }
}

/// What vastenv loaded from the user's own account has no place beside the sandbox.
fn forget_loaded(command: &mut Command) {
    let Some(text) = context::text_var(LEDGER_VARIABLE) else { return };
    command.env_remove(LEDGER_VARIABLE);
    // A ledger of very many entries is kept in a file.
    let machine = context::paths().map(|paths| open_machine(paths, &mut Global::default()));
    let ledger = machine.map_or_else(|_| Ledger::decode(&text, |_| None), |machine| machine.ledger(&text));
    for name in ledger.unwrap_or_default().entries.keys() {
        command.env_remove(name.as_str());
    }
}

/// Serves while the command runs, which starts when `before` has ended. Ctrl-C reaches the command by itself
/// (it shares our terminal); a request to end is passed on to it.
async fn serve_beside(
    sandbox: Sandbox,
    before: Option<Child>,
    start: impl FnOnce() -> std::result::Result<Child, (u8, Failure)>,
    mut signals: Signals,
    ui: Ui,
) -> Result<ExitCode> {
    let mut code = None;
    let until = async {
        if let Some(mut before) = before {
            // What kept it from its work, it has said itself.
            let _ = tokio::task::spawn_blocking(move || before.wait()).await;
        }
        code = Some(match start() {
            Ok(child) => attend(child, &mut signals).await,
            Err((code, failure)) => {
                ui.failure(&failure);
                Ok(ExitCode::from(code))
            }
        });
    };
    sandbox.serve(until).await?;
    code.unwrap_or_else(|| Err(Failure::failed("the command was not run")))
}

/// Waits for the command's end.
async fn attend(mut child: Child, signals: &mut Signals) -> Result<ExitCode> {
    let process = i32::try_from(child.id()).map(Pid::from_raw);
    let mut waiter = tokio::task::spawn_blocking(move || child.wait());
    loop {
        tokio::select! {
            status = &mut waiter => return match status {
                Ok(Ok(status)) => Ok(ExitCode::from(exit_code(status))),
                _ => Err(Failure::failed("cannot get the command's exit status")),
            },
            signal = signals.next() => {
                if let (true, Ok(process)) = (signal != Signal::SIGINT, process) {
                    // A command that has ended just now needs no signal.
                    let _ = kill(process, Signal::SIGTERM);
                }
            }
        }
    }
}
