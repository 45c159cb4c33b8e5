//! Where the key in use is saved.

use toml_edit::{Array, Item, TableLike};

use super::table;
use crate::account::machine::Machine;
use crate::account::select::KeyFrom;
use crate::config::{ProfileKey, edit::put};
use crate::credentials::{Source, program};
use crate::domain::{Failure, Result, Secret};
use crate::files::{remove, write_secret};
use crate::sealing::Storage;

/// Where a key was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SavedKey {
    /// Where it is found from now on.
    pub source: Source,
    /// Places where a key was before, and is no more.
    pub removed: Vec<Source>,
}

/// Saves `key` where the profile in force has its own; without one in `place`, and removes what lies in the
/// others. Every shell is told.
pub(crate) fn save_key(machine: &Machine, key: &Secret, place: Storage) -> Result<SavedKey> {
    let saved = match (&machine.selection.key, machine.selection.profile_name()) {
        (KeyFrom::Profile(own), Some(name)) => save_for_profile(machine, name, own.as_ref(), key, place)?,
        _ => save_for_none(machine, key, place)?,
    };
    machine.sweep_leftovers();
    machine.store.generation.publish(machine.now())?;
    Ok(saved)
}

fn save_for_none(machine: &Machine, key: &Secret, place: Storage) -> Result<SavedKey> {
    let (paths, vault) = (&machine.selection.paths, &machine.store.sealing.vault);
    let disk = &machine.store.disk;
    let mut removed = Vec::new();
    let file = Source::KeyFile(paths.api_key());
    let source = match place {
        Storage::File => {
            disk.write(&paths.api_key(), key.expose().as_bytes())?;
            match vault.delete_api_key(None) {
                Ok(true) => removed.push(Source::Keyring),
                Ok(false) => {}
                // Nobody asks for it any more.
                Err(failure) => disk.note(vec![failure.message().to_owned()]),
            }
            file
        }
        Storage::Keyring => {
            vault.put_api_key(None, key)?;
            if paths.api_key().exists() {
                remove(&paths.api_key())?;
                removed.push(file);
            }
            Source::Keyring
        }
    };
    if let Some(legacy) = paths.legacy_key.as_ref().filter(|legacy| legacy.exists()) {
        remove(legacy)?;
        removed.push(Source::LegacyFile(legacy.clone()));
    }
    Ok(SavedKey { source, removed })
}

fn save_for_profile(
    machine: &Machine,
    name: &str,
    own: Option<&ProfileKey>,
    key: &Secret,
    place: Storage,
) -> Result<SavedKey> {
    check_place(machine, place)?;
    let new = match place {
        Storage::File => ProfileKey::File(machine.selection.paths.profile_key(name)),
        Storage::Keyring => ProfileKey::Keyring,
    };
    let at = own.unwrap_or(&new);
    put_key(machine, name, at, key)?;
    if own.is_none() {
        machine.edit_config(|document| {
            write_place(table::of_profile(document, name)?, machine, at);
            Ok(())
        })?;
    }
    Ok(SavedKey { source: Source::Profile(name.to_owned(), at.clone()), removed: Vec::new() })
}

/// Refuses to save a key at `place` where the profile in force has its key elsewhere.
pub(crate) fn check_place(machine: &Machine, place: Storage) -> Result<()> {
    let Some(name) = machine.selection.profile_name() else { return Ok(()) };
    match &machine.selection.key {
        KeyFrom::Profile(Some(ProfileKey::Command(words))) => Err(printed_elsewhere(name, words)),
        KeyFrom::Profile(Some(ProfileKey::File(path))) if place == Storage::Keyring => {
            let message = format!("the profile {name} has its key in {}, not in the keyring", path.display());
            Err(Failure::usage(message)
                .hint("leave out --keyring, or set api_key_keyring = true in its place"))
        }
        _ => Ok(()),
    }
}

/// Why nothing is saved for a profile whose key a command prints.
fn printed_elsewhere(name: &str, words: &[String]) -> Failure {
    let program = program(words);
    Failure::failed(format!("the key of the profile {name} is what `{program}` prints: not saved by vastenv"))
        .hint(format!("change it where `{program}` has it"))
}

/// Puts `key` where the profile `name` has its key.
pub(super) fn put_key(machine: &Machine, name: &str, at: &ProfileKey, key: &Secret) -> Result<()> {
    match at {
        ProfileKey::File(path) => {
            let folder = path.parent().unwrap_or(path);
            if machine.selection.paths.profile_key(name).parent() == Some(folder) {
                machine.store.disk.ensure(folder)?;
            }
            write_secret(path, key.expose().as_bytes())
        }
        ProfileKey::Keyring => machine.store.sealing.vault.put_api_key(Some(name), key),
        ProfileKey::Command(words) => Err(printed_elsewhere(name, words)),
    }
}

/// Writes into a profile's table where its key is.
pub(super) fn write_place(table: &mut dyn TableLike, machine: &Machine, at: &ProfileKey) {
    match at {
        ProfileKey::File(path) => {
            let path = machine.selection.paths.abbreviate(path);
            put(table, "api_key_file", path.to_string_lossy().into_owned());
        }
        ProfileKey::Command(words) => {
            let words: Array = words.iter().map(String::as_str).collect();
            table.insert("api_key_command", Item::Value(words.into()));
        }
        ProfileKey::Keyring => put(table, "api_key_keyring", true),
    }
}
