//! Profiles: made, removed, and made the default.

use toml_edit::Item;

use super::save::{put_key, write_place};
use super::table;
use crate::account::local::Account;
use crate::account::machine::Machine;
use crate::config::{ProfileKey, edit::put};
use crate::domain::{Failure, Result, Secret, ServerUrl};
use crate::files::remove;

/// A profile to be made.
pub(crate) struct NewProfile<'a> {
    pub name: &'a str,
    /// Its server, where that is not the usual one.
    pub server: Option<&'a ServerUrl>,
    pub at: ProfileKey,
    /// The key to put there, if it is not there already.
    pub key: Option<&'a Secret>,
}

impl Machine {
    /// Refuses to make a profile that is there, or whose key would take another's place.
    pub(crate) fn check_new_profile(&self, name: &str, at: &ProfileKey, saves: bool) -> Result<()> {
        if self.selection.config.profiles.contains_key(name) {
            return Err(table::there_already(name));
        }
        match at {
            ProfileKey::File(path) if saves && path.symlink_metadata().is_ok() => {
                Err(Failure::failed(format!("{} is there already", path.display())).hint(format!(
                    "use it: vastenv profile add {name} --api-key-file {}",
                    shell_escape::escape(path.to_string_lossy())
                )))
            }
            _ => Ok(()),
        }
    }

    /// Saves the key and writes the profile.
    pub(crate) fn add_profile(&self, new: &NewProfile<'_>) -> Result<()> {
        if let Some(key) = new.key {
            put_key(self, new.name, &new.at, key)?;
        }
        let written = self.edit_config(|document| {
            let table = table::add(document, new.name)?;
            if let Some(server) = new.server {
                put(table, "url", server.as_str());
            }
            write_place(table, self, &new.at);
            Ok(())
        });
        if written.is_err() && new.key.is_some() {
            // Nothing names it.
            let _ = self.remove_key(new.name, &new.at);
        }
        written
    }

    /// Removes the profile, and its key if that was saved by `profile add`; says whether it was.
    pub(crate) fn remove_profile(&self, name: &str, at: Option<&ProfileKey>) -> Result<bool> {
        self.edit_config(|document| {
            table::remove(document, name);
            Ok(())
        })?;
        at.map_or(Ok(false), |at| self.remove_key(name, at))
    }

    fn remove_key(&self, name: &str, at: &ProfileKey) -> Result<bool> {
        match at {
            ProfileKey::File(path) if *path == self.selection.paths.profile_key(name) => {
                let was_there = path.symlink_metadata().is_ok();
                remove(path).map(|()| was_there)
            }
            ProfileKey::Keyring => self.store.sealing.vault.delete_api_key(Some(name)),
            ProfileKey::File(_) | ProfileKey::Command(_) => Ok(false),
        }
    }

    /// Makes a profile the default, or none.
    pub(crate) fn use_profile(&self, name: Option<&str>) -> Result<()> {
        self.edit_config(|document| {
            match name {
                Some(name) => put(document.as_table_mut(), "default_profile", name),
                None => drop(document.remove("default_profile").unwrap_or(Item::None)),
            }
            Ok(())
        })
    }
}

impl Account<'_> {
    /// Forgets all that is cached and remembered of this account; every shell follows.
    pub(crate) fn forget_all(&self) -> Result<()> {
        let Some(id) = self.id() else { return Ok(()) };
        let store = self.store();
        self.forget(None)?;
        store.changes.edit(&id, std::collections::BTreeMap::clear)?;
        store.snapshots.delete(&id)?;
        store.lists.delete(&id)?;
        store.identities.of(&self.key()).remove()?;
        store.generation.publish(self.now()).map(drop)
    }
}
