//! What is known of the account, asked for where nothing is.

use std::time::Duration;

use crate::account::{Account, Known, Refreshed, Urgency};
use crate::cmd::app::{App, CallOptions};
use crate::cmd::background;
use crate::cmd::outcome::{Outcome, Stop};
use crate::domain::{Failure, Kind, Result, format_duration};
use crate::environment::{Environment, KnownVariables};

/// What to do about a snapshot that is older than it should be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WhenOld {
    /// Take it, and let a process in the background ask the server.
    RefreshBehind,
    /// Ask the server first, and take the old one if no answer comes within this time.
    RefreshWithin(Duration),
}

/// Names the variables that a program cannot be given beside the others.
pub(crate) fn warn_of_unfit(app: &App, environment: &Environment) {
    if let Some(notice) = environment.unfit_notice() {
        app.ui.warn_of(&notice);
    }
}

/// What is known of the account. Where nothing is, the server is asked for up to `wait`.
pub(crate) fn known(
    app: &App,
    account: &Account<'_>,
    wait: Duration,
    when_old: WhenOld,
) -> Outcome<KnownVariables> {
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
        Ok(Known::Refused(_)) => Err(account.refusal().into()),
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
pub(crate) fn whole(app: &App, known: KnownVariables) -> Result<KnownVariables> {
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
