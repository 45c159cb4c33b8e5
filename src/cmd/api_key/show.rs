//! `vastenv show api-keys` and `vastenv show api-key ID`.

use crate::account::{ApiKey, InUse};
use crate::cli::KeyId;
use crate::cmd::app::App;
use crate::cmd::created::created;
use crate::cmd::guard;
use crate::cmd::outcome::Outcome;
use crate::context;
use crate::ui::Table;

/// Lists the account's API keys; the one in use is marked where that can be told.
pub(crate) fn show_api_keys(app: &App) -> Outcome<()> {
    let account = app.account()?;
    let listed = app.with_server(account.clone(), async |remote| remote.api_keys().await)?;
    if app.ui.raw {
        guard::answer(app, &listed.raw)?;
        return Ok(app.ui.json(&listed.raw)?);
    }
    if listed.items.is_empty() {
        app.ui.say("no API keys in the account");
        return Ok(());
    }
    let in_use = account.in_use();
    let mut keys = listed.items;
    keys.sort_by_key(|key| key.id);
    let mut table = Table::new(&["ID", "NAME", "RIGHTS", "TEAM", "CREATED", "NOTE"]);
    for key in &keys {
        let note = if in_use(key.id) == InUse::Yes { "in use" } else { "" };
        let (id, created) = (key.id.to_string(), created(key.created.as_ref()));
        table.row(&[&id, name(key), &rights(key), key.team.as_deref().unwrap_or("-"), &created, note]);
    }
    Ok(app.ui.data(table.render(context::width()).as_bytes())?)
}

/// Shows one API key.
pub(crate) fn show_api_key(app: &App, arguments: &KeyId) -> Outcome<()> {
    let account = app.account()?;
    let key = app.with_server(account, async |remote| remote.api_key(arguments.id).await)?;
    if app.ui.raw {
        guard::answer(app, &key.raw)?;
        return Ok(app.ui.json(&key.raw)?);
    }
    let lines = [
        ("id", key.id.to_string()),
        ("name", name(&key).to_owned()),
        ("rights", rights(&key)),
        ("team", key.team.as_deref().unwrap_or("-").to_owned()),
        ("created", created(key.created.as_ref())),
    ];
    for (heading, text) in lines {
        app.ui.line(&format!("{heading:9}{text}"))?;
    }
    Ok(())
}

/// The key's name, if it has one.
fn name(key: &ApiKey) -> &str {
    if key.name.is_empty() { "-" } else { &key.name }
}

/// What the key may do.
fn rights(key: &ApiKey) -> String {
    let told = key.rights_text();
    if told.is_empty() { "-".to_owned() } else { told }
}
