//! From private files to sealed ones, and back.
//!
//! A file says by itself which it is, and both are read at any time: so whatever instruction a
//! conversion ends at, everything is still readable, and doing it again finishes it. It is recorded that
//! files are to be sealed only after all are; on the way back, first that they are not.

use std::path::PathBuf;

use super::entries::Storage;
use super::file::{Kind, Sealing, WRITERS};
use super::format::{DataKey, Header, KeyId, is_sealed, seal};
use super::keyring::Trouble;
use crate::domain::{AccountId, Failure, Result};
use crate::files::{Lock, names, remove};

/// The lock of who converts all files.
const CONVERSION: &str = "storage";

/// What a conversion did.
#[derive(Debug, Default)]
pub struct Converted {
    /// How many files were written anew.
    pub files: usize,
    /// What did not work: the rest is done all the same.
    pub troubles: Vec<Failure>,
}

/// A file that holds values.
#[derive(Clone, Debug)]
pub struct SecretFile {
    /// Whose values.
    pub account: AccountId,
    pub kind: &'static Kind,
    pub path: PathBuf,
    pub is_sealed: bool,
    /// The key that it is sealed with, if it says so in a way that is understood.
    pub key: Option<KeyId>,
    /// How many values it holds, as far as that is known without opening it.
    pub values: usize,
}

/// Makes every file that holds values be stored as `wanted`, and records that.
pub fn convert(sealing: &Sealing, wanted: Storage) -> Result<Converted> {
    let _conversion = sealing.disk.await_lock(CONVERSION)?;
    // What the keyring asks its user, it asks before anybody else has to wait.
    match wanted {
        Storage::Keyring => sealing.vault.sure_data_key().map(drop),
        Storage::File => openable(sealing).map(drop),
    }?;
    let _locks = lock_all(sealing)?;
    match wanted {
        Storage::Keyring => seal_all(sealing),
        Storage::File => unseal_all(sealing),
    }
}

/// Keeps refreshes and changes of every account away, and then every writer: also one whose account
/// has no file yet, and one that could not wait for its turn.
fn lock_all(sealing: &Sealing) -> Result<(Vec<[Lock; 2]>, Lock)> {
    let disk = &sealing.disk;
    let accounts = disk.accounts().iter().map(|account| disk.lock_account(account)).collect::<Result<_>>()?;
    Ok((accounts, disk.await_lock(WRITERS)?))
}

fn record(sealing: &Sealing, storage: Storage) -> Result<()> {
    sealing.vault.edit_entries(|entries| entries.storage = Some(storage))
}

/// Whoever calls this holds all locks.
fn seal_all(sealing: &Sealing) -> Result<Converted> {
    // From the keyring itself: whatever is sealed now must open after the next login.
    let key = sealing.vault.sure_data_key()?;
    let mut done = Converted::default();
    for file in secret_files(sealing)? {
        done.files += usize::from(seal_file(sealing, &file, &key)?);
    }
    let disk = &sealing.disk;
    for account in disk.accounts() {
        for kind in sealing.kinds.iter().filter(|kind| kind.is_cache) {
            // One that was moved away as damaged.
            remove(&kind.path(disk, &account).with_extension("json.corrupt"))?;
        }
    }
    sealing.vault.keep_sure(&key)?;
    record(sealing, Storage::Keyring)?;
    Ok(done)
}

