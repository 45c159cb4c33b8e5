//! The snapshot's file: what the account last said, so that shells can load without asking it.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Store;
use super::secret_file::LockedOut;
use super::slot::to_json;
use crate::domain::{AccountId, Failure, Result, Snapshot};
use crate::files;
use crate::vault::{Place, Refusal, Trouble};

/// The file's name in the account's folder.
pub(super) const FILE: &str = "snapshot.json";

#[derive(Deserialize)]
struct VersionIn {
    version: u32,
}

impl Store {
    /// The snapshot of `account`; `None` if there is none, or one of another version's format.
    ///
    /// One that cannot be parsed is set aside as `snapshot.json.corrupt`, aloud.
    pub fn snapshot(&self, account: &AccountId) -> Result<Option<Snapshot>> {
        let path = self.snapshot_path(account);
        let Some(opened) = self.read_opened(&path, Place { account, name: FILE })? else { return Ok(None) };
        let bytes = match opened {
            Ok(bytes) => bytes,
            Err(LockedOut::Refused(Refusal::OtherVersion)) => return Ok(None),
            Err(LockedOut::Refused(refusal)) => return set_aside(&path, &refusal.to_string()),
            Err(LockedOut::NoKey(_, trouble)) => return Err(locked_out(&path, &trouble)),
        };
        if let Some(snapshot) = parse(&bytes).filter(|snapshot| snapshot.account() == *account) {
            return Ok(Some(snapshot));
        }
        if let Ok(VersionIn { version }) = serde_json::from_slice(&bytes)
            && version > Snapshot::VERSION
        {
            return Ok(None);
        }
        set_aside(&path, "was damaged")
    }

    /// Writes the snapshot of its account.
    pub fn save_snapshot(&self, snapshot: &Snapshot) -> Result<()> {
        let account = snapshot.account();
        let place = Place { account: &account, name: FILE };
        let path = self.snapshot_path(&account);
        self.write_secret(&path, place, &to_json(&path, snapshot)?, snapshot.values())
    }

    /// Deletes the snapshot of `account`, as after a refused key.
    pub fn delete_snapshot(&self, account: &AccountId) -> Result<()> {
        files::remove(&self.snapshot_path(account))
    }

    /// The snapshot's file, and its size in bytes if it is there.
    pub fn snapshot_file(&self, account: &AccountId) -> (PathBuf, Option<u64>) {
        let path = self.snapshot_path(account);
        let size = std::fs::metadata(&path).ok().map(|metadata| metadata.len());
        (path, size)
    }

    fn snapshot_path(&self, account: &AccountId) -> PathBuf {
        self.account_folder(account).join(FILE)
    }
}

/// How many values the bytes of a snapshot hold.
pub(super) fn count_values(bytes: &[u8]) -> Option<usize> {
    parse(bytes).map(|snapshot| snapshot.values())
}

fn parse(bytes: &[u8]) -> Option<Snapshot> {
    serde_json::from_slice(bytes).ok()
}

fn set_aside(path: &Path, why: &str) -> Result<Option<Snapshot>> {
    let aside = path.with_extension("json.corrupt");
    std::fs::rename(path, &aside).map_err(|error| files::unwritable(&aside, &error))?;
    Err(Failure::unavailable(format!("the cache {} {why}; moved away and fetched again", path.display())))
}

fn locked_out(path: &Path, trouble: &Trouble) -> Failure {
    match trouble {
        Trouble::Missing => Failure::unavailable(format!(
            "the cache {} is encrypted with a key that the keyring no longer has; fetched again",
            path.display()
        )),
        _ => Failure::unavailable(format!("the cache {} cannot be opened: {trouble}", path.display()))
            .hint(trouble.hint()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Kind, Secret, ServerUrl, ServerVariable, Timestamp, Version};

    fn sample() -> Snapshot {
        let variable =
            |value: Option<&str>| ServerVariable { value: value.map(Secret::new), changed_at: Timestamp(5) };
        Snapshot {
            version: Version,
            server: ServerUrl::default(),
            user: "7".into(),
            email: Some("me@example.com".into()),
            fetched_at: Timestamp(10),
            doubtful: false,
            variables: [("A", Some("v\n")), ("odd;name", Some("")), ("HIDDEN", None)]
                .map(|(name, value)| (name.to_owned(), variable(value)))
                .into(),
        }
    }

    #[test]
    fn a_snapshot_is_read_back_as_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path(), &folder.path().join("cache"), &folder.path().join("data"));
        let snapshot = sample();
        assert_eq!(store.snapshot(&snapshot.account()), Ok(None));
        store.save_snapshot(&snapshot).expect("written");
        assert_eq!(store.snapshot(&snapshot.account()), Ok(Some(snapshot)));
    }

    #[test]
    fn a_damaged_one_is_set_aside_and_another_format_ignored() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path(), folder.path(), folder.path());
        let account = sample().account();
        let (path, _) = store.snapshot_file(&account);
        for damaged in ["", "{", "null", "[]", "{\"version\":1}", "{\"version\":1,\"variables\":{\"A\":5}}"] {
            store.write(&path, damaged.as_bytes()).expect("written");
            assert_eq!(store.snapshot(&account).unwrap_err().kind(), Kind::Unavailable, "{damaged}");
            assert!(!path.exists() && path.with_extension("json.corrupt").exists());
        }
        store.write(&path, b"{\"version\":3,\"new\":true}").expect("written");
        assert_eq!(store.snapshot(&account), Ok(None));
        assert!(path.exists());
    }
}
