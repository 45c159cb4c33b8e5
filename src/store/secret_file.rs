//! Files that hold values: plain private files, or sealed ones, as the user's settings say.
//!
//! A file says by itself which it is, so that both can be read at any time: while everything is
//! converted, and wherever that was cut off. Only writing looks at the settings, and it does so right
//! before it writes: from the look on until it is written, nobody converts anything or deletes a key.

use std::path::Path;

use zeroize::Zeroizing;

use super::Store;
use super::lock::{KEY, WRITERS};
use crate::domain::{AccountId, Failure, Result, count};
use crate::files;
use crate::vault::{self, DataKey, Header, Place, Refusal, Storage, Trouble, Vault};

/// A sealed file that does not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LockedOut {
    NoKey(Header, Trouble),
    Refused(Refusal),
}

/// What a file's bytes are once they are opened.
pub(super) type Opened = std::result::Result<Zeroizing<Vec<u8>>, LockedOut>;

impl Store {
    /// The keys of sealed files.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// What `bytes` say, which were read at `place`, sealed or not.
    pub(super) fn opened(&self, bytes: Zeroizing<Vec<u8>>, place: Place<'_>) -> Opened {
        if !vault::is_sealed(&bytes) {
            return Ok(bytes);
        }
        let header = Header::of(&bytes).map_err(LockedOut::Refused)?;
        match self.vault.data_key(&header.key) {
            Ok(key) => vault::open(&bytes, place, &key).map_err(LockedOut::Refused),
            Err(trouble) => Err(LockedOut::NoKey(header, trouble)),
        }
    }

    /// Reads and opens the file at `place`; `None` if there is none.
    pub(super) fn read_opened(&self, path: &Path, place: Place<'_>) -> Result<Option<Opened>> {
        let Some(mut bytes) = self.read(path)? else { return Ok(None) };
        loop {
            let opened = self.opened(bytes.clone(), place);
            if !matches!(opened, Err(LockedOut::NoKey(_, Trouble::Missing))) {
                return Ok(Some(opened));
            }
            // It may have been unsealed meanwhile, and its key deleted.
            match self.read(path)? {
                Some(again) if again != bytes => bytes = again,
                _ => return Ok(Some(opened)),
            }
        }
    }

    /// Writes a file that holds `values` values, in the form that the settings want.
    pub(super) fn write_secret(
        &self,
        path: &Path,
        place: Place<'_>,
        plain: &[u8],
        values: usize,
    ) -> Result<()> {
        let _share = self.await_share(WRITERS)?;
        match (self.storage)()? {
            Storage::File => self.write(path, plain),
            Storage::Keyring => self.write(path, &vault::seal(plain, place, &self.sealing_key()?, values)?),
        }
    }

    /// The key in use; a new one where there is none, or where the keyring works and has lost it.
    fn sealing_key(&self) -> Result<DataKey> {
        if let Some(key) = self.present_key()? {
            return Ok(key);
        }
        let _lock = self.await_lock(KEY)?;
        // Another process may have made one meanwhile.
        self.present_key()?.map_or_else(|| self.vault.new_data_key(), Ok)
    }

    fn present_key(&self) -> Result<Option<DataKey>> {
        let Some(id) = self.vault.current()?.data_key else { return Ok(None) };
        match self.vault.data_key(&id) {
            Ok(key) => Ok(Some(key)),
            Err(Trouble::Missing) => Ok(None),
            Err(trouble) => Err(Failure::unavailable(format!(
                "cannot encrypt, and nothing is written in clear text: {trouble}"
            ))
            .hint(trouble.hint())),
        }
    }

    /// Moves remembered values whose key the keyring has lost to `values.json.lost`, so that others can be
    /// remembered; says so in a note.
    pub fn move_lost_values(&self, account: &AccountId) -> Result<()> {
        let path = self.values_path(account);
        let place = Place { account, name: super::values::FILE };
        let _lock = self.lock_values(account)?;
        let Some(bytes) = self.read(&path)? else { return Ok(()) };
        let Err(LockedOut::NoKey(header, Trouble::Missing)) = self.opened(bytes, place) else {
            return Ok(());
        };
        let lost = path.with_extension("json.lost");
        if lost.exists() {
            return Err(Failure::failed(format!(
                "{} is there already, from an earlier lost key",
                lost.display()
            ))
            .hint("move it elsewhere, and try again"));
        }
        std::fs::rename(&path, &lost).map_err(|error| files::unwritable(&lost, &error))?;
        self.note(vec![format!(
            "the keyring no longer holds the key of {} remembered before: the sealed file is now {}",
            count(header.values, "value"),
            lost.display()
        )]);
        Ok(())
    }
}
