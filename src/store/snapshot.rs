//! The snapshot: what the account last said, so that shells can load without asking it.
//!
//! Its file holds the server's own words only; values that are remembered here lie in a file of
//! their own and are laid over the snapshot when it is read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde::{Deserialize, Serialize, Serializer};

use crate::domain::{AccountId, Failure, Result, Secret, ServerUrl, Timestamp};
use crate::environment::KnownValues;
use crate::files::{Version, parse, remove, to_json, unwritable};
use crate::sealing::{Kind as SecretKind, LockedOut, Refusal, Sealing, Trouble};

pub(super) const KIND: SecretKind = SecretKind {
    name: "snapshot.json",
    is_cache: true,
    count: |bytes| {
        let variables = parse::<Snapshot>(bytes)?.variables;
        Some(variables.values().filter(|variable| variable.value.is_some()).count())
    },
};

/// An account's variables as last known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    pub version: Version<VERSION>,
    pub server: ServerUrl,
    /// The user's id there.
    pub user: String,
    pub email: Option<String>,
    pub fetched_at: Timestamp,
    /// Whether a change since then ended so that nobody knows what the account holds now.
    pub doubtful: bool,
    /// The variables by name, as the server names them.
    pub variables: BTreeMap<String, Variable>,
    /// Why the remembered values that belong to it could not be read, if that is so.
    #[serde(skip)]
    pub unread: Option<Failure>,
}

/// The version of the file's format; another one is fetched anew.
const VERSION: u32 = 2;

/// One variable as last known.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Variable {
    /// Its value; `None` where the server only sends a mask, and nothing is remembered.
    pub value: Option<Secret>,
    #[serde(skip)]
    pub origin: Origin,
    /// When this machine first saw it so.
    pub changed_at: Timestamp,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// The server sent it in clear, or nothing but a mask.
    #[default]
    Account,
    /// It is remembered here; the server only sends a mask.
    Local,
}

#[derive(Deserialize)]
struct VersionIn {
    version: u32,
}

impl Variable {
    /// Its value, if the server itself told it.
    pub fn told(&self) -> Option<&Secret> {
        self.value.as_ref().filter(|_| self.origin == Origin::Account)
    }
}

impl Serialize for Variable {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Told<'a> {
            value: Option<&'a str>,
            changed_at: Timestamp,
        }
        Told { value: self.told().map(Secret::expose), changed_at: self.changed_at }.serialize(serializer)
    }
}

impl Snapshot {
    /// The variable of this name, or of this name in capitals, as the server saves it.
    pub fn find(&self, name: &str) -> Option<(&str, &Variable)> {
        let capitals = name.to_ascii_uppercase();
        let found = self.variables.get_key_value(name).or_else(|| self.variables.get_key_value(&capitals))?;
        Some((found.0.as_str(), found.1))
    }

    /// Each variable's value, as far as it is known here.
    pub fn values(&self) -> KnownValues<'_> {
        self.variables.iter().map(|(name, variable)| (name.as_str(), variable.value.as_ref())).collect()
    }

    /// The account that this is of.
    pub fn account(&self) -> AccountId {
        AccountId::new(&self.server, &self.user)
    }
}

pub struct Snapshots(pub(super) Rc<Sealing>);

impl Snapshots {
    /// The snapshot of `account`; `None` if there is none, or one of another version's format.
    ///
    /// One that cannot be parsed is set aside as `snapshot.json.corrupt`, aloud.
    pub fn load(&self, account: &AccountId) -> Result<Option<Snapshot>> {
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
        if parse(&bytes).is_some_and(|VersionIn { version }| version > VERSION) {
            return Ok(None);
        }
        set_aside(&path, "was damaged")
    }

    /// Writes the snapshot of its account.
    pub fn save(&self, snapshot: &Snapshot) -> Result<()> {
        let account = snapshot.account();
        self.0.write(&KIND, &account, &to_json(&self.path(&account), snapshot)?)
    }

    /// Deletes the snapshot of `account`, as after a refused key.
    pub fn delete(&self, account: &AccountId) -> Result<()> {
        remove(&self.path(account))
    }

    pub fn path(&self, account: &AccountId) -> PathBuf {
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
    use crate::domain::Kind;
    use crate::store::Store;

    fn sample() -> Snapshot {
        let variable = |value: Option<&str>| Variable {
            value: value.map(Secret::new),
            origin: Origin::Account,
            changed_at: Timestamp(5),
        };
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
            unread: None,
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
    fn what_is_only_known_here_has_no_place_in_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::in_folder(folder.path());
        let mut snapshot = sample();
        snapshot.variables.get_mut("A").expect("there").origin = Origin::Local;
        store.snapshots.save(&snapshot).expect("written");
        let read = store.snapshots.load(&snapshot.account()).expect("read").expect("there");
        assert_eq!(read.variables["A"].value, None);
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
