//! `vastenv delete api-key ID…`.

use std::process::ExitCode;

use crate::account::{Account, InUse};
use crate::cli::KeyIds;
use crate::cmd::app::App;
use crate::cmd::ask::agree;
use crate::cmd::each::each;
use crate::cmd::outcome::Outcome;

/// Deletes the keys one by one; asks first where one of them is, or may be, the key in use.
pub(crate) fn delete_api_key(app: &App, arguments: &KeyIds) -> Outcome<ExitCode> {
    let account = app.account()?;
    if !app.global.yes && !app.global.curl {
        ask_for_key_in_use(app, &account, &arguments.ids)?;
    }
    each(app, &arguments.ids, |&id| {
        let reply = app.with_server(account.clone(), async |remote| remote.delete_api_key(id).await)?;
        if app.ui.raw {
            return Ok(app.ui.line(&reply.message)?);
        }
        app.ui.say(&format!("deleted the API key {id}"));
        Ok(())
    })
}

fn ask_for_key_in_use(app: &App, account: &Account<'_>, ids: &[u64]) -> Outcome<()> {
    let in_use = account.in_use();
    let first = |wanted| ids.iter().find(|id| in_use(**id) == wanted);
    let question = if let Some(id) = first(InUse::Yes) {
        format!("The API key {id} is the one in use: nothing works until another is set. Delete it?")
    } else if let Some(id) = first(InUse::Perhaps) {
        format!("The API key {id} may be the one in use. Delete it?")
    } else {
        return Ok(());
    };
    Ok(agree(app, &question)?)
}
