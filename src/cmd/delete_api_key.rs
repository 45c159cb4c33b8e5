//! `vastenv delete api-key ID…`.

use std::process::ExitCode;

use super::app::App;
use super::ask::{agree, agree_if_asked};
use super::each::each;
use super::outcome::Outcome;
use crate::account::{Account, InUse};
use crate::cli::KeyIds;
use crate::domain::Result;

/// Deletes the keys one by one; asks first where one of them is the key in use.
pub fn delete_api_key(app: &App, arguments: &KeyIds) -> Outcome<ExitCode> {
    let account = app.account()?;
    if !app.global.yes && !app.global.curl {
        ask_for_key_in_use(app, &account, &arguments.ids)?;
    }
    each(app, &arguments.ids, |id| {
        let reply = app.with_server(account.clone(), async |remote| remote.delete_api_key(id).await)?;
        if app.ui.raw {
            return Ok(app.ui.line(&reply.message)?);
        }
        app.ui.say(&format!("deleted the API key {id}"));
        Ok(())
    })
}

fn ask_for_key_in_use(app: &App, account: &Account<'_>, ids: &[u64]) -> Result<()> {
    let Ok(listed) = app.with_server(account.clone(), async |remote| remote.api_keys().await) else {
        // A key that may delete but not list is believed; the server has the last word.
        return Ok(());
    };
    match account.key_in_use(&listed.keys) {
        InUse::Key(id) if ids.contains(&id) => agree(
            app,
            &format!(
                "The API key {id} is the one in use: without it nothing works until another is set. Delete it?"
            ),
        ),
        InUse::Key(_) => Ok(()),
        // A script that names a key of several means it, as in the official client.
        InUse::OneOf(candidates) => match ids.iter().find(|id| candidates.contains(id)) {
            Some(id) => agree_if_asked(
                app,
                &format!("The API key {id} may be the one in use: the server does not tell. Delete it?"),
            ),
            None => Ok(()),
        },
    }
}
