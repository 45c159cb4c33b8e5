//! `vastenv export FORMAT`: the variables for a shell or a program to read.

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use zeroize::Zeroizing;

use super::export_age::Sealing;
use super::known::WhenOld;
use super::loading::{Loaded, Loading, load};
use crate::cli::{Export, Global};
use crate::cmd::app::App;
use crate::cmd::dotenv_file::is_stdin;
use crate::cmd::guard;
use crate::cmd::outcome::{Outcome, Stop, finish};
use crate::domain::{EnvName, Failure, Result, count};
use crate::environment::Environment;
use crate::files::write_secret;
use crate::format;
use crate::shell;
use crate::ui::Ui;

/// How long a hand-typed call waits for the server where nothing is known yet, in seconds.
const DEFAULT_WAIT: u64 = 10;

/// Prints the variables; where that fails, what tells the reader so.
pub(crate) fn export(app: impl FnOnce() -> Result<App>, arguments: &Export, ui: Ui) -> Outcome<()> {
    let done = app().map_err(Stop::from).and_then(|app| print(&app, arguments));
    if let (Err(Stop::Failed(_)), None, Some(format)) =
        (&done, &arguments.output, format::find(&arguments.format))
    {
        ui.data(format.failure())?;
    }
    done
}

/// Prints the variables from what is known; asks the server only where nothing is, and no longer
/// than `--wait` says.
fn print(app: &App, arguments: &Export) -> Outcome<()> {
    let sealing = Sealing::wanted(app, arguments)?;
    let output = arguments.output.as_deref().filter(|path| !is_stdin(path));
    if sealing.is_none() && output.is_none() {
        guard::values(app)?;
    }
    let is_sealed = sealing.is_some();
    let loading = Loading {
        filters: &arguments.filters,
        allow_missing: arguments.allow_missing,
        wait: Duration::from_secs(arguments.wait),
        when_old: WhenOld::RefreshBehind,
        is_here: !is_sealed,
        keeps_own: is_for_shells(&arguments.format),
        arguments: 0,
    };
    // Before anything is read: what changes from here on is seen.
    let watch = watch(app, &arguments.format);
    let Loaded { environment, known, .. } = load(app, &loading)?;
    let (text, done) = match sealing {
        Some(sealing) => {
            let account = known.map_or_else(|| app.account(), |(account, _)| Ok(account))?;
            sealing.seal(app, &account, &environment)?
        }
        None => rendered(app, &arguments.format, watch, &environment)?,
    };
    let text = Zeroizing::new(text);
    if let Some(path) = output {
        return Ok(write(app, path, &text, &done, &environment)?);
    }
    app.ui.data(&text)?;
    if is_sealed {
        app.ui.say(&done);
    }
    Ok(())
}

/// Whether a shell evals it, which may have values of its own.
fn is_for_shells(format: &str) -> bool {
    format == "sh" || shell::parse(format).is_some()
}

fn write(app: &App, path: &Path, text: &[u8], done: &str, environment: &Environment) -> Result<()> {
    write_secret(path, text)?;
    if app.ui.raw {
        let names: Vec<&str> = environment.variables.keys().map(EnvName::as_str).collect();
        let path = path.to_string_lossy();
        return app.ui.json(&json!({"success": true, "output": path, "variables": names}));
    }
    app.ui.say(&format!("{}: {done}", path.display()));
    Ok(())
}

/// What makes the reader of a format that follows read again, unless nothing can be watched here.
fn watch(app: &App, format: &str) -> Vec<u8> {
    let Some(lines) = format::find(format).and_then(|format| format.watch()) else { return Vec::new() };
    let files: Vec<_> = app.machine.selection.watched_files().cloned().collect();
    app.machine.generation().map_or_else(|_| Vec::new(), |generation| lines(&generation, &files))
}

/// The variables in a format that is not sealed after `first`, and what is said of a file of them.
fn rendered(app: &App, format: &str, first: Vec<u8>, environment: &Environment) -> Result<(Vec<u8>, String)> {
    let format = format::find(format).ok_or_else(|| Failure::usage("unknown format"))?;
    if let Some(warning) = format.warning(&environment.variables) {
        app.ui.warn(&warning);
    }
    let done = format!("wrote {}", count(environment.variables.len(), "variable"));
    let lines = Zeroizing::new(format.render(&environment.variables)?);
    Ok(([first.as_slice(), &lines].concat(), done))
}

/// `export` as typed without any option: what scripts and shells call most, kept free of clap.
pub(crate) fn export_at_once(format: &str, ui: Ui) -> Result<()> {
    let arguments = Export { format: format.to_owned(), wait: DEFAULT_WAIT, ..Export::default() };
    finish(export(|| App::new(Global::default(), ui), &arguments, ui))
}
