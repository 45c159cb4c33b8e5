//! What rests on this machine: snapshots, remembered values, identities of keys, generations,
//! sessions, back-off.
//!
//! Everything lies in three private folders (0700) as private files (0600), and every write is atomic.

mod backoff;
mod changes;
mod due;
mod generation;
mod identity;
mod journal;
mod lists;
mod loaded;
mod lock;
mod notice;
mod secret_file;
mod session;
mod slot;
mod snapshot;
mod stamp;
mod sweep;
mod told;
mod values;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

pub use backoff::Backoff;
pub use changes::{Change, Changes};
pub use identity::Identity;
pub use journal::BegunReset;
pub use lists::{CachedList, ListEntry, ListKind};
pub use lock::{CONVERSION, INTERVAL, Lock, PATIENCE, WRITERS};
pub use session::Session;
pub use slot::{Slot, Version};
pub use snapshot::{Origin, Snapshot, Variable};
pub use sweep::SecretFile;
pub use values::{KEPT_AFTER_DELETION, Means, Remembered, Values};

use zeroize::Zeroizing;

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
    dated_like: Option<PathBuf>,
    /// Where what cannot be written is kept until the process ends; `None` where that is a failure.
    unwritten: Option<RefCell<BTreeMap<PathBuf, Zeroizing<Vec<u8>>>>>,
    /// Something could not be written, and the user was told.
    goes_without: Cell<bool>,
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
            dated_like: None,
            unwritten: None,
            goes_without: Cell::new(false),
        }
    }

    /// The same, with generations that have the modification time of `file`: a shell that watches it
    /// compares it with the generation itself, and needs no stamp.
    #[must_use]
    pub fn dated_like(self, file: PathBuf) -> Self {
        Self { dated_like: Some(file), ..self }
    }

    /// The same, for a command that only needs an answer: what cannot be written is told once and used.
    /// Whatever must outlive the process fails all the same.
    #[must_use]
    pub fn for_one_answer(self) -> Self {
        Self { unwritten: Some(RefCell::default()), ..self }
    }

    /// Whether it is fine to go on without having written what `failure` tells of; the user is told, once.
    pub fn go_without(&self, failure: &Failure) -> bool {
        if self.unwritten.is_some() && !self.goes_without.replace(true) {
            let hint = failure.next_step().map_or(String::new(), |step| format!(" ({step})"));
            self.note(vec![format!("nothing is saved: {}{hint}", failure.message())]);
        }
        self.unwritten.is_some()
    }

    /// Whether everything so far could be written.
    pub fn is_kept(&self) -> bool {
        !self.goes_without.get()
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

    /// Adds sentences for the user.
    pub fn note(&self, notes: Vec<String>) {
        self.notes.borrow_mut().extend(notes);
    }

    fn read(&self, path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let unwritten = self.unwritten.as_ref().and_then(|files| files.borrow().get(path).cloned());
        if unwritten.is_some() {
            return Ok(unwritten);
        }
        read_private(path, &mut self.notes.borrow_mut())
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        write_private(path, bytes, &mut self.notes.borrow_mut())
    }

    /// As [`Self::write`], but where one answer is all that is wanted, the process's memory will do.
    fn write_if_possible(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let Err(failure) = self.write(path, bytes) else { return Ok(()) };
        self.hold(path, bytes, failure)
    }

    fn hold(&self, path: &Path, bytes: &[u8], failure: Failure) -> Result<()> {
        let Some(files) = self.unwritten.as_ref().filter(|_| self.go_without(&failure)) else {
            return Err(failure);
        };
        files.borrow_mut().insert(path.to_owned(), Zeroizing::new(bytes.to_vec()));
        Ok(())
    }

    /// The key of all digests, made on the first call on this machine.
    pub fn digest_key(&self) -> Result<DigestKey> {
        let path = self.state.join("digest.key");
        let bytes = files::random()?;
        self.first_digest_key(&path, &bytes).or_else(|failure| {
            self.hold(&path, bytes.as_slice(), failure)?;
            Ok(DigestKey::new(*bytes))
        })
    }

    /// The key in the file at `path`, which holds `bytes` if there was none.
    fn first_digest_key(&self, path: &Path, bytes: &Zeroizing<[u8; 32]>) -> Result<DigestKey> {
        if let Some(key) = self.read_digest_key(path)? {
            return Ok(key);
        }
        if files::create_private(path, bytes.as_slice(), &mut self.notes.borrow_mut())? {
            return Ok(DigestKey::new(**bytes));
        }
        // Another process was first; or what lies there is no key, and no ledger can depend on it.
        if let Some(key) = self.read_digest_key(path)? {
            return Ok(key);
        }
        self.write(path, bytes.as_slice())?;
        Ok(DigestKey::new(**bytes))
    }

    fn read_digest_key(&self, path: &Path) -> Result<Option<DigestKey>> {
        let bytes = self.read(path)?;
        Ok(bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok()).map(DigestKey::new))
    }

    /// Makes `folder` (0700), or checks that it is ours.
    pub fn ensure(&self, folder: &Path) -> Result<()> {
        files::ensure_private_folder(folder, &mut self.notes.borrow_mut())
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
