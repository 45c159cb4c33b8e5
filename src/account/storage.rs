//! Where secrets rest: as private files, or sealed with a key in the keyring. The change from one to
//! the other, and a report.
//!
//! A file says by itself which it is, and both are read at any time: so whatever instruction a
//! conversion ends at, everything is still readable, and doing it again finishes it. The settings say
//! "keyring" only after everything is sealed; on the way back they say "file" first.

use crate::config::{self, Config, Paths};
use crate::domain::{Failure, Kind, Result, Timestamp, count};
use crate::files;
use crate::store::{CONVERSION, Lock, SecretFile, Store, WRITERS};
use crate::vault::{KeyId, Storage, Trouble};

/// What a conversion did.
#[derive(Debug, Default)]
pub struct Converted {
    /// How many files were written anew.
    pub files: usize,
    /// What did not work: the rest is done all the same.
    pub troubles: Vec<Failure>,
}

/// Makes every file that holds values be of the form `wanted`, and the settings say so.
pub fn convert(paths: &Paths, store: &Store, wanted: Storage, now: fn() -> Timestamp) -> Result<Converted> {
    let _conversion = store.await_lock(CONVERSION)?;
    // What the keyring asks its user, it asks before anybody else has to wait.
    match wanted {
        Storage::Keyring => store.vault().sure_data_key().map(drop),
        Storage::File => openable(store).map(drop),
    }?;
    let _locks = lock_all(store)?;
    let converted = match wanted {
        Storage::Keyring => seal_all(paths, store),
        Storage::File => unseal_all(paths, store),
    }?;
    files::sweep(&paths.vastai_config);
    store.sweep_leftovers();
    store.publish_generation(now())?;
    Ok(converted)
}

/// Whoever calls this holds all locks.
fn seal_all(paths: &Paths, store: &Store) -> Result<Converted> {
    // From the keyring itself: whatever is sealed now must open after the next login.
    let key = store.vault().sure_data_key()?;
    let mut done = Converted::default();
    for account in store.accounts() {
        for file in store.secret_files(&account)? {
            done.files += usize::from(store.seal_file(&file, &key)?);
        }
        store.delete_damaged_snapshot(&account)?;
    }
    store.vault().keep_sure(&key)?;
    config::set_storage(&paths.config_file, Storage::Keyring)?;
    Ok(done)
}

/// Whoever calls this holds all locks.
fn unseal_all(paths: &Paths, store: &Store) -> Result<Converted> {
    let sealed = openable(store)?;
    let mut done = Converted::default();
    let mut keys: Vec<KeyId> = store.vault().current()?.data_key.into_iter().collect();
    keys.extend(sealed.iter().filter_map(|file| file.key.clone()));
    config::set_storage(&paths.config_file, Storage::File)?;
    for file in sealed {
        match store.unseal_file(&file) {
            Ok(true) => done.files += 1,
            Ok(false) => {}
            // A snapshot is only a cache: it is fetched anew.
            Err(_) if !file.is_remembered() => store.delete_snapshot(&file.account)?,
            Err(failure) => done.troubles.push(failure),
        }
    }
    // One that a later version sealed may need any of them.
    let left = store.keys_on_disk()?;
    let is_needed =
        |key: &KeyId| left.iter().any(|needed| needed.as_ref().is_none_or(|needed| needed == key));
    keys.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    keys.dedup();
    for key in keys.iter().filter(|key| !is_needed(key)) {
        if let Err(failure) = store.vault().delete_data_key(key) {
            done.troubles.push(failure);
        }
    }
    Ok(done)
}

/// The sealed files, where the keyring is of use.
fn openable(store: &Store) -> Result<Vec<SecretFile>> {
    let sealed = sealed_files(store)?;
    let mut troubles = sealed.iter().filter_map(|file| store.vault().data_key(file.key.as_ref()?).err());
    match troubles.find(|trouble| *trouble != Trouble::Missing) {
        None => Ok(sealed),
        Some(trouble) => {
            Err(Failure::failed(format!("nothing changed: encrypted files cannot be opened: {trouble}"))
                .hint(trouble.hint()))
        }
    }
}

/// Keeps refreshes and changes of every account away, and then every writer: also one whose account
/// has no file yet, and one that could not wait for its turn.
fn lock_all(store: &Store) -> Result<(Vec<[Lock; 2]>, Lock)> {
    let accounts =
        store.accounts().iter().map(|account| store.lock_account(account)).collect::<Result<_>>()?;
    Ok((accounts, store.await_lock(WRITERS)?))
}

fn sealed_files(store: &Store) -> Result<Vec<SecretFile>> {
    Ok(all_files(store)?.into_iter().filter(|file| file.is_sealed).collect())
}

