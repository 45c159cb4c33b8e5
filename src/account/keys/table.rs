//! The table of a profile in `config.toml`.

use toml_edit::{DocumentMut, Item, Table, TableLike};

use crate::domain::{Failure, Result};

/// The table of the profile `name`.
pub(super) fn of_profile<'d>(document: &'d mut DocumentMut, name: &str) -> Result<&'d mut dyn TableLike> {
    let profiles = document.get_mut("profiles").and_then(Item::as_table_like_mut);
    let table = profiles.and_then(|profiles| profiles.get_mut(name)?.as_table_like_mut());
    table.ok_or_else(|| Failure::failed(format!("[profiles.{name}] is gone")))
}

/// Adds an empty table for the profile `name`.
///
/// # Errors
/// There is one already.
pub(super) fn add<'d>(document: &'d mut DocumentMut, name: &str) -> Result<&'d mut dyn TableLike> {
    let all = || {
        let mut all = Table::new();
        all.set_implicit(true);
        Item::Table(all)
    };
    let profiles = document.entry("profiles").or_insert_with(all).as_table_like_mut();
    let profiles = profiles.ok_or_else(|| Failure::failed("`profiles` is not a table"))?;
    if profiles.contains_key(name) {
        return Err(there_already(name));
    }
    profiles.insert(name, Item::Table(Table::new()));
    of_profile(document, name)
}

/// Why a profile is not made.
pub(super) fn there_already(name: &str) -> Failure {
    Failure::failed(format!("there is a profile {name} already"))
        .hint(format!("save another key: vastenv set api-key --profile {name}"))
}

/// Removes the table of the profile `name`, and that it is the default.
pub(super) fn remove(document: &mut DocumentMut, name: &str) {
    if let Some(profiles) = document.get_mut("profiles").and_then(Item::as_table_like_mut) {
        profiles.remove(name);
        if profiles.is_empty() {
            document.remove("profiles");
        }
    }
    if document.get("default_profile").and_then(Item::as_str) == Some(name) {
        document.remove("default_profile");
    }
}
