//! `vastenv create api-key`: makes an API key with restricted rights.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::account::CreatedApiKey;
use crate::cli::CreateApiKey;
use crate::cmd::app::App;
use crate::cmd::ask::agree_beside_stdin;
use crate::cmd::guard;
use crate::cmd::outcome::Outcome;
use crate::context;
use crate::credentials::check_key;
use crate::domain::{CATEGORIES, Failure, Result, printable, printable_capped, to_python_json, trim_unseen};
use crate::files::{Unread, read_text_at, reason};

/// The largest permission file, in bytes.
const LARGEST_FILE: usize = 1024 * 1024;

/// Makes the key and prints it, once, alone on stdout.
pub(crate) fn create_api_key(app: &App, arguments: CreateApiKey) -> Outcome<()> {
    let name = arguments.name.as_deref();
    name.map_or(Ok(()), check_name)?;
    guard::values(app)?;
    let permissions = permissions(app, &arguments)?;
    let params = arguments.key_params.clone().map(Value::String);
    let account = app.account()?;
    let created = app.with_server_as(account, app.call_options(true), async |remote| {
        remote.create_api_key(name, Some(&permissions), params.as_ref()).await
    })?;
    let CreatedApiKey { id, key, permissions } = created;
    if !app.ui.raw {
        let name = name.unwrap_or("no name");
        app.ui.say(&format!("created the API key {id} ({name}); shown only once:"));
    }
    let shown = if app.ui.raw {
        to_python_json(&json!({"id": id, "key": key.expose(), "permissions": permissions}))
    } else {
        printable(key.expose())
    };
    app.ui.only_copy(&shown).map_err(|failure| {
        failure.hint(format!("the key is lost: vastenv delete api-key {id}, and create another"))
    })?;
    let Err(why) = check_key(key.expose()) else { return Ok(()) };
    let failure = Failure::failed(format!("the new API key {why}: it cannot be sent in a request"));
    Err(match app.machine.keep_odd_key(id, &key) {
        Ok(path) => failure.hint(format!("kept in {}, as the server sent it", path.display())),
        Err(error) => failure.hint(format!("it is only printed above: {}", error.message())),
    }
    .into())
}

/// A name that a list can show.
fn check_name(name: &str) -> Result<()> {
    let fault = if name.trim().is_empty() {
        "is empty"
    } else if name.chars().any(char::is_control) {
        "holds a control character"
    } else {
        return Ok(());
    };
    Err(Failure::usage(format!("the name for the key {fault}")).hint("name it: --name ci"))
}

/// Whether `--permission` was given a file: in the official client it is short for `--permission_file`.
fn is_file(given: &str) -> bool {
    let is_path = given == "-" || given.contains('/') || given.contains('.');
    !CATEGORIES.contains(&given) && (is_path || Path::new(given).is_file())
}

