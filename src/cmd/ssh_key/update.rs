//! `vastenv update ssh-key ID KEY`.

use super::given::{describe, given_key};
use crate::cli::UpdateSshKey;
use crate::cmd::app::App;
use crate::cmd::outcome::Outcome;

/// Puts another public key in the place of one.
pub(crate) fn update_ssh_key(app: &App, arguments: &UpdateSshKey) -> Outcome<()> {
    let key = given_key(app, arguments.key.expose())?;
    let id = arguments.id;
    let account = app.account()?;
    let saved = app.with_server_as(account, app.call_options(true), async |remote| {
        remote.update_ssh_key(id, key.line()).await
    })?;
    if app.ui.raw {
        return Ok(app.ui.json(&saved.raw)?);
    }
    app.ui.say(&format!("updated SSH key {id}: {}", describe(&key)));
    Ok(())
}
