//! `vastenv export FORMAT`: the variables for a shell or a program to read.

use std::time::Duration;

use super::app::App;
use super::background;
use crate::account::{Account, Known, Snapshot, Urgency};
use crate::cli::{Export, Global};
use crate::domain::{Failure, Kind, Result, format_duration};
use crate::shell::{Format, export_text};
use crate::ui::Ui;

/// How long a hand-typed call waits for the server where nothing is known yet, in seconds.
const DEFAULT_WAIT: u64 = 10;

/// Prints the variables from what is known; asks the server only where nothing is, and no longer
/// than `--wait` says.
pub fn export(app: &App, arguments: &Export) -> Result<()> {
    let format = Format::parse(&arguments.format).ok_or_else(|| {
        Failure::usage("unknown format").hint(format!("one of {}", Format::NAMES.join(", ")))
    })?;
    let account = app.account()?;
    let snapshot = snapshot(app, &account, Duration::from_secs(arguments.wait))?;
    let environment = account.environment(&snapshot);
    app.ui.data(&export_text(format, &environment.variables))
}

/// [`export`] as typed without any option: what scripts and shells call most, kept free of clap.
///
/// # Errors
/// As [`export`].
pub fn export_at_once(format: &str, ui: Ui) -> Result<()> {
    let app = App::new(Global::default(), ui)?;
    export(&app, &Export { format: format.to_owned(), wait: DEFAULT_WAIT })
}

/// What is known of the account, however old; a stale one is refreshed in the background.
pub fn snapshot(app: &App, account: &Account<'_>, wait: Duration) -> Result<Snapshot> {
    let known = account.known();
    for note in app.store.take_notes() {
        app.ui.warn(&note);
    }
    match known {
        Ok(Known::Snapshot(snapshot)) => {
            if !account.is_fresh(&snapshot) && account.may_refresh() {
                background::start();
            }
            Ok(*snapshot)
        }
        Ok(Known::Refused(_)) => {
            let credential = &account.credential;
            Err(Failure::new(
                Kind::NotAuthenticated,
                format!("the server refused the key {} from {}", credential.key.suffix(), credential.source),
            )
            .hint("save another one with `vastenv set api-key`, or try again with `vastenv refresh`"))
        }
        Ok(Known::Nothing) => fetch(app, account, wait),
        Err(failure) => {
            app.ui.warn(failure.message());
            fetch(app, account, wait)
        }
    }
}

fn fetch(app: &App, account: &Account<'_>, wait: Duration) -> Result<Snapshot> {
    if wait.is_zero() {
        background::start();
        return Err(Failure::unavailable("nothing is known of the account yet; the server is being asked")
            .hint("try again in a moment, or give --wait 10"));
    }
    let refreshed = app.with_server(account.clone(), "asking the server", false, async |remote| {
        tokio::time::timeout(wait, remote.refresh(Urgency::Needed)).await.unwrap_or_else(|_| {
            let waited = format_duration(wait.as_secs());
            Err(Failure::unavailable(format!(
                "{} did not answer within {waited}",
                remote.account.server.host()
            ))
            .hint("give it longer with --wait"))
        })
    })?;
    refreshed
        .map(|refreshed| refreshed.snapshot)
        .ok_or_else(|| Failure::unavailable("the server was not asked"))
}