/// The permissions of the file, with the categories given beside it.
fn permissions(app: &App, arguments: &CreateApiKey) -> Result<Value> {
    let (paths, categories): (Vec<_>, Vec<_>) = arguments.permission.iter().partition(|given| is_file(given));
    let paths: Vec<PathBuf> = paths
        .into_iter()
        .map(|path| context::user_path(path.into()).map_err(Failure::usage))
        .chain(arguments.permission_file.clone().map(Ok))
        .collect::<Result<_>>()?;
    let mut permissions = match paths.as_slice() {
        [] => json!({"api": {}}),
        [path] => read_file(path)?,
        _ => return Err(Failure::usage("more than one permission file").hint("give one")),
    };
    if !categories.is_empty() {
        let api = permissions.as_object_mut().map(|top| top.entry("api").or_insert_with(|| json!({})));
        let Some(api) = api.and_then(Value::as_object_mut) else {
            return Err(Failure::usage("\"api\" in the permission file is not an object")
                .hint(r#"like {"api": {"user_read": {}}}"#));
        };
        for category in categories {
            api.entry(category.clone()).or_insert_with(|| json!({}));
        }
    }
    match permissions.get("api").and_then(Value::as_object) {
        Some(categories) => agree_to_unknown(app, categories)?,
        None => app.ui.warn("the permission file has no \"api\" object; the server may refuse it"),
    }
    Ok(permissions)
}

fn read_file(path: &Path) -> Result<Value> {
    let is_stdin = path == Path::new("-");
    let name = if is_stdin { "stdin".to_owned() } else { printable(&path.to_string_lossy()) };
    let text = read_text_at(path, LARGEST_FILE).map_err(|unread| match unread {
        Unread::Io(error) => {
            Failure::failed(format!("cannot read the permissions from {name}: {}", reason(&error)))
                .hint(r#"give a JSON file like {"api": {"user_read": {}, "instance_read": {}}}"#)
        }
        Unread::TooLarge(_) => Failure::usage(format!("{name} is over 1 MiB: not a permission file")),
        Unread::NotText(_) => unread.failure(&name),
    })?;
    let value: Value = serde_json::from_str(trim_around_json(&text)).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let what = printable_capped(error.to_string().split(" at line").next().unwrap_or("no JSON"), 80);
        let look = match path.to_str().filter(|_| !is_stdin) {
            Some(path) => format!(" (see it with: sed -n {line}p {})", shell_escape::escape(path.into())),
            None => String::new(),
        };
        Failure::usage(format!("{name} is not JSON: {what} (line {line}, column {column})"))
            .hint(format!("fix it there; nothing was sent{look}"))
    })?;
    if !value.is_object() {
        return Err(
            Failure::usage(format!("{name} is not a JSON object")).hint(r#"like {"api": {"user_read": {}}}"#)
        );
    }
    Ok(value)
}

/// Without what nobody sees around it; line breaks stay, as a fault is told by its line.
fn trim_around_json(text: &str) -> &str {
    let is_unseen = |edge: char| !edge.is_ascii() && trim_unseen(edge.encode_utf8(&mut [0; 4])).is_empty();
    text.trim_matches(is_unseen)
}

/// Asks whether categories are meant that the service does not document: a key without a right that was
/// misspelled is found out late.
fn agree_to_unknown(app: &App, categories: &Map<String, Value>) -> Result<()> {
    let unknown: Vec<String> = categories
        .keys()
        .filter(|category| !CATEGORIES.contains(&category.as_str()))
        .map(|category| {
            let meant = nearest(category).map_or(String::new(), |known| format!(" (did you mean {known}?)"));
            format!("{}{meant}", printable_capped(category, 60))
        })
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let what =
        if unknown.len() == 1 { "unknown permission category" } else { "unknown permission categories" };
    let question = format!("{what}: {}; create the key anyway?", unknown.join(", "));
    agree_beside_stdin(app, &question)
}

/// The category that was meant, if one is near enough: a few letters away, or begun alike.
fn nearest(given: &str) -> Option<&'static str> {
    let given = given.to_lowercase().replace('-', "_");
    let (distance, known) =
        CATEGORIES.into_iter().map(|known| (strsim::damerau_levenshtein(known, &given), known)).min()?;
    let begun = || CATEGORIES.into_iter().find(|known| given.len() > 2 && known.starts_with(given.as_str()));
    if distance <= 1 + given.chars().count() / 4 { Some(known) } else { begun() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_category_that_was_meant_is_found() {
        for (given, meant) in [
            ("usr_write", Some("user_write")),
            ("user-read", Some("user_read")),
            ("INSTANCE_READ", Some("instance_read")),
            ("instances_read", Some("instance_read")),
            ("billing", Some("billing_read")),
            ("mics", Some("misc")),
            ("", None),
            ("x", None),
            ("everything", None),
        ] {
            assert_eq!(nearest(given), meant, "{given}");
        }
    }
}
