//! vastenv brings the environment variables of a Vast.ai account to the user's own shell.
//!
//! # Layers
//!
//! A row may use the rows above it, and inside `account`, `sealing` and `store` a module those before it;
//! `tests/it/architecture.rs` checks that.
//!
//! | layer | modules | job |
//! |---|---|---|
//! | words | [`domain`] | validated types; no I/O |
//! | decisions | [`environment`], [`dotenv`], [`redact`], [`project`] | what a shell holds, and what a file is to an account; what output may not hold; what a project file says; no I/O |
//! | texts | [`shell`], [`format`](mod@format) | how that is written; one file a shell, one a format; no I/O |
//! | files | [`files`] | private files, slots and locks: the one place that writes |
//! | sealing | [`sealing`] | sealed files, the keys in the keyring that open them, and the change from and to plain files |
//! | edges | [`config`], [`credentials`], [`api`], [`store`], [`keypair`], [`bundle`], [`sandbox`], [`process`], [`container`], [`ssh`] | one outside thing each; they do not know each other, but that credentials read config |
//! | account | [`account`] | the only place that joins API and store |
//! | surroundings | [`context`], [`ui`], [`cli`], [`complete`] | environment, clock, terminal; the types of the command line; what a TAB wants |
//! | commands | [`cmd`] | arguments in, account asked, text out; one file each |
//! | program | [`error`], this file, `main.rs` | |
//!
//! # Data flow
//!
//! ```text
//! Selection ─→ Account ─┬─ snapshot (cache) ───┬─→ overlay ─→ assemble ─→ resolve ─→ Environment ─→ diff ─→ [Change] ─→ render ─→ stdout
//! (flag, environment,   ├─ remembered values ──┤  (provenance) (project, (name rules)  (× ledger × the shell's own variables)
//! files, project)       ├─ container's launch ─┘                flags)
//!                       └─ Vast API ─→ the first two
//! ```
//!
//! A snapshot is the server's words only; `overlay` alone decides which value a variable has here, and
//! `assemble` which there are and what they are called. A shell's view of that is smaller than a program's:
//! `run_only`, `scope` and a project's `load` take away from shells alone. Reading is pure from there to `render`. The hot command (`export SHELL --hook …`, as the hook
//! calls it) is matched by hand before clap, reads files only (and keys from the keyring, where the user
//! wants files sealed), and never starts an async runtime.
//! Changing goes the other way: a command calls the API, remembers what was sent, patches the snapshot,
//! and publishes the next generation, so that every open shell follows at its next prompt.
//!
//! # The hook's protocol
//!
//! `shell/vastenv.*` explain what a prompt compares. When something differs, the hook obeys what
//! `vastenv export SHELL --hook=VERSION PID MODE TOLD UNEXPORTED KEPT TAKEN` prints: names to check, the
//! variables and the ledger, then the guard, which is code that compares what this state depends on.
//! The guard names the project file that is nearest: where only the folder changed, the hook walks upwards by
//! builtins, and starts nothing if it finds the same one.
//! bash evals lines of ASCII; zsh and fish take fields that end in NUL, so that values are never words of
//! commands. `__vastenv_done` comes last: a reply without it, or none at all, means "change nothing". A
//! hook of another version is answered with the text of this one.
//!
//! # TAB
//!
//! The scripts in `completions/` ask the hidden `vastenv __complete` what can stand at the cursor. It
//! is matched by hand too, reads files only, and is silent whatever is wrong; [`complete`] says more.

#![warn(
    clippy::exit,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used
)]

mod account;
mod api;
mod bundle;
pub mod cli;
mod cmd;
pub mod complete;
mod config;
mod container;
pub mod context;
mod credentials;
pub mod domain;
pub mod dotenv;
pub mod environment;
mod error;
mod files;
pub mod format;
mod keypair;
mod process;
pub mod project;
mod redact;
pub mod sandbox;
pub mod sealing;
pub mod shell;
mod ssh;
mod store;
mod ui;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;

use crate::cmd::HookCall;
use crate::ui::Ui;

