//! `vastenv delete ssh-key ID…`.

use std::process::ExitCode;

use crate::account::SshKey;
use crate::cli::KeyIds;
use crate::cmd::app::App;
use crate::cmd::each::each;
use crate::cmd::outcome::Outcome;
use crate::domain::printable;
use crate::keypair::PublicKey;

/// Deletes the keys one by one, and prints what brings each back.
pub(crate) fn delete_ssh_key(app: &App, arguments: &KeyIds) -> Outcome<ExitCode> {
    let account = app.account()?;
    let known = if app.global.curl || app.ui.raw {
        Vec::new()
    } else {
        // Only to tell what brings a key back: without the list, it is deleted all the same.
        app.with_server(account.clone(), async |remote| remote.ssh_keys().await)
            .map_or(Vec::new(), |listed| listed.items)
    };
    each(app, &arguments.ids, |&id| {
        let answer = app.with_server(account.clone(), async |remote| remote.delete_ssh_key(id).await)?;
        if app.ui.raw {
            return Ok(app.ui.json(&answer)?);
        }
        let held = known.iter().find(|key| key.id == id);
        app.ui
            .say(&format!("deleted SSH key {id}{}", held.map_or(String::new(), |held| way_back(app, held))));
        Ok(())
    })
}

fn way_back(app: &App, held: &SshKey) -> String {
    match PublicKey::parse(&held.key) {
        Ok(key) => {
            let quoted = shell_escape::escape(key.line().into());
            format!("; restore it: vastenv create ssh-key {quoted}{}", app.server_option())
        }
        Err(_) => format!("; it was: {}", printable(&held.key)),
    }
}
