//! Files that hold values: plain private files, or sealed ones.
//!
//! A file says by itself which it is, so that both can be read at any time: while everything is
//! converted, and wherever that was cut off. Only writing looks at what is wanted, and it does so right
//! before it writes: from the look on until it is written, nobody converts anything or deletes a key.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use zeroize::Zeroizing;

use super::entries::Storage;
use super::format::{DataKey, Header, Place, Refusal, is_sealed, open, seal};
use super::keyring::{Keyring, Trouble};
use super::vault::Vault;
use crate::domain::{AccountId, Failure, Result, count};
use crate::files::{Disk, unwritable};

/// The lock that every writer of a file with values has a share of, and who converts them all alone.
pub(super) const WRITERS: &str = "storage-writers";

/// The lock of who makes a new key.
const KEY: &str = "storage-key";

/// A kind of file that holds values; each account has one.
#[derive(Debug)]
pub struct Kind {
    pub name: &'static str,
    /// Whether it can be fetched again.
    pub is_cache: bool,
    /// How many values such a file holds; `None` of bytes that are none.
    pub count: fn(&[u8]) -> Option<usize>,
}

/// The files that hold values, and how they are stored.
pub struct Sealing {
    pub disk: Rc<Disk>,
    pub vault: Vault,
    pub(super) kinds: &'static [Kind],
    /// What a setting of an earlier version says; it counts until something is recorded.
    setting: Option<Storage>,
}

/// A sealed file that does not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockedOut {
    NoKey(Header, Trouble),
    Refused(Refusal),
}

/// What a file's bytes are once they are opened.
pub(super) type Opened = std::result::Result<Zeroizing<Vec<u8>>, LockedOut>;

impl Kind {
    pub(super) fn place<'a>(&self, account: &'a AccountId) -> Place<'a> {
        Place { account, name: self.name }
    }

    /// Where `account`'s is.
    pub fn path(&self, disk: &Disk, account: &AccountId) -> PathBuf {
        let root = if self.is_cache { &disk.cache } else { &disk.data };
        root.join(account.as_str()).join(self.name)
    }
}

impl Sealing {
    /// Files of these kinds, with the keys of sealed ones in `keyring`.
    pub fn new(disk: &Rc<Disk>, keyring: Keyring, setting: Option<Storage>, kinds: &'static [Kind]) -> Self {
        Self { disk: Rc::clone(disk), vault: Vault::new(disk, keyring), kinds, setting }
    }

    /// How files that hold values are to be stored.
    pub fn storage(&self) -> Result<Storage> {
        Ok(self.vault.entries()?.storage.or(self.setting).unwrap_or_default())
    }

    /// Reads and opens a file; `None` if there is none.
    pub fn read(&self, kind: &Kind, account: &AccountId) -> Result<Option<Opened>> {
        let path = kind.path(&self.disk, account);
        let Some(mut bytes) = self.disk.read(&path)? else { return Ok(None) };
        loop {
            let opened = self.opened(bytes.clone(), kind.place(account));
            if !matches!(opened, Err(LockedOut::NoKey(_, Trouble::Missing))) {
                return Ok(Some(opened));
            }
            // It may have been unsealed meanwhile, and its key deleted.
            match self.disk.read(&path)? {
                Some(again) if again != bytes => bytes = again,
                _ => return Ok(Some(opened)),
            }
        }
    }

    /// What `bytes` say, which were read at `place`, sealed or not.
    pub(super) fn opened(&self, bytes: Zeroizing<Vec<u8>>, place: Place<'_>) -> Opened {
        if !is_sealed(&bytes) {
            return Ok(bytes);
        }
        let header = Header::of(&bytes).map_err(LockedOut::Refused)?;
        match self.vault.data_key(&header.key) {
            Ok(key) => open(&bytes, place, &key).map_err(LockedOut::Refused),
            Err(trouble) => Err(LockedOut::NoKey(header, trouble)),
        }
    }

    /// Writes a file in the form that is wanted.
    pub fn write(&self, kind: &Kind, account: &AccountId, plain: &[u8]) -> Result<()> {
        let _share = self.disk.await_share(WRITERS)?;
        let path = kind.path(&self.disk, account);
        match self.settled_storage()? {
            Storage::File => self.disk.write(&path, plain),
            Storage::Keyring => {
                let values = (kind.count)(plain).unwrap_or(0);
                self.disk.write(&path, &seal(plain, kind.place(account), &self.sealing_key()?, values)?)
            }
        }
    }

