//! `vastenv forget env-var NAME|--all`: drops remembered values; the account is not asked.

use serde_json::json;

use super::value::checked_name;
use crate::account::{Account, Known};
use crate::cli::ForgetEnvVar;
use crate::cmd::app::App;
use crate::cmd::ask::agree;
use crate::domain::{Failure, Result, count};

/// Forgets the values; open shells follow.
pub(crate) fn forget_env_var(app: &App, arguments: &ForgetEnvVar) -> Result<()> {
    let account = app.account()?;
    if arguments.all {
        return forget_all(app, &account);
    }
    let known = account.remembered()?;
    let mut names = Vec::new();
    for typed in &arguments.names {
        let name = checked_name(typed)?;
        let capitals = name.as_str().to_ascii_uppercase();
        let found = [name.as_str(), &capitals].into_iter().find(|name| known.contains_key(*name));
        names.push(found.unwrap_or(name.as_str()).to_owned());
    }
    for name in &names {
        account.forget(Some(name))?;
        if !app.ui.raw {
            app.ui.say(&format!("forgot the value of {name}{}", consequence(&account, name)));
        }
    }
    report(app, names.len())
}

fn forget_all(app: &App, account: &Account<'_>) -> Result<()> {
    let held = account.remembered()?.len();
    if held == 0 {
        return Err(Failure::failed("no remembered values"));
    }
    agree(app, &format!("forget {} that Vast may not show again?", count(held, "value")))?;
    let forgotten = account.forget(None)?;
    if !app.ui.raw {
        app.ui.say(&format!("forgot {}", count(forgotten, "value")));
    }
    report(app, forgotten)
}

fn report(app: &App, forgotten: usize) -> Result<()> {
    if app.ui.raw { app.ui.json(&json!({"success": true, "forgotten": forgotten})) } else { Ok(()) }
}

/// What shells do now.
fn consequence(account: &Account<'_>, name: &str) -> &'static str {
    let Ok(Known::Variables(known)) = account.known() else { return "" };
    match known.get(name) {
        Some(variable) if variable.shown().is_some() => "; the server shows it, so shells keep it",
        Some(variable) if variable.value.is_some() => "; shells take this container's at their next prompt",
        Some(_) => "; shells drop it at their next prompt",
        None => "",
    }
}
