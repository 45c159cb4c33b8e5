//! The account's lists of keys and of instances as last known, for a TAB and for hints. They hold what a
//! list shows, and no key.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Slot, Store, Version};
use crate::domain::{AccountId, Digest, Result, Timestamp};

/// What a list is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    ApiKeys,
    SshKeys,
    Instances,
}

impl ListKind {
    const ALL: [Self; 3] = [Self::ApiKeys, Self::SshKeys, Self::Instances];

    /// The list's name: of its file, of its lock, and on the command line of the background.
    pub fn name(self) -> &'static str {
        match self {
            Self::ApiKeys => "api-keys",
            Self::SshKeys => "ssh-keys",
            Self::Instances => "instances",
        }
    }

    /// The kind with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A list as last known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CachedList {
    version: Version<2>,
    pub fetched_at: Timestamp,
    /// Whether a change since then ended so that nobody knows what the account holds now.
    pub doubtful: bool,
    pub entries: Vec<ListEntry>,
}

/// A key or an instance as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListEntry {
    pub id: u64,
    /// The name of an API key, the comment of an SSH key, the label of an instance; may be empty.
    pub name: String,
    /// The rights of an API key, the fingerprint of an SSH key, the GPUs of an instance; may be empty.
    pub detail: String,
    /// That of an instance: `running`, say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

impl CachedList {
    /// The list as the server tells it now.
    pub fn new(mut entries: Vec<ListEntry>, fetched_at: Timestamp) -> Self {
        entries.sort_by_key(|entry| entry.id);
        Self { version: Version, fetched_at, doubtful: false, entries }
    }

    /// Takes an entry into the list, in place of one with the same number.
    pub fn put(&mut self, entry: ListEntry) {
        self.remove(entry.id);
        let at = self.entries.partition_point(|other| other.id < entry.id);
        self.entries.insert(at, entry);
    }

    /// Takes an entry out of the list.
    pub fn remove(&mut self, id: u64) {
        self.entries.retain(|entry| entry.id != id);
    }
}

impl Store {
    /// A list of `account`.
    pub fn list(&self, account: &AccountId, kind: ListKind) -> Slot<'_, CachedList> {
        self.slot(self.account_folder(account).join(format!("{}.json", kind.name())))
    }

    /// Deletes the lists of `account`, as after a refused key.
    pub fn delete_lists(&self, account: &AccountId) -> Result<()> {
        ListKind::ALL.into_iter().try_for_each(|kind| self.list(account, kind).remove())
    }

    /// The digests of the keys of `account` that were made through here, by id: by them the key in use is
    /// known, although the server never lists keys themselves.
    pub fn own_keys(&self, account: &AccountId) -> Slot<'_, BTreeMap<u64, Digest>> {
        self.slot(self.state.join("own-keys").join(format!("{}.json", account.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ServerUrl;

    fn key(id: u64, name: &str) -> ListEntry {
        ListEntry { id, name: name.to_owned(), detail: String::new(), status: None }
    }

    #[test]
    fn a_list_is_read_back_and_a_damaged_one_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path(), folder.path(), folder.path());
        let account = AccountId::new(&ServerUrl::default(), "1");
        let slot = store.list(&account, ListKind::ApiKeys);
        assert_eq!(slot.get(), None);
        let list = CachedList::new(vec![key(2, "b"), key(1, "a")], Timestamp(5));
        slot.save(&list).expect("written");
        assert_eq!(slot.get(), Some(list));
        assert_eq!(store.list(&account, ListKind::SshKeys).get(), None);
        for damaged in [
            "",
            "{",
            "[]",
            "{\"version\":2}",
            "{\"version\":1,\"fetched_at\":1,\"doubtful\":false,\"entries\":[]}",
        ] {
            let path = store.account_folder(&account).join("api-keys.json");
            store.write(&path, damaged.as_bytes()).expect("written");
            assert_eq!(slot.get(), None, "{damaged}");
        }
    }

    #[test]
    fn a_key_is_put_in_its_place_and_removed() {
        let mut list = CachedList::new(vec![key(3, "c"), key(1, "a")], Timestamp(5));
        list.put(key(2, "b"));
        list.put(key(3, "C"));
        list.remove(1);
        assert_eq!(list.entries, [key(2, "b"), key(3, "C")]);
    }
}