/// Whoever calls this holds all locks.
fn unseal_all(sealing: &Sealing) -> Result<Converted> {
    let sealed = openable(sealing)?;
    let mut done = Converted::default();
    let mut keys: Vec<KeyId> = sealing.vault.entries()?.data_key.into_iter().collect();
    keys.extend(sealed.iter().filter_map(|file| file.key.clone()));
    record(sealing, Storage::File)?;
    for file in sealed {
        match unseal_file(sealing, &file) {
            Ok(true) => done.files += 1,
            Ok(false) => {}
            Err(_) if file.kind.is_cache => remove(&file.path)?,
            Err(failure) => done.troubles.push(failure),
        }
    }
    // One that a later version sealed may need any of them.
    let left = keys_on_disk(sealing);
    let is_needed =
        |key: &KeyId| left.iter().any(|needed| needed.as_ref().is_none_or(|needed| needed == key));
    keys.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    keys.dedup();
    for key in keys.iter().filter(|key| !is_needed(key)) {
        if let Err(failure) = sealing.vault.delete_data_key(key) {
            done.troubles.push(failure);
        }
    }
    Ok(done)
}

/// The sealed files, where the keyring is of use.
fn openable(sealing: &Sealing) -> Result<Vec<SecretFile>> {
    let mut sealed = secret_files(sealing)?;
    sealed.retain(|file| file.is_sealed);
    let mut troubles = sealed.iter().filter_map(|file| sealing.vault.data_key(file.key.as_ref()?).err());
    match troubles.find(|trouble| *trouble != Trouble::Missing) {
        None => Ok(sealed),
        Some(trouble) => Err(trouble.failure("nothing changed: encrypted files cannot be opened")),
    }
}

/// Every account's files that hold values.
pub(super) fn secret_files(sealing: &Sealing) -> Result<Vec<SecretFile>> {
    let mut found = Vec::new();
    for account in sealing.disk.accounts() {
        for kind in sealing.kinds {
            let path = kind.path(&sealing.disk, &account);
            let Some(bytes) = sealing.disk.read(&path)? else { continue };
            let header = Header::of(&bytes).ok();
            let values = header.as_ref().map_or(0, |header| header.values);
            let (key, is_sealed) = (header.map(|header| header.key), is_sealed(&bytes));
            found.push(SecretFile { account: account.clone(), kind, path, is_sealed, key, values });
        }
    }
    Ok(found)
}

/// The keys of every sealed file in the accounts' folders, whatever its name (somebody may have
/// moved it out of the way); `None` for one that does not say its key in a way that is understood.
fn keys_on_disk(sealing: &Sealing) -> Vec<Option<KeyId>> {
    let disk = &sealing.disk;
    let folders = disk
        .accounts()
        .into_iter()
        .flat_map(|account| [&disk.cache, &disk.data].map(|root| root.join(account.as_str())));
    let paths = folders.flat_map(|folder| names(&folder).into_iter().map(move |name| folder.join(name)));
    let key = |path: PathBuf| match std::fs::read(path) {
        Ok(bytes) if !is_sealed(&bytes) => None,
        Ok(bytes) => Some(Header::of(&bytes).ok().map(|header| header.key)),
        Err(_) => Some(None),
    };
    paths.filter(|path| path.is_file()).filter_map(key).collect()
}

/// Seals `file` with `key`, if it is not sealed.
fn seal_file(sealing: &Sealing, file: &SecretFile, key: &DataKey) -> Result<bool> {
    let Some(bytes) = sealing.disk.read(&file.path)? else { return Ok(false) };
    if is_sealed(&bytes) {
        return Ok(false);
    }
    // One that nobody can read is sealed all the same: it may hold what somebody can repair.
    let values = (file.kind.count)(&bytes).unwrap_or(0);
    sealing.disk.write(&file.path, &seal(&bytes, file.kind.place(&file.account), key, values)?)?;
    Ok(true)
}

/// Makes `file` a plain one, if it is sealed.
fn unseal_file(sealing: &Sealing, file: &SecretFile) -> Result<bool> {
    let Some(bytes) = sealing.disk.read(&file.path)? else { return Ok(false) };
    if !is_sealed(&bytes) {
        return Ok(false);
    }
    let plain = sealing.opened(bytes, file.kind.place(&file.account));
    let plain = plain.map_err(|why| why.failure(&file.path))?;
    sealing.disk.write(&file.path, &plain).map(|()| true)
}
