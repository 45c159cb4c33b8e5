//! `vastenv delete env-var NAME`: takes a variable out of the account.

use super::app::App;
use super::outcome::Outcome;
use super::value::{DELETED, checked_name, report};
use crate::cli::NameOnly;

/// Sends the deletion, and lets every open shell follow.
pub fn delete_env_var(app: &App, arguments: &NameOnly) -> Outcome<()> {
    let name = checked_name(&arguments.name)?;
    let account = app.account()?;
    let deleted = app.with_server(account, async |remote| remote.delete(&name).await)?;
    report(app, DELETED, &name, &deleted)?;
    if !app.ui.raw {
        let command = format!("vastenv create env-var {}", deleted.name);
        if deleted.remembered {
            app.ui.say(&format!("bring it back within 30 days: {command} --remembered"));
        } else {
            app.ui.say(&format!("bring it back: {command}"));
        }
    }
    Ok(())
}
