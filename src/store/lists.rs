//! The account's lists of keys and of instances as last known, for a TAB and for hints. They hold what a
//! list shows, and no key.

use std::rc::Rc;

use crate::domain::{AccountId, CachedList, ListKind, Result};
use crate::files::{Disk, Slot};

pub(crate) struct Lists(pub(super) Rc<Disk>);

impl Lists {
    /// A list of `account`.
    pub(crate) fn of(&self, account: &AccountId, kind: ListKind) -> Slot<'_, CachedList> {
        let folder = self.0.cache.join(account.as_str());
        Slot::new(&self.0, folder.join(format!("{}.json", kind.name())))
    }

    /// Deletes the lists of `account`, as after a refused key.
    pub(crate) fn delete(&self, account: &AccountId) -> Result<()> {
        ListKind::ALL.into_iter().try_for_each(|kind| self.of(account, kind).remove())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ListEntry, ServerUrl, Timestamp};

    fn key(id: u64, name: &str) -> ListEntry {
        ListEntry { id, name: name.to_owned(), detail: String::new(), status: None }
    }

    #[test]
    fn a_list_is_read_back_and_a_damaged_one_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Rc::new(Disk::new(folder.path(), folder.path(), folder.path()));
        let lists = Lists(Rc::clone(&disk));
        let account = AccountId::new(&ServerUrl::default(), "1");
        let slot = lists.of(&account, ListKind::ApiKeys);
        assert_eq!(slot.get(), None);
        let list = CachedList::new(vec![key(2, "b"), key(1, "a")], Timestamp(5));
        slot.save(&list).expect("written");
        assert_eq!(slot.get(), Some(list));
        assert_eq!(lists.of(&account, ListKind::SshKeys).get(), None);
        for damaged in [
            "",
            "{",
            "[]",
            "{\"version\":2}",
            "{\"version\":1,\"fetched_at\":1,\"doubtful\":false,\"entries\":[]}",
        ] {
            disk.write(&slot.path, damaged.as_bytes()).expect("written");
            assert_eq!(slot.get(), None, "{damaged}");
        }
    }
}
