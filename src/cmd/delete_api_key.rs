//! `vastenv delete api-key ID…`.

use std::process::ExitCode;

use super::app::App;
use super::ask::agree;
use super::each::each;
use super::outcome::Outcome;
use crate::account::{Account, InUse};
use crate::cli::KeyIds;
use crate::domain::Kind;

/// Deletes the keys one by one; asks first where one of them is, or may be, the key in use.
pub fn delete_api_key(app: &App, arguments: &KeyIds) -> Outcome<ExitCode> {
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
    // With the key that was asked with: a session may have ended on the way.
    let in_use = app.with_server(account.clone(), async |remote| match remote.api_keys().await {
        Ok(listed) => Ok(remote.account.key_in_use(&listed.keys)),
        // A key that may delete need not be one that may list.
        Err(failure) if failure.is_right_missing() || failure.kind() == Kind::Failed => {
            Ok(remote.account.key_in_use_of(ids))
        }
        Err(failure) => Err(failure),
    })?;
    match in_use {
        InUse::Key(id) if ids.contains(&id) => Ok(agree(
            app,
            &format!("The API key {id} is the one in use: nothing works until another is set. Delete it?"),
        )?),
        InUse::Key(_) => Ok(()),
        InUse::OneOf(candidates) => match ids.iter().find(|id| candidates.contains(id)) {
            Some(id) => Ok(agree(app, &format!("The API key {id} may be the one in use. Delete it?"))?),
            None => Ok(()),
        },
    }
}
