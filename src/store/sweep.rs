//! All files that hold values, of every account: what `vastenv storage` converts and reports.

use std::path::{Path, PathBuf};

use super::{Lock, Store, snapshot, values};
use crate::domain::{AccountId, Result};
use crate::files;
use crate::vault::{self, DataKey, Header, KeyId, Place};

/// A file that holds values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretFile {
    /// Whose values.
    pub account: AccountId,
    pub path: PathBuf,
    pub is_sealed: bool,
    /// The key that it is sealed with, if it says so in a way that is understood.
    pub key: Option<KeyId>,
    /// How many values it holds, as far as that is known without opening it.
    pub values: usize,
    /// The name that it is bound to.
    name: &'static str,
}

impl SecretFile {
    /// Whether these are remembered values, which nobody can fetch anew.
    pub fn is_remembered(&self) -> bool {
        self.name == values::FILE
    }

    fn place(&self) -> Place<'_> {
        Place { account: &self.account, name: self.name }
    }
}

impl Store {
    /// Every account that has a file here.
    pub fn accounts(&self) -> Vec<AccountId> {
        let mut accounts: Vec<AccountId> = [&self.cache, &self.data]
            .into_iter()
            .flat_map(|folder| names(folder))
            .filter_map(|name| AccountId::parse(&name))
            .collect();
        accounts.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        accounts.dedup();
        accounts
    }

    /// Keeps every other process from writing the files of `account`.
    pub fn lock_account(&self, account: &AccountId) -> Result<[Lock; 2]> {
        Ok([self.await_lock(account.as_str())?, self.lock_values(account)?])
    }

    /// The files of `account` that hold values.
    pub fn secret_files(&self, account: &AccountId) -> Result<Vec<SecretFile>> {
        let (snapshot, _) = self.snapshot_file(account);
        let all = [(snapshot, snapshot::FILE), (self.values_path(account), values::FILE)];
        let mut found = Vec::new();
        for (path, name) in all {
            let Some(bytes) = self.read(&path)? else { continue };
            let header = Header::of(&bytes).ok();
            let values = header.as_ref().map_or(0, |header| header.values);
            let key = header.map(|header| header.key);
            let is_sealed = vault::is_sealed(&bytes);
            found.push(SecretFile { account: account.clone(), path, is_sealed, key, values, name });
        }
        Ok(found)
    }

    /// The keys of every sealed file in the accounts' folders, whatever its name (somebody may have
    /// moved it out of the way); `None` for one that does not say its key in a way that is understood.
    pub fn keys_on_disk(&self) -> Result<Vec<Option<KeyId>>> {
        let mut keys = Vec::new();
        for account in self.accounts() {
            keys.extend(
                self.secret_files(&account)?.into_iter().filter(|file| file.is_sealed).map(|file| file.key),
            );
            let folder = self.data.join(account.as_str());
            for path in names(&folder).into_iter().map(|name| folder.join(name)).filter(|path| path.is_file())
            {
                match std::fs::read(&path) {
                    Ok(bytes) if !vault::is_sealed(&bytes) => {}
                    Ok(bytes) => keys.push(Header::of(&bytes).ok().map(|header| header.key)),
                    Err(_) => keys.push(None),
                }
            }
        }
        Ok(keys)
    }

    /// Seals `file` with `key`, if it is not encrypted.
    pub fn seal_file(&self, file: &SecretFile, key: &DataKey) -> Result<bool> {
        let Some(bytes) = self.read(&file.path)? else { return Ok(false) };
        if vault::is_sealed(&bytes) {
            return Ok(false);
        }
        let values = match file.name {
            values::FILE => values::parse(&bytes).map(|values| values.len()),
            _ => snapshot::count_values(&bytes),
        };
        // One that nobody can read is sealed all the same: it may hold what somebody can mend.
        self.write(&file.path, &vault::seal(&bytes, file.place(), key, values.unwrap_or(0))?)?;
        Ok(true)
    }

    /// Makes `file` a plain one, if it is sealed.
    pub fn unseal_file(&self, file: &SecretFile) -> Result<bool> {
        let Some(bytes) = self.read(&file.path)? else { return Ok(false) };
        if !vault::is_sealed(&bytes) {
            return Ok(false);
        }
        match self.opened(bytes, file.place()) {
            Ok(plain) => self.write(&file.path, &plain).map(|()| true),
            Err(why) => Err(values::locked_out_failure(&file.path, &why)),
        }
    }

    /// Removes the temporary files of writers that were killed.
    pub fn sweep_leftovers(&self) {
        self.folders().iter().for_each(|folder| files::sweep(folder));
    }

    /// The temporary files of writers that were killed: in clear, whatever the settings say.
    pub fn leftovers(&self) -> Vec<PathBuf> {
        self.folders().iter().flat_map(|folder| files::leftovers(folder)).collect()
    }

    /// The three folders and those in them.
    fn folders(&self) -> Vec<PathBuf> {
        let roots = [&self.state, &self.cache, &self.data].map(PathBuf::clone);
        let below = roots.iter().flat_map(|root| names(root).into_iter().map(|name| root.join(name)));
        let below: Vec<_> = below.filter(|path| path.is_dir()).collect();
        roots.into_iter().chain(below).collect()
    }

    /// Deletes the snapshot of `account` that was set aside as damaged: it was in clear.
    pub fn delete_damaged_snapshot(&self, account: &AccountId) -> Result<()> {
        files::remove(&self.snapshot_file(account).0.with_extension("json.corrupt"))
    }
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    names
}
