//! `vastenv show ssh-keys`.

use crate::cmd::app::App;
use crate::cmd::created::created;
use crate::cmd::outcome::Outcome;
use crate::context::{self, variables};
use crate::keypair::{LocalKey, PublicKey, agent_keys, local_keys};
use crate::ui::Table;

/// Lists the account's SSH keys, with the local file or agent identity that matches each.
pub(crate) fn show_ssh_keys(app: &App) -> Outcome<()> {
    let account = app.account()?;
    let listed = app.with_server(account, async |remote| remote.ssh_keys_to_show().await)?;
    if app.ui.raw {
        return Ok(app.ui.json(&listed.raw)?);
    }
    if listed.items.is_empty() {
        app.ui.say("no SSH keys in the account; add one with `vastenv create ssh-key`");
        return Ok(());
    }
    let local = here();
    let mut keys = listed.items;
    keys.sort_by_key(|key| key.id);
    let mut table = Table::new(&["ID", "TYPE", "BITS", "FINGERPRINT", "COMMENT", "CREATED", "HERE"]);
    for key in &keys {
        let (id, created) = (key.id.to_string(), created(key.created.as_ref()));
        match PublicKey::parse(&key.key) {
            Ok(parsed) => {
                let bits = parsed.bits().map_or("-".to_owned(), |bits| bits.to_string());
                let places: Vec<&str> = local
                    .iter()
                    .filter(|here| here.key.is_same_key(&parsed))
                    .map(|here| here.place.as_str())
                    .collect();
                table.row(&[
                    &id,
                    parsed.short_kind(),
                    &bits,
                    parsed.fingerprint(),
                    parsed.comment(),
                    &created,
                    &places.join(", "),
                ]);
            }
            Err(_) => table.row(&[&id, "unknown", "-", "-", &key.key, &created, ""]),
        }
    }
    Ok(app.ui.data(table.render(context::width()).as_bytes())?)
}

/// The public keys on this machine: files under `~/.ssh`, and identities of a running agent.
fn here() -> Vec<LocalKey> {
    let mut found = context::home().map_or(Vec::new(), |home| local_keys(&home.join(".ssh")));
    if let Some(socket) = context::var(variables::SSH_AUTH_SOCK) {
        found.extend(agent_keys(socket.as_ref()));
    }
    found
}
