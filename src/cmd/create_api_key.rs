//! `vastenv create api-key`: makes an API key with restricted rights.

use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::app::App;
use crate::cli::CreateApiKey;
use crate::domain::{Failure, Result, printable, printable_capped};

/// The permission categories that the service documents.
const CATEGORIES: [&str; 11] = [
    "billing_read",
    "billing_write",
    "instance_read",
    "instance_write",
    "machine_read",
    "machine_write",
    "misc",
    "team_read",
    "team_write",
    "user_read",
    "user_write",
];

/// The largest permission file, in bytes.
const LARGEST_FILE: u64 = 1024 * 1024;

/// Makes the key and prints it, once, alone on stdout.
pub fn create_api_key(app: &App, arguments: CreateApiKey) -> Result<()> {
    let permissions = permissions(app, &arguments)?;
    let params = arguments.key_params.map(Value::String);
    let account = app.account()?;
    let created = app.with_server_as(account, app.manner(true), async |remote| {
        remote.create_api_key(&arguments.name, Some(&permissions), params.as_ref()).await
    })?;
    let name = printable(&arguments.name);
    if app.ui.raw {
        return app.ui.json(
            &json!({"id": created.id, "key": created.key.expose(), "permissions": created.permissions}),
        );
    }
    app.ui.say(&format!("created the API key {} ({name}); it is shown only this once:", created.id));
    app.ui.line(created.key.expose())
}

/// The permissions of the file, with the categories given beside it.
fn permissions(app: &App, arguments: &CreateApiKey) -> Result<Value> {
    let mut permissions = match &arguments.permission_file {
        Some(path) => read_file(path)?,
        None => json!({"api": {}}),
    };
    if !arguments.permission.is_empty() {
        let api = permissions.as_object_mut().map(|top| top.entry("api").or_insert_with(|| json!({})));
        let Some(api) = api.and_then(Value::as_object_mut) else {
            return Err(Failure::usage("\"api\" in the permission file is no object")
                .hint(r#"like {"api": {"user_read": {}}}"#));
        };
        for category in &arguments.permission {
            api.entry(category.clone()).or_insert_with(|| json!({}));
        }
    }
    match permissions.get("api").and_then(Value::as_object) {
        Some(categories) => warn_of_unknown(app, categories),
        None => app.ui.warn("the permission file has no \"api\" object; the server may refuse it"),
    }
    Ok(permissions)
}

fn read_file(path: &Path) -> Result<Value> {
    let name = if path == Path::new("-") { "stdin".to_owned() } else { printable(&path.to_string_lossy()) };
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(LARGEST_FILE).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(LARGEST_FILE).read_to_string(&mut text))
    };
    read.map_err(|error| {
        Failure::failed(format!("cannot read the permissions from {name}: {error}"))
            .hint(r#"it is a JSON file like {"api": {"user_read": {}, "instance_read": {}}}"#)
    })?;
    let value: Value = serde_json::from_str(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let what = printable_capped(error.to_string().split(" at line").next().unwrap_or("no JSON"), 80);
        Failure::usage(format!("{name} is no JSON: {what} (line {line}, column {column})"))
            .hint(format!("mend it there; nothing was sent (see it with: sed -n {line}p)"))
    })?;
    if !value.is_object() {
        return Err(
            Failure::usage(format!("{name} holds no JSON object")).hint(r#"like {"api": {"user_read": {}}}"#)
        );
    }
    Ok(value)
}

fn warn_of_unknown(app: &App, categories: &Map<String, Value>) {
    for category in categories.keys().filter(|category| !CATEGORIES.contains(&category.as_str())) {
        let nearest = CATEGORIES
            .iter()
            .map(|known| (strsim::damerau_levenshtein(known, category), known))
            .min()
            .filter(|(distance, _)| *distance <= 4)
            .map_or(String::new(), |(_, known)| format!("; did you mean {known}?"));
        app.ui.warn(&format!("unknown permission category {}{nearest}", printable_capped(category, 60)));
    }
}
