//! The account's lists of API keys and of SSH keys as last known. They hold what a list shows, and no key.

use serde::{Deserialize, Serialize};

use super::{Timestamp, Version};

/// Which keys a list is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    Api,
    Ssh,
}

impl KeyKind {
    /// The list's name: of its file, of its lock, and on the command line of the background.
    pub fn name(self) -> &'static str {
        match self {
            Self::Api => "api-keys",
            Self::Ssh => "ssh-keys",
        }
    }

    /// The kind with this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Api, Self::Ssh].into_iter().find(|kind| kind.name() == name)
    }
}

/// A list as last known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyList {
    version: Version<1>,
    pub fetched_at: Timestamp,
    /// Whether a change since then ended so that nobody knows what the account holds now.
    pub doubtful: bool,
    pub keys: Vec<ListedKey>,
}

/// A key as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedKey {
    pub id: u64,
    /// The name of an API key, the comment of an SSH key; may be empty.
    pub name: String,
    /// The rights of an API key, the fingerprint of an SSH key; may be empty.
    pub detail: String,
}

impl KeyList {
    /// The list as the server tells it now.
    pub fn new(mut keys: Vec<ListedKey>, fetched_at: Timestamp) -> Self {
        keys.sort_by_key(|key| key.id);
        Self { version: Version, fetched_at, doubtful: false, keys }
    }

    /// Takes a key into the list, in place of one with the same number.
    pub fn put(&mut self, key: ListedKey) {
        self.remove(key.id);
        let at = self.keys.partition_point(|other| other.id < key.id);
        self.keys.insert(at, key);
    }

    /// Takes a key out of the list.
    pub fn remove(&mut self, id: u64) {
        self.keys.retain(|key| key.id != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: u64, name: &str) -> ListedKey {
        ListedKey { id, name: name.to_owned(), detail: String::new() }
    }

    #[test]
    fn a_key_is_put_in_its_place_and_removed() {
        let mut list = KeyList::new(vec![key(3, "c"), key(1, "a")], Timestamp(5));
        list.put(key(2, "b"));
        list.put(key(3, "C"));
        list.remove(1);
        assert_eq!(list.keys, [key(2, "b"), key(3, "C")]);
    }
}
