//! Where the key in use is saved.

use crate::account::machine::Machine;
use crate::credentials::Source;
use crate::domain::{Result, Secret};
use crate::files::remove;
use crate::sealing::Storage;

/// Where a key was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SavedKey {
    /// Where it is found from now on.
    pub source: Source,
    /// Places where a key was before, and is no more.
    pub removed: Vec<Source>,
}

/// Saves `key` in one place, removes what lies in the others, and tells every shell.
pub(crate) fn save_key(machine: &Machine, key: &Secret, place: Storage) -> Result<SavedKey> {
    let (paths, vault) = (&machine.selection.paths, &machine.store.sealing.vault);
    let disk = &machine.store.disk;
    let mut removed = Vec::new();
    let file = Source::KeyFile(paths.api_key());
    let source = match place {
        Storage::File => {
            disk.write(&paths.api_key(), key.expose().as_bytes())?;
            match vault.delete_api_key() {
                Ok(true) => removed.push(Source::Keyring),
                Ok(false) => {}
                // Nobody asks for it any more.
                Err(failure) => disk.note(vec![failure.message().to_owned()]),
            }
            file
        }
        Storage::Keyring => {
            vault.put_api_key(key)?;
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
    machine.sweep_leftovers();
    machine.store.generation.publish(machine.now())?;
    Ok(SavedKey { source, removed })
}
