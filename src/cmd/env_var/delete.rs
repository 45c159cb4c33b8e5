//! `vastenv delete env-var NAME…`: takes variables out of the account.

use std::process::ExitCode;

use super::value::{DELETED, checked_name, report};
use crate::account::{Account, Keeping, Known, Urgency};
use crate::cli::Names;
use crate::cmd::app::App;
use crate::cmd::each::each;
use crate::cmd::outcome::Outcome;
use crate::domain::EnvName;

/// Sends the deletions one by one, and lets every open shell follow.
pub(crate) fn delete_env_var(app: &App, arguments: &Names) -> Outcome<ExitCode> {
    let account = app.account()?;
    check_names(app, &account, &arguments.names)?;
    each(app, &arguments.names, |name| {
        let deleted = app.with_server(account.clone(), async |remote| remote.delete(name).await)?;
        report(app, DELETED, name, &deleted, Keeping::Nowhere)?;
        // A name that no shell accepts can only come from elsewhere.
        if !app.ui.raw && EnvName::parse(&deleted.name).is_ok() {
            let command = format!("vastenv create env-var {}", deleted.name);
            if deleted.remembered {
                app.ui.say(&format!("restore it within 30 days: {command} --remembered"));
            } else {
                app.ui.say(&format!("restore it: {command}"));
            }
        }
        Ok(())
    })
}

/// A name that no shell takes is one if the account lists it; else it may be a value in the wrong place,
/// and is not sent.
fn check_names(app: &App, account: &Account<'_>, names: &[String]) -> Outcome<()> {
    let mut odd: Vec<&String> = names.iter().filter(|name| EnvName::parse(name).is_err()).collect();
    if let Ok(Known::Variables(known)) = account.known() {
        odd.retain(|name| known.get(name).is_none());
    }
    if !odd.is_empty() && !app.global.curl {
        let known = app.fetch(account.clone(), Urgency::Asked)?.known;
        odd.retain(|name| known.get(name).is_none());
    }
    let Some(name) = odd.first() else { return Ok(()) };
    let checked = checked_name(name).map(drop);
    Ok(checked.map_err(|failure| failure.hint("list the names: vastenv show env-vars"))?)
}
