//! The journal of a key reset: first which key is about to die, then the new one, from the moment
//! that the server told it until it rests in the key file. The old key is dead by then, so nothing
//! else could bring the new one back.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Store;
use crate::domain::{Digest, Failure, Result, Secret, ServerUrl};

/// A reset that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BegunReset {
    pub server: ServerUrl,
    /// The digest of the key that was to be replaced.
    pub old: Digest,
    pub new: Option<Secret>,
    /// Whether it belongs into the keyring, where the old one was, and not into the key file.
    pub in_keyring: bool,
}

/// The first part, as it is written.
#[derive(Serialize, Deserialize)]
struct Asked {
    server: String,
    old: String,
    #[serde(default)]
    in_keyring: bool,
}

impl Store {
    /// Notes that `old` is about to be replaced, in the keyring or in the key file.
    pub fn begin_reset(&self, server: &ServerUrl, old: &Digest, in_keyring: bool) -> Result<()> {
        let (server, old) = (server.as_str().to_owned(), old.as_str().to_owned());
        let asked = Asked { server, old, in_keyring };
        let bytes = serde_json::to_vec(&asked)
            .map_err(|error| Failure::failed(format!("cannot note the reset: {error}")))?;
        self.write(&self.asked_path(), &bytes)
    }

    /// Notes the key that the reset brought.
    pub fn keep_reset_key(&self, key: &Secret) -> Result<()> {
        self.write(&self.reset_key_path(), key.expose().as_bytes())
    }

    /// Keeps the new key with this number, as it came, because it is none that can be shown or used.
    pub fn keep_odd_key(&self, id: u64, key: &Secret) -> Result<PathBuf> {
        let path = self.state.join(format!("new-api-key-{id}"));
        self.write(&path, key.expose().as_bytes())?;
        Ok(path)
    }

    /// The reset that was begun and not ended, if there is one.
    pub fn begun_reset(&self) -> Result<Option<BegunReset>> {
        let Some(bytes) = self.read(&self.asked_path())? else { return Ok(None) };
        let damaged = || Failure::failed(format!("{} is damaged", self.asked_path().display()));
        let asked: Asked = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
        let new = self.read(&self.reset_key_path())?;
        let new = new.and_then(|bytes| std::str::from_utf8(&bytes).ok().map(|text| Secret::new(text.trim())));
        Ok(Some(BegunReset {
            server: ServerUrl::parse(&asked.server)?,
            old: Digest::parse(&asked.old).ok_or_else(damaged)?,
            new: new.filter(|key| !key.expose().is_empty()),
            in_keyring: asked.in_keyring,
        }))
    }

    /// The new key rests where it belongs, or there is none: the journal is removed.
    pub fn end_reset(&self) {
        // The key first: without the other part, nobody looks at it. What stays is ended once more
        // by the next command: the same key into the same file.
        let _ = std::fs::remove_file(self.reset_key_path());
        let _ = std::fs::remove_file(self.asked_path());
    }

    /// The file of the new key, for a message.
    pub fn reset_key_path(&self) -> PathBuf {
        self.state.join("reset-api-key")
    }

    fn asked_path(&self) -> PathBuf {
        self.state.join("reset-api-key.json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::DigestKey;

    #[test]
    fn a_reset_is_kept_from_the_question_to_the_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path(), folder.path(), folder.path());
        assert_eq!(store.begun_reset(), Ok(None));
        let (server, old) = (ServerUrl::default(), DigestKey::new([1; 32]).digest(&[b"old"]));
        store.begin_reset(&server, &old, true).expect("written");
        let mut expected = BegunReset { server, old, new: None, in_keyring: true };
        assert_eq!(store.begun_reset(), Ok(Some(expected.clone())));
        store.keep_reset_key(&Secret::new("new")).expect("written");
        expected.new = Some(Secret::new("new"));
        assert_eq!(store.begun_reset(), Ok(Some(expected)));
        store.end_reset();
        assert_eq!(store.begun_reset(), Ok(None));
        assert!(!store.reset_key_path().exists());
    }
}
