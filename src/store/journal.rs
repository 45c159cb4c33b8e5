//! The journal of a key reset: the new key, from the moment that the server told it until it rests
//! in the key file. The old key is dead by then, so nothing else could bring the new one back.

use std::path::PathBuf;

use super::Store;
use crate::domain::{Result, Secret};

impl Store {
    /// The key of a reset that was not finished.
    ///
    /// # Errors
    /// The journal is there but cannot be read.
    pub fn unfinished_reset(&self) -> Result<Option<Secret>> {
        let bytes = self.read(&self.journal_path())?;
        let text =
            bytes.and_then(|bytes| std::str::from_utf8(&bytes).ok().map(|text| Secret::new(text.trim())));
        Ok(text.filter(|key| !key.expose().is_empty()))
    }

    /// Notes the key that a reset brought; gives the journal's path.
    ///
    /// # Errors
    /// The state folder cannot be written.
    pub fn begin_reset(&self, key: &Secret) -> Result<PathBuf> {
        let path = self.journal_path();
        self.write(&path, key.expose().as_bytes())?;
        Ok(path)
    }

    /// The key rests in its file: the journal is removed.
    pub fn finish_reset(&self) {
        // One that stays is finished once more by the next command: the same key into the same file.
        let _ = std::fs::remove_file(self.journal_path());
    }

    fn journal_path(&self) -> PathBuf {
        self.state.join("reset-api-key")
    }
}
