//! `vastenv export FORMAT`: the variables for a shell or a program to read.

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use zeroize::Zeroizing;

use super::app::{App, CallOptions};
use super::dotenv_file::is_stdin;
use super::export_age::Sealing;
use super::load::{Loaded, Loading, load};
use super::outcome::{Outcome, Stop, finish};
use super::{background, guard};
use crate::account::{Account, Known, Refreshed, Urgency};
use crate::cli::{Export, Global};
use crate::domain::{EnvName, Failure, Kind, Result, count, format_duration};
use crate::environment::{Environment, KnownVariables};
use crate::files::write_secret;
use crate::format;
use crate::ui::Ui;

/// How long a hand-typed call waits for the server where nothing is known yet, in seconds.
const DEFAULT_WAIT: u64 = 10;

/// What to do about a snapshot that is older than it should be.
#[derive(Clone, Copy, Debug)]
pub enum WhenOld {
    /// Take it, and let a process in the background ask the server.
    RefreshBehind,
    /// Ask the server first, and take the old one if no answer comes within this time.
    RefreshWithin(Duration),
}

/// Prints the variables from what is known; asks the server only where nothing is, and no longer
/// than `--wait` says.
pub fn export(app: &App, arguments: &Export) -> Outcome<()> {
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
        arguments: 0,
    };
    let Loaded { environment, known } = load(app, &loading)?;
    let (text, done) = match sealing {
        Some(sealing) => {
            let account = known.map_or_else(|| app.account(), |(account, _)| Ok(account))?;
            sealing.seal(app, &account, &environment)?
        }
        None => rendered(app, &arguments.format, &environment)?,
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

/// The variables in a format that is not sealed, and what is said of a file of them.
fn rendered(app: &App, format: &str, environment: &Environment) -> Result<(Vec<u8>, String)> {
    let format = format::find(format).ok_or_else(|| Failure::usage("unknown format"))?;
    if let Some(warning) = format.warning(&environment.variables) {
        app.ui.warn(&warning);
    }
    let done = format!("wrote {}", count(environment.variables.len(), "variable"));
    Ok((format.render(&environment.variables)?, done))
}

/// Names the variables that a program cannot be given beside the others.
pub fn warn_of_unfit(app: &App, environment: &Environment) {
    if let Some(notice) = environment.unfit_notice() {
        app.ui.warn_of(&notice);
    }
}

/// `export` as typed without any option: what scripts and shells call most, kept free of clap.
pub fn export_at_once(format: &str, ui: Ui) -> Result<()> {
    let app = App::new(Global::default(), ui)?;
    let exported =
        export(&app, &Export { format: format.to_owned(), wait: DEFAULT_WAIT, ..Export::default() });
    finish(exported)
}

/// What is known of the account. Where nothing is, the server is asked for up to `wait`.
pub fn known(app: &App, account: &Account<'_>, wait: Duration, when_old: WhenOld) -> Outcome<KnownVariables> {
    if app.global.curl {
        return app.fetch(account.clone(), Urgency::Needed).map(|refreshed| refreshed.known);
    }
    let known = account.known();
    app.warn_of_notes();
    match known {
        Ok(Known::Variables(known)) if account.is_fresh(&known) => Ok(*known),
        Ok(Known::Variables(known)) => match when_old {
            WhenOld::RefreshBehind => {
                if account.may_refresh() {
                    background::start(&app.machine.selection);
                }
                Ok(*known)
            }
            WhenOld::RefreshWithin(limit) => newer(app, account, *known, limit),
        },
        Ok(Known::Refused(_)) => {
            let credential = &account.credential;
            Err(Failure::new(
                Kind::NotAuthenticated,
                format!("the server refused the key {} from {}", credential.key.suffix(), credential.source),
            )
            .hint(format!("{}, or try again with `vastenv refresh`", credential.source.mend()))
            .into())
        }
        Ok(Known::Nothing) => first(app, account, wait),
        // Where the server cannot make up for it, the failure comes back.
        Err(failure) => match first(app, account, wait) {
            Ok(known) => {
                app.ui.warn_of(&failure);
                Ok(known)
            }
            Err(stop) => {
                if !matches!(&stop, Stop::Failed(other) if *other == failure) {
                    app.ui.warn_of(&failure);
                }
                Err(stop)
            }
        },
    }
}

/// `known`, if it holds every value that is remembered here. Values that are lost are told of and not
/// waited for.
///
/// # Errors
/// Values are remembered that cannot be read at this moment.
pub fn whole(app: &App, known: KnownVariables) -> Result<KnownVariables> {
    match &known.unread {
        Some(failure) if failure.kind() == Kind::Unavailable => Err(failure.clone()),
        Some(lost) => {
            app.ui.warn_of(lost);
            Ok(known)
        }
        None => Ok(known),
    }
}

/// The server's first answer.
fn first(app: &App, account: &Account<'_>, wait: Duration) -> Outcome<KnownVariables> {
    if wait.is_zero() {
        background::start(&app.machine.selection);
        return Err(Failure::unavailable(
            "nothing is cached for the account yet; asking the server in the background",
        )
        .hint("try again in a moment, or give --wait 10")
        .into());
    }
    let refreshed =
        app.with_server(account.clone(), async |remote| remote.refresh_within(Urgency::Needed, wait).await)?;
    let refreshed = refreshed.ok_or_else(|| Failure::unavailable("could not ask the server"))?;
    Ok(refreshed.known)
}

/// What is newer than `old`, or `old` with a warning; but a key that is refused now opens
/// nothing any more.
fn newer(app: &App, account: &Account<'_>, old: KnownVariables, limit: Duration) -> Outcome<KnownVariables> {
    let waits = account.backoff().filter(|backoff| backoff.wait(account.now()) > 0);
    let asked = if let Some(backoff) = waits {
        Err(Failure::unavailable(backoff.reason).into())
    } else {
        let once = CallOptions { tries: 1, ..app.call_options(false) };
        app.with_server_as(account.clone(), once, async |remote| {
            remote.refresh_within(Urgency::Needed, limit).await
        })
    };
    match asked {
        Ok(Some(Refreshed { known, .. })) => Ok(known),
        Ok(None) => Ok(old),
        Err(Stop::Failed(failure)) if failure.exit_code() != 4 => {
            let when = match account.age(&old) {
                Some(age) => format!("{} ago", format_duration(age)),
                None => "at an unknown time".to_owned(),
            };
            app.ui.warn(&format!("{}; running with the variables cached {when}", failure.message()));
            Ok(old)
        }
        Err(stop) => Err(stop),
    }
}
