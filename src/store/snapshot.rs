//! The snapshot's file: what the account last said, so that shells can load without asking it.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde::Deserialize;

use crate::domain::{AccountId, Failure, Result, Snapshot};
use crate::files::{parse, remove, to_json, unwritable};
use crate::sealing::{Kind as SecretKind, LockedOut, Refusal, Sealing, Trouble};

pub(super) const KIND: SecretKind = SecretKind {
    name: "snapshot.json",
    is_cache: true,
    count: |bytes| parse(bytes).map(|snapshot: Snapshot| snapshot.values()),
};

#[derive(Deserialize)]
struct VersionIn {
    version: u32,
}

pub(crate) struct Snapshots(pub(super) Rc<Sealing>);

impl Snapshots {
    /// The snapshot of `account`; `None` if there is none, or one of another version's format.
    ///
    /// One that cannot be parsed is set aside as `snapshot.json.corrupt`, with a warning.
    pub(crate) fn load(&self, account: &AccountId) -> Result<Option<Snapshot>> {
        let path = self.path(account);
        let Some(opened) = self.0.read(&KIND, account)? else { return Ok(None) };
        let bytes = match opened {
            Ok(bytes) => bytes,
            Err(LockedOut::Refused(Refusal::OtherVersion)) => return Ok(None),
            Err(LockedOut::Refused(refusal)) => return set_aside(&path, &refusal.to_string()),
            Err(LockedOut::NoKey(_, trouble)) => return Err(locked_out(&path, &trouble)),
        };
        if let Some(snapshot) = parse(&bytes).filter(|snapshot: &Snapshot| snapshot.account() == *account) {
            return Ok(Some(snapshot));
        }
        if parse(&bytes).is_some_and(|VersionIn { version }| version > Snapshot::VERSION) {
            return Ok(None);
        }
        set_aside(&path, "was damaged")
    }

    /// Writes the snapshot of its account.
    pub(crate) fn save(&self, snapshot: &Snapshot) -> Result<()> {
        let account = snapshot.account();
        self.0.write(&KIND, &account, &to_json(&self.path(&account), snapshot)?)
    }

    /// Deletes the snapshot of `account`, as after a refused key.
    pub(crate) fn delete(&self, account: &AccountId) -> Result<()> {
        remove(&self.path(account))
    }

    pub(crate) fn path(&self, account: &AccountId) -> PathBuf {
        KIND.path(&self.0.disk, account)
    }
}

fn set_aside(path: &Path, why: &str) -> Result<Option<Snapshot>> {
    let aside = path.with_extension("json.corrupt");
    std::fs::rename(path, &aside).map_err(|error| unwritable(&aside, &error))?;
    Err(Failure::unavailable(format!("the cache {} {why}; moved away and fetched again", path.display())))
}

fn locked_out(path: &Path, trouble: &Trouble) -> Failure {
    match trouble {
        Trouble::Missing => Failure::unavailable(format!(
            "the cache {} is encrypted with a key that the keyring no longer has; fetched again",
            path.display()
        )),
        _ => trouble.unavailable(&format!("the cache {} cannot be opened", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Kind, Secret, ServerUrl, ServerVariable, Timestamp, Version};
    use crate::store::Store;

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
            gone: ["GONE".to_owned()].into(),
        }
    }

    #[test]
    fn a_snapshot_is_read_back_as_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::in_folder(folder.path());
        let snapshot = sample();
        assert_eq!(store.snapshots.load(&snapshot.account()), Ok(None));
        store.snapshots.save(&snapshot).expect("written");
        assert_eq!(store.snapshots.load(&snapshot.account()), Ok(Some(snapshot)));
    }

    #[test]
    fn a_damaged_one_is_set_aside_and_another_format_ignored() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::in_folder(folder.path());
        let account = sample().account();
        let path = store.snapshots.path(&account);
        for damaged in ["", "{", "null", "[]", "{\"version\":1}", "{\"version\":1,\"variables\":{\"A\":5}}"] {
            store.disk.write(&path, damaged.as_bytes()).expect("written");
            assert_eq!(store.snapshots.load(&account).unwrap_err().kind(), Kind::Unavailable, "{damaged}");
            assert!(!path.exists() && path.with_extension("json.corrupt").exists());
        }
        store.disk.write(&path, b"{\"version\":3,\"new\":true}").expect("written");
        assert_eq!(store.snapshots.load(&account), Ok(None));
        assert!(path.exists());
    }
}
