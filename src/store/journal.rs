//! The journal of a key reset: first which key is about to die, then the new one, from the moment
//! that the server told it until it is in the key file. The old key is dead by then, so nothing
//! else could bring the new one back.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::{Digest, Result, Secret, ServerUrl};
use crate::files::{Disk, Slot};

/// A reset that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BegunReset {
    pub server: ServerUrl,
    /// The profile whose key it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The digest of the key that was to be replaced.
    pub old: Digest,
    /// Whether it belongs into the keyring, where the old one was, and not into the key file.
    #[serde(default)]
    pub in_keyring: bool,
    /// The new one, in its own file.
    #[serde(skip)]
    pub new: Option<Secret>,
}

/// The journal of a profile, or of none.
pub(crate) struct ResetJournal<'d> {
    pub(super) disk: &'d Disk,
    pub(super) profile: Option<&'d str>,
}

impl ResetJournal<'_> {
    /// Notes that `old` is about to be replaced, in the keyring or in the key file.
    pub(crate) fn begin(&self, server: &ServerUrl, old: &Digest, in_keyring: bool) -> Result<()> {
        let (server, old, profile) = (server.clone(), old.clone(), self.profile.map(str::to_owned));
        self.asked().save(&BegunReset { server, profile, old, in_keyring, new: None })
    }

    /// Notes the key that the reset brought.
    pub(crate) fn keep_key(&self, key: &Secret) -> Result<()> {
        self.disk.write(&self.key_path(), key.expose().as_bytes())
    }

    /// Keeps the new key with this number, as it came, because it is none that can be shown or used.
    pub(crate) fn keep_odd_key(&self, id: u64, key: &Secret) -> Result<PathBuf> {
        let path = self.disk.state.join(format!("new-api-key-{id}"));
        self.disk.write(&path, key.expose().as_bytes())?;
        Ok(path)
    }

    /// The reset that was begun and not ended, if there is one.
    pub(crate) fn begun(&self) -> Result<Option<BegunReset>> {
        let Some(begun) = self.asked().load(|file| format!("rm {file}"))? else { return Ok(None) };
        // Where letters of either case are one, the file may be that of another profile.
        if begun.profile.as_deref() != self.profile {
            return Ok(None);
        }
        let new = self.disk.read(&self.key_path())?;
        let new = new.and_then(|bytes| std::str::from_utf8(&bytes).ok().map(|text| Secret::new(text.trim())));
        Ok(Some(BegunReset { new: new.filter(|key| !key.expose().is_empty()), ..begun }))
    }

    /// The new key is where it belongs, or there is none: the journal is removed.
    pub(crate) fn end(&self) {
        // The key first: without the other part, nobody looks at it. What stays is ended once more
        // by the next command: the same key into the same file.
        let _ = std::fs::remove_file(self.key_path());
        let _ = self.asked().remove();
    }

    /// The file of the new key, for a message.
    pub(crate) fn key_path(&self) -> PathBuf {
        match self.profile {
            Some(name) => self.disk.state.join("resets").join(format!("{name}.key")),
            None => self.disk.state.join("reset-api-key"),
        }
    }

    fn asked(&self) -> Slot<'_, BegunReset> {
        let path = match self.profile {
            Some(name) => self.disk.state.join("resets").join(format!("{name}.json")),
            None => self.disk.state.join("reset-api-key.json"),
        };
        Slot::new(self.disk, path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::DigestKey;

    #[test]
    fn a_reset_is_kept_from_the_question_to_the_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Disk::new(folder.path(), folder.path(), folder.path());
        let journal = |profile| ResetJournal { disk: &disk, profile };
        let (server, old) = (ServerUrl::default(), DigestKey::new([1; 32]).digest(&[b"old"]));
        for profile in [None, Some("work"), Some("json")] {
            let others = [None, Some("work"), Some("json")].into_iter().filter(|other| *other != profile);
            let mine = journal(profile);
            assert_eq!(mine.begun(), Ok(None));
            mine.begin(&server, &old, true).expect("written");
            let mut expected = BegunReset {
                server: server.clone(),
                profile: profile.map(str::to_owned),
                old: old.clone(),
                new: None,
                in_keyring: true,
            };
            assert_eq!(mine.begun(), Ok(Some(expected.clone())));
            mine.keep_key(&Secret::new("new")).expect("written");
            expected.new = Some(Secret::new("new"));
            assert_eq!(mine.begun(), Ok(Some(expected)));
            others.for_each(|other| assert_eq!(journal(other).begun(), Ok(None), "{other:?}"));
            mine.end();
            assert_eq!(mine.begun(), Ok(None));
            assert!(!mine.key_path().exists());
        }
    }
}
