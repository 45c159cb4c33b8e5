//! What rests on this machine: snapshots, remembered values, identities of keys, generations,
//! sessions, back-off.
//!
//! Everything lies in three private folders (0700) as private files (0600), and every write is atomic.

mod backoff;
mod due;
mod generation;
mod identity;
mod journal;
mod key_lists;
mod loaded;
mod lock;
mod notice;
mod own_keys;
mod pace;
mod secret_file;
mod session;
mod snapshot;
mod stamp;
mod superseded;
mod sweep;
mod told;
mod values;

use std::cell::RefCell;
use std::fmt;
use std::path::{Path, PathBuf};

pub use backoff::Backoff;
pub use identity::Identity;
pub use journal::BegunReset;
pub use key_lists::{KeyKind, KeyList, ListedKey};
pub use lock::{CONVERSION, Lock, WRITERS};
pub use session::Session;
pub use snapshot::{Origin, Snapshot, Variable};
pub use sweep::SecretFile;
pub use values::{KEPT_AFTER_DELETION, Means, Remembered, Values};

use crate::domain::{AccountId, Digest, DigestKey, Failure, Result};
use crate::files::{self, read_private, write_private};
use crate::vault::{Keyring, Storage, Vault};

/// The three folders, and what is needed to seal files.
pub struct Store {
    state: PathBuf,
    cache: PathBuf,
    data: PathBuf,
    notes: RefCell<Vec<String>>,
    vault: Vault,
    /// How files that hold values are to be written, as the settings say at the moment.
    storage: Box<dyn Fn() -> Result<Storage>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { state, cache, data, .. } = self;
        formatter.debug_tuple("Store").field(state).field(cache).field(data).finish()
    }
}

impl Store {
    /// A store of plain files in these folders; they are made when something is first written.
    pub fn new(state: &Path, cache: &Path, data: &Path) -> Self {
        Self {
            state: state.to_owned(),
            cache: cache.to_owned(),
            data: data.to_owned(),
            notes: RefCell::default(),
            vault: Vault::new(data, Keyring::default()),
            storage: Box::new(|| Ok(Storage::File)),
        }
    }

    /// The same, with the keys of sealed files in `keyring`, and written as `storage` says.
    #[must_use]
    pub fn sealed_by(self, keyring: Keyring, storage: impl Fn() -> Result<Storage> + 'static) -> Self {
        Self { vault: Vault::new(&self.data, keyring), storage: Box::new(storage), ..self }
    }

    /// Lets the keyring ask its user for a password, if it needs one.
    pub fn let_keyring_ask(&mut self) {
        self.vault.let_keyring_ask();
    }

    /// What was mended since the last call: sentences for the user.
    pub fn take_notes(&self) -> Vec<String> {
        self.notes.take()
    }

    fn note(&self, notes: Vec<String>) {
        self.notes.borrow_mut().extend(notes);
    }

    fn read(&self, path: &Path) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>> {
        let mut notes = Vec::new();
        let read = read_private(path, &mut notes);
        self.note(notes);
        read
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let mut notes = Vec::new();
        let written = write_private(path, bytes, &mut notes);
        self.note(notes);
        written
    }

    /// The key of all digests, made on the first call on this machine.
    ///
    /// # Errors
    /// The state folder cannot be written, or the file in it is not to be trusted.
    pub fn digest_key(&self) -> Result<DigestKey> {
        let path = self.state.join("digest.key");
        if let Some(key) = self.read_digest_key(&path)? {
            return Ok(key);
        }
        let mut bytes = zeroize::Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice())
            .map_err(|error| Failure::failed(format!("the system gives no random numbers: {error}")))?;
        let mut notes = Vec::new();
        let created = files::create_private(&path, bytes.as_slice(), &mut notes);
        self.note(notes);
        if created? {
            return Ok(DigestKey::new(*bytes));
        }
        // Another process was first; or what lies there is no key, and no ledger can depend on it.
        if let Some(key) = self.read_digest_key(&path)? {
            return Ok(key);
        }
        self.write(&path, bytes.as_slice())?;
        Ok(DigestKey::new(*bytes))
    }

    fn read_digest_key(&self, path: &Path) -> Result<Option<DigestKey>> {
        let bytes = self.read(path)?;
        Ok(bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok()).map(DigestKey::new))
    }

    /// Makes `folder` (0700), or checks that it is ours.
    ///
    /// # Errors
    /// It cannot be made, or belongs to somebody else.
    pub fn ensure(&self, folder: &Path) -> Result<()> {
        let mut notes = Vec::new();
        let ensured = files::ensure_private_folder(folder, &mut notes);
        self.note(notes);
        ensured
    }

    /// The numbers N of the files `<prefix>N` in the state folder.
    fn numbered(&self, prefix: &str) -> Vec<u64> {
        let Ok(entries) = std::fs::read_dir(&self.state) else { return Vec::new() };
        entries
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_prefix(prefix)?.parse().ok())
            .collect()
    }

    fn account_folder(&self, account: &AccountId) -> PathBuf {
        self.cache.join(account.as_str())
    }

    fn key_file(&self, folder: &str, key: &Digest) -> PathBuf {
        self.state.join(folder).join(format!("{}.json", key.as_str()))
    }
}