    /// [`Self::storage`], recorded where only a setting says it so far.
    fn settled_storage(&self) -> Result<Storage> {
        let recorded = self.vault.entries()?.storage;
        if let (None, Some(setting)) = (recorded, self.setting) {
            // Where that fails, the setting counts once more.
            let _ = self.vault.edit_entries(|entries| *entries.storage.get_or_insert(setting));
        }
        Ok(recorded.or(self.setting).unwrap_or_default())
    }

    /// The key in use; a new one where there is none, or where the keyring works and has lost it.
    fn sealing_key(&self) -> Result<DataKey> {
        if let Some(key) = self.present_key()? {
            return Ok(key);
        }
        let _lock = self.disk.await_lock(KEY)?;
        // Another process may have made one meanwhile.
        self.present_key()?.map_or_else(|| self.vault.new_data_key(), Ok)
    }

    fn present_key(&self) -> Result<Option<DataKey>> {
        let Some(id) = self.vault.entries()?.data_key else { return Ok(None) };
        match self.vault.data_key(&id) {
            Ok(key) => Ok(Some(key)),
            Err(Trouble::Missing) => Ok(None),
            Err(trouble) => Err(trouble.unavailable("cannot encrypt, and nothing is written in clear text")),
        }
    }

    /// Moves a file whose key the keyring has lost out of the way, so that another can be written; says
    /// so in a note. Whoever calls this keeps others from writing it.
    pub fn move_lost(&self, kind: &Kind, account: &AccountId) -> Result<()> {
        let path = kind.path(&self.disk, account);
        let Some(bytes) = self.disk.read(&path)? else { return Ok(()) };
        let Err(LockedOut::NoKey(header, Trouble::Missing)) = self.opened(bytes, kind.place(account)) else {
            return Ok(());
        };
        let lost = path.with_extension("json.lost");
        let lost_shown = lost.display();
        if lost.exists() {
            return Err(Failure::failed(format!("{lost_shown} is there already, from an earlier lost key"))
                .hint("move it elsewhere, and try again"));
        }
        std::fs::rename(&path, &lost).map_err(|error| unwritable(&lost, &error))?;
        let values = count(header.values, "remembered value");
        self.disk.note(vec![format!(
            "the keyring no longer has the key of {values}: the encrypted file is kept as {lost_shown}"
        )]);
        Ok(())
    }
}

impl LockedOut {
    /// What is lost, and how to go on, where remembered values at `path` do not open.
    pub fn failure(&self, path: &Path) -> Failure {
        let path_shown = path.display();
        let (header, trouble) = match self {
            Self::Refused(Refusal::OtherVersion) => {
                return unreadable(path, "was encrypted by a later version of vastenv");
            }
            Self::Refused(refusal) => return unreadable(path, &refusal.to_string()),
            Self::NoKey(header, trouble) => (header, trouble),
        };
        let (values, verb) = match header.values {
            1 => ("value".to_owned(), "is"),
            several => (count(several, "value"), "are"),
        };
        match trouble {
            // Nobody can bring them back but a backup of the keyring: nothing waits for that.
            Trouble::Missing => Failure::failed(format!(
                "the {values} remembered in {path_shown} {verb} encrypted with a key that the keyring no longer has"
            ))
            .hint(ENTER_AGAIN),
            _ => trouble.unavailable(&format!("the {values} remembered in {path_shown} cannot be opened")),
        }
    }
}

/// What to do about remembered values whose key is lost.
pub(super) const ENTER_AGAIN: &str = "restore the keyring from a backup, or enter the values again: \
     vastenv remember env-var --all (the encrypted file is kept)";

/// Remembered values at `path` that nobody can read, and that stay where they are.
pub fn unreadable(path: &Path, why: &str) -> Failure {
    let shown = shell_escape::escape(path.to_string_lossy());
    Failure::unavailable(format!(
        "the remembered values in {} cannot be read: the file {why}",
        path.display()
    ))
    .hint(format!("restore a backup; or mv {shown} {shown}.damaged, then vastenv remember env-var --all"))
}