/// Does what the arguments (the program's name first) say.
pub fn run(arguments: &[OsString]) -> ExitCode {
    keep_secrets_in();
    if let Some(home) = context::home() {
        files::protect_home(home);
    }
    if let Some(code) = run_hot(arguments) {
        return code;
    }
    match cli::parse(arguments) {
        Ok(cli) => {
            let ui = Ui::new(cli.global.raw, cli.global.quiet, cli.global.no_color);
            cmd::dispatch(cli, ui).unwrap_or_else(|failure| error::report(&failure, ui))
        }
        Err(refused) => refuse(&refused, arguments),
    }
}

/// Before anything secret is read: no core dump holds it, and no panic's message quotes it.
fn keep_secrets_in() {
    process::forbid_core_dumps();
    std::panic::set_hook(Box::new(|panic| {
        process::restore_terminal();
        ui::internal_error(panic.location());
    }));
}

/// The end of a command line that clap does not run: a help text, or a usage error.
fn refuse(refused: &clap::Error, arguments: &[OsString]) -> ExitCode {
    let given = |wanted: &str| arguments.iter().take_while(|word| *word != "--").any(|word| word == wanted);
    let ui = Ui::new(given("--raw") || given("--json"), false, given("--no-color"));
    match refused.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => cmd::print_help(&refused.render(), ui)
            .map_or_else(|failure| error::report(&failure, ui), |()| ExitCode::SUCCESS),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !ui.raw => {
            let text = refused.render();
            ui.usage(&if ui.color { text.ansi().to_string() } else { text.to_string() });
            ExitCode::from(error::USAGE)
        }
        _ => {
            let words: Vec<String> =
                arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
            error::report(&error::usage(refused, &words), ui)
        }
    }
}

/// What a shell's prompt and start wait for, matched without clap.
fn run_hot(arguments: &[OsString]) -> Option<ExitCode> {
    if arguments.get(1).is_some_and(|word| word == cmd::COMPLETE) {
        // Nobody at a TAB wants to hear of a failure, not even that of printing.
        let offer = cmd::complete(&arguments[2..]).unwrap_or_default();
        let _ = Ui::default().data(offer.as_bytes());
        return Some(ExitCode::SUCCESS);
    }
    let words: Vec<&str> = arguments.iter().skip(1).map(|word| word.to_str()).collect::<Option<_>>()?;
    let ui = Ui::default();
    let done = match words.as_slice() {
        ["export", shell, hook, rest @ ..] if hook.starts_with("--hook") => {
            // The hook of another version passes other words: no reply makes it change nothing.
            let Some(call) = hook_call(shell, hook, rest) else { return Some(ExitCode::FAILURE) };
            cmd::reply_to_hook(&call, Ui::new(false, false, false))
        }
        ["export", format] if format::find(format).is_some() => {
            cmd::export_at_once(format, Ui::new(false, false, false))
        }
        ["hook", shell] if shell::parse(shell).is_some() => cmd::print_hook(shell, ui),
        [cmd::BACKGROUND_REFRESH, list @ ..] => {
            // Nobody is there to hear of a failure; the back-off remembers it.
            return Some(
                cmd::background_refresh(list.first().copied())
                    .map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS),
            );
        }
        [process::GUARDIAN] => cmd::guard(),
        _ => return None,
    };
    Some(done.map_or_else(|failure| error::report(&failure, ui), |()| ExitCode::SUCCESS))
}

/// What a hook passes: `--hook=VERSION PID MODE TOLD UNEXPORTED KEPT TAKEN`. A mode is `start` or `prompt`, and
/// `,seconds` where the shell compares times in whole seconds.
fn hook_call<'a>(shell: &str, hook: &'a str, rest: &[&'a str]) -> Option<HookCall<'a>> {
    let [pid, mode, told, unexported, kept, taken] = rest else { return None };
    let mode: Vec<&str> = mode.split(',').collect();
    Some(HookCall {
        shell: shell::parse(shell)?,
        version: hook.strip_prefix("--hook=").unwrap_or_default(),
        pid: pid.parse().ok()?,
        starting: mode.contains(&"start"),
        whole_seconds: mode.contains(&"seconds"),
        told,
        unexported,
        kept,
        taken,
    })
}