fn all_files(store: &Store) -> Result<Vec<SecretFile>> {
    let mut files = Vec::new();
    for account in store.accounts() {
        files.extend(store.secret_files(&account)?);
    }
    Ok(files)
}

/// Where secrets rest.
#[derive(Debug)]
pub struct StorageReport {
    /// What the settings say.
    pub wanted: Storage,
    /// Files that are not (yet) of that form.
    pub others: Vec<SecretFile>,
    /// Sealed files whose key the keyring has lost.
    pub lost: Vec<SecretFile>,
    /// The keyring's state, where anything depends on it. It counts as lost only where no file can be
    /// opened with it.
    pub keyring: Option<std::result::Result<(), Trouble>>,
    /// Whether the API key in use, should no other come first, is in the keyring.
    pub api_key: bool,
}

/// Describes where secrets rest. The keyring is asked, where anything depends on it.
pub fn describe_storage(store: &Store, config: &Config) -> Result<StorageReport> {
    let files = all_files(store)?;
    let current = store.vault().current()?;
    let vault = store.vault();
    let is_on = config.storage == Storage::Keyring;
    let mut states: Vec<(KeyId, std::result::Result<(), Trouble>)> = Vec::new();
    let in_use = files.iter().filter_map(|file| file.key.clone());
    for id in in_use.chain(current.data_key.filter(|_| is_on)) {
        if states.iter().all(|(known, _)| *known != id) {
            let state = vault.data_key_in_keyring(&id).map(drop);
            states.push((id, state));
        }
    }
    let is_lost = |file: &SecretFile| {
        states.iter().any(|(id, state)| file.key.as_ref() == Some(id) && *state == Err(Trouble::Missing))
    };
    let lost: Vec<_> = files.iter().filter(|file| is_lost(file)).cloned().collect();
    let keyring = match (&current.api_key, states.is_empty()) {
        (_, false) => {
            let states = states.into_iter().map(|(_, state)| state);
            // One that is of no use at all first, then one that has a key.
            states.min_by_key(|state| match state {
                Ok(()) => 1,
                Err(Trouble::Missing) => 2,
                Err(_) => 0,
            })
        }
        (Some(id), true) => Some(vault.holds_api_key(id)),
        (None, true) if config.storage == Storage::Keyring => Some(vault.is_reachable()),
        (None, true) => None,
    };
    let others =
        files.into_iter().filter(|file| file.is_sealed != (config.storage == Storage::Keyring)).collect();
    let api_key = current.api_key.is_some();
    Ok(StorageReport { wanted: config.storage, others, lost, keyring, api_key })
}

impl StorageReport {
    /// One line for a person.
    pub fn sentence(&self) -> String {
        let mut text = match self.wanted {
            Storage::File => "private files".to_owned(),
            Storage::Keyring => "files encrypted with a key in the keyring".to_owned(),
        };
        if let Some(state) = &self.keyring {
            let state = match state {
                Ok(()) => "the keyring answers".to_owned(),
                Err(Trouble::Missing) => "the keyring no longer has it".to_owned(),
                Err(trouble) => trouble.to_string(),
            };
            text.push_str(&format!(" ({state})"));
        }
        if self.api_key {
            text.push_str("; the API key is in the keyring");
        }
        for file in &self.lost {
            let (values, path) = (count(file.values, "value"), file.path.display());
            text.push_str(&format!("; the keyring no longer has the key of the {values} in {path}"));
        }
        if !self.others.is_empty() {
            let form = if self.wanted == Storage::Keyring { "not encrypted" } else { "still encrypted" };
            let paths: Vec<_> = self.others.iter().map(|file| file.path.display().to_string()).collect();
            text.push_str(&format!("; {form}: {}", paths.join(", ")));
        }
        text
    }

    /// What is wrong with it, if anything is.
    pub fn problem(&self) -> Option<Failure> {
        match &self.keyring {
            Some(Err(trouble)) => Some(Failure::new(Kind::Unavailable, self.sentence()).hint(trouble.hint())),
            _ if !self.lost.is_empty() => {
                let is_cache = self.lost.iter().all(|file| !file.is_remembered());
                let mend = if is_cache {
                    "fetch it again: vastenv refresh"
                } else {
                    "restore the keyring from a backup, or enter the values again: vastenv remember env-var --all (the encrypted file is kept)"
                };
                Some(Failure::new(Kind::Unavailable, self.sentence()).hint(mend))
            }
            _ if !self.others.is_empty() => {
                Some(Failure::failed(self.sentence()).hint(format!("vastenv storage {}", self.wanted)))
            }
            _ => None,
        }
    }
}
