//! The account's lists of API keys and of SSH keys as last known, for a TAB. They hold what a list
//! shows, and no key.

use std::rc::Rc;

use crate::domain::{AccountId, KeyKind, KeyList, Result};
use crate::files::{Disk, Slot};

pub struct KeyLists(pub(super) Rc<Disk>);

impl KeyLists {
    /// A list of `account`.
    pub fn of(&self, account: &AccountId, kind: KeyKind) -> Slot<'_, KeyList> {
        let folder = self.0.cache.join(account.as_str());
        Slot::new(&self.0, folder.join(format!("{}.json", kind.name())))
    }

    /// Deletes the lists of `account`, as after a refused key.
    pub fn delete(&self, account: &AccountId) -> Result<()> {
        [KeyKind::Api, KeyKind::Ssh].into_iter().try_for_each(|kind| self.of(account, kind).remove())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ListedKey, ServerUrl, Timestamp};

    fn key(id: u64, name: &str) -> ListedKey {
        ListedKey { id, name: name.to_owned(), detail: String::new() }
    }

    #[test]
    fn a_list_is_read_back_and_a_damaged_one_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Rc::new(Disk::new(folder.path(), folder.path(), folder.path()));
        let lists = KeyLists(Rc::clone(&disk));
        let account = AccountId::new(&ServerUrl::default(), "1");
        let slot = lists.of(&account, KeyKind::Api);
        assert_eq!(slot.get(), None);
        let list = KeyList::new(vec![key(2, "b"), key(1, "a")], Timestamp(5));
        slot.save(&list).expect("written");
        assert_eq!(slot.get(), Some(list));
        assert_eq!(lists.of(&account, KeyKind::Ssh).get(), None);
        for damaged in [
            "",
            "{",
            "[]",
            "{\"version\":1}",
            "{\"version\":2,\"fetched_at\":1,\"doubtful\":false,\"keys\":[]}",
        ] {
            disk.write(&slot.path, damaged.as_bytes()).expect("written");
            assert_eq!(slot.get(), None, "{damaged}");
        }
    }
}
