//! `vastenv delete api-key ID…`.

use std::process::ExitCode;

use super::app::App;
use super::ask::agree;
use super::each::each;
use crate::cli::KeyIds;
use crate::domain::Result;

/// Deletes the keys one by one; asks first where one of them is the key in use.
pub fn delete_api_key(app: &App, arguments: &KeyIds) -> Result<ExitCode> {
    let account = app.account()?;
    if !app.global.yes && !app.global.curl {
        let listed = app.with_server(account.clone(), async |remote| remote.api_keys().await);
        // A key that may delete but not list is believed; the server has the last word.
        let in_use = listed.ok().and_then(|listed| account.key_in_use(&listed.keys));
        if let Some(id) = in_use.filter(|id| arguments.ids.contains(id)) {
            agree(
                app,
                &format!(
                    "The API key {id} is the one in use: without it nothing works until another is set. Delete it?"
                ),
            )?;
        }
    }
    each(app, &arguments.ids, |id| {
        let reply = app.with_server(account.clone(), async |remote| remote.delete_api_key(id).await)?;
        if app.ui.raw {
            return app.ui.line(&reply.message);
        }
        app.ui.say(&format!("deleted the API key {id}"));
        Ok(())
    })
}
