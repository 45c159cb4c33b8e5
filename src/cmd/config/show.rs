//! `vastenv config list`, `get` and `path`: what is in force, and where it comes from.

use serde_json::{Value, json};

use crate::cli::GetConfig;
use crate::cmd::app::App;
use crate::config::keys::{Entry, SettingKey, as_toml, entries};
use crate::config::settings::Place;
use crate::context;
use crate::domain::{Failure, Result};
use crate::ui::Table;

/// A setting as it counts.
struct Row {
    key: SettingKey,
    value: Option<Value>,
    /// The entry of the file that says so.
    from: Option<Entry>,
}

pub(super) fn list(app: &App) -> Result<()> {
    let found = entries(&app.paths().config_file)?;
    let mut keys = SettingKey::all(None);
    let written = found.iter().map(|entry| &entry.key);
    keys.extend(written.filter(|key| key.profile.is_some() || key.setting.place == Place::Old).cloned());
    let rows: Vec<Row> = keys.into_iter().map(|key| row(app, key, &found)).collect();
    if app.ui.raw {
        return app.ui.json(&rows.iter().map(as_json).collect());
    }
    let mut table = Table::new(&["KEY", "VALUE", "DEFAULT", "FROM"]);
    for row in &rows {
        let shown = |value: &Option<Value>| value.as_ref().map(as_toml).unwrap_or_default();
        let from = row.from.as_ref().map_or_else(|| "default".to_owned(), |entry| origin(&row.key, entry));
        table.row(&[&row.key.to_string(), &shown(&row.value), &shown(&row.key.default()), &from]);
    }
    app.ui.data(table.render(context::width()).as_bytes())?;
    if let Some(trouble) = &app.machine.selection.trouble {
        app.ui.warn_of(trouble.failure());
    }
    Ok(())
}

pub(super) fn get(app: &App, arguments: &GetConfig) -> Result<()> {
    let row = row(app, SettingKey::parse(&arguments.key)?, &entries(&app.paths().config_file)?);
    let Some(value) = row.value else {
        return Err(Failure::failed(format!("{} is not set", row.key))
            .hint(format!("set it: vastenv config set {} VALUE", row.key)));
    };
    match value {
        value if app.ui.raw => app.ui.json(&value),
        Value::Array(words) => words.iter().filter_map(Value::as_str).try_for_each(|word| app.ui.line(word)),
        Value::String(text) => app.ui.line(&text),
        other => app.ui.line(&other.to_string()),
    }
}

pub(super) fn path(app: &App) -> Result<()> {
    let path = app.paths().config_file.display().to_string();
    if app.ui.raw { app.ui.json(&json!({"path": path})) } else { app.ui.line(&path) }
}

/// The setting as it counts: the profile in force comes before the top of the file.
fn row(app: &App, key: SettingKey, found: &[Entry]) -> Row {
    let in_force = app.machine.selection.profile.as_ref().map(|chosen| &chosen.name);
    let entry_of = |profile: Option<&String>| {
        let is_it =
            |entry: &&Entry| entry.key.setting == key.setting && entry.key.profile.as_ref() == profile;
        found.iter().find(is_it).cloned()
    };
    let from = match &key.profile {
        Some(profile) => entry_of(Some(profile)),
        None => in_force.and_then(|profile| entry_of(Some(profile))).or_else(|| entry_of(None)),
    };
    let value = from.as_ref().map(|entry| entry.value.clone()).or_else(|| key.default());
    Row { key, value, from }
}

fn origin(key: &SettingKey, entry: &Entry) -> String {
    match &entry.key.profile {
        Some(profile) if key.profile.is_none() => format!("config.toml:{} (profile {profile})", entry.line),
        _ => format!("config.toml:{}", entry.line),
    }
}

fn as_json(row: &Row) -> Value {
    let source = match &row.from {
        None => "default",
        Some(entry) if entry.key.profile.is_some() => "profile",
        Some(_) => "config",
    };
    json!({
        "key": row.key.to_string(),
        "value": row.value,
        "default": row.key.default(),
        "source": source,
        "profile": row.from.as_ref().and_then(|entry| entry.key.profile.clone()),
        "line": row.from.as_ref().map(|entry| entry.line),
    })
}
