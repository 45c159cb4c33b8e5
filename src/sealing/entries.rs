//! Which entries of the keyring are in use, and how secrets are stored: a small file without a secret.
//!
//! An entry is never overwritten. What replaces one goes under a new name, and this file then names
//! the new one: so a cache can never be out of date, and an old entry that comes back with a restored
//! keyring still opens what was sealed with it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::format::KeyId;
use crate::domain::{Result, Version};
use crate::files::{Disk, Slot};

/// Held by whoever changes the file.
const LOCK: &str = "storage-entries";

/// How files that hold values are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Storage {
    /// As private files.
    #[default]
    File,
    /// Sealed, with the key in the keyring.
    Keyring,
}

impl Storage {
    /// Reads `file` or `keyring`.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::File, Self::Keyring].into_iter().find(|storage| storage.to_string() == text)
    }
}

impl fmt::Display for Storage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::File => "file",
            Self::Keyring => "keyring",
        })
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entries {
    version: Version<1>,
    /// The key that seals files from now on.
    pub data_key: Option<KeyId>,
    pub api_key: Option<KeyId>,
    /// The API keys of profiles.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub profiles: BTreeMap<String, KeyId>,
    /// How secrets are stored, once that was chosen.
    pub storage: Option<Storage>,
}

impl Entries {
    /// The API key of this profile, or of none.
    pub fn of(&self, profile: Option<&str>) -> Option<&KeyId> {
        profile.map_or(self.api_key.as_ref(), |name| self.profiles.get(name))
    }

    /// Names another; gives the one before.
    pub(super) fn replace(&mut self, profile: Option<&str>, id: Option<KeyId>) -> Option<KeyId> {
        match (profile, id) {
            (None, id) => std::mem::replace(&mut self.api_key, id),
            (Some(name), Some(id)) => self.profiles.insert(name.to_owned(), id),
            (Some(name), None) => self.profiles.remove(name),
        }
    }
}

/// The file that names the entries in use.
pub fn path(disk: &Disk) -> PathBuf {
    disk.data.join("keyring.json")
}

pub(super) fn load(disk: &Disk) -> Result<Entries> {
    let slot = Slot::<Entries>::new(disk, path(disk));
    Ok(slot.load(|file| format!("move it away: mv {file} {file}.away"))?.unwrap_or_default())
}

/// Changes what is noted, one process at a time.
pub(super) fn edit<T>(disk: &Disk, edit: impl FnOnce(&mut Entries) -> T) -> Result<T> {
    let _lock = disk.await_lock(LOCK)?;
    let before = load(disk)?;
    let mut entries = before.clone();
    let edited = edit(&mut entries);
    if entries != before {
        Slot::new(disk, path(disk)).save(&entries)?;
    }
    Ok(edited)
}
