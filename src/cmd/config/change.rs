//! `vastenv config set` and `unset`.

use serde_json::json;

use crate::cli::{SetConfig, UnsetConfig};
use crate::cmd::app::App;
use crate::config::keys::{Change, SettingKey, as_toml, entries, without};
use crate::domain::{Result, printable_capped};

pub(super) fn set(app: &App, arguments: &SetConfig) -> Result<()> {
    let key = SettingKey::parse(&arguments.key)?;
    let change = match (arguments.add, arguments.remove) {
        (true, _) => Change::Add,
        (_, true) => Change::Remove,
        _ => Change::Replace,
    };
    app.machine.edit_config(|document| key.set(document, &arguments.values, change))?;
    tell(app, &key)
}

pub(super) fn unset(app: &App, arguments: &UnsetConfig) -> Result<()> {
    let file = &app.paths().config_file;
    let mut was_set = true;
    app.machine.rewrite_config(|text| {
        if let Some(text) = without(file, text, &arguments.key)? {
            return Ok(text);
        }
        SettingKey::parse(&arguments.key)?;
        was_set = false;
        Ok(text.to_owned())
    })?;
    match SettingKey::parse(&arguments.key) {
        Ok(key) if was_set => tell(app, &key),
        _ => {
            let what = if was_set { "removed" } else { "is not set" };
            app.ui.say(&format!("{} {what}", printable_capped(&arguments.key, 100)));
            Ok(())
        }
    }
}

/// Says what the file says now.
fn tell(app: &App, key: &SettingKey) -> Result<()> {
    let written = entries(&app.paths().config_file)?.into_iter().find(|entry| entry.key == *key);
    let value = written.as_ref().map(|entry| entry.value.clone()).or_else(|| key.default());
    if app.ui.raw {
        return app.ui.json(&json!({"key": key.to_string(), "value": value}));
    }
    let shown = value.as_ref().map_or_else(String::new, as_toml);
    app.ui.say(&match (&written, &value) {
        (Some(_), _) => format!("{key} = {shown}"),
        (None, Some(_)) => format!("{key} = {shown} (default)"),
        (None, None) => format!("{key} removed"),
    });
    let in_force = app.machine.selection.profile.as_ref().filter(|_| key.profile.is_none());
    let own = in_force.map(|chosen| SettingKey { profile: Some(chosen.name.clone()), ..key.clone() });
    if let Some(own) = own
        && entries(&app.paths().config_file)?.iter().any(|entry| entry.key == own)
    {
        app.ui.warn(&format!("{own} is set too, and comes first while that profile is in use"));
    }
    Ok(())
}
