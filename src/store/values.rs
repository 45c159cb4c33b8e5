//! Remembered values: what the server will not show, kept for each account apart from the cache,
//! because nobody can fetch it a second time.

use std::path::PathBuf;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::domain::{AccountId, Result, Timestamp, Values, Version};
use crate::files::{parse, to_json};
use crate::sealing::{Kind, Sealing, unreadable};

pub(super) const KIND: Kind = Kind {
    name: "values.json",
    is_cache: false,
    count: |bytes| parse(bytes).map(|file: File| file.values.len()),
};

#[derive(Serialize, Deserialize)]
struct File {
    version: Version<1>,
    values: Values,
}

/// The remembered values of every account.
pub(crate) struct RememberedValues {
    pub(super) sealing: Rc<Sealing>,
    pub(super) now: fn() -> Timestamp,
}

impl RememberedValues {
    /// What is remembered of `account`; without what has expired, whether or not it is still there.
    ///
    /// # Errors
    /// The file is there but cannot be read, trusted or understood. It is never set aside by itself:
    /// nobody can fetch its values anew.
    pub(crate) fn load(&self, account: &AccountId) -> Result<Values> {
        let mut values = self.all(account)?;
        self.drop_expired(&mut values);
        Ok(values)
    }

    fn all(&self, account: &AccountId) -> Result<Values> {
        let path = self.path(account);
        let Some(opened) = self.sealing.read(&KIND, account)? else { return Ok(Values::new()) };
        let bytes = opened.map_err(|why| why.failure(&path))?;
        parse(&bytes)
            .map(|file: File| file.values)
            .ok_or_else(|| unreadable(&path, "is damaged, or of a later version of vastenv"))
    }

    /// Changes what is remembered of `account`, one process at a time; writes only what differs. What
    /// has expired is dropped.
    ///
    /// # Errors
    /// The file cannot be read or written; what `edit` itself fails with: then nothing is written.
    pub(crate) fn edit<T>(
        &self,
        account: &AccountId,
        edit: impl FnOnce(&mut Values) -> Result<T>,
    ) -> Result<T> {
        let (edited, written) = self.try_to_edit(account, edit)?;
        written.map(|()| edited)
    }

    /// As [`Self::edit`], with what `edit` made of the values even if they could not be written.
    pub(crate) fn try_to_edit<T>(
        &self,
        account: &AccountId,
        edit: impl FnOnce(&mut Values) -> Result<T>,
    ) -> Result<(T, Result<()>)> {
        let _lock = self.sealing.disk.lock_values(account)?;
        let before = self.all(account)?;
        let mut values = before.clone();
        self.drop_expired(&mut values);
        let edited = edit(&mut values)?;
        if values == before {
            return Ok((edited, Ok(())));
        }
        Ok((edited, self.write(account, values)))
    }

    fn write(&self, account: &AccountId, values: Values) -> Result<()> {
        let bytes = to_json(&self.path(account), &File { version: Version, values })?;
        self.sealing.write(&KIND, account, &bytes)
    }

    /// Moves values whose key the keyring has lost to `values.json.lost`, so that others can be
    /// remembered; says so in a note.
    pub(crate) fn move_lost(&self, account: &AccountId) -> Result<()> {
        let _lock = self.sealing.disk.lock_values(account)?;
        self.sealing.move_lost(&KIND, account)
    }

    fn drop_expired(&self, values: &mut Values) {
        let now = (self.now)();
        values.retain(|_, remembered| !remembered.is_expired(now));
    }

    pub(crate) fn path(&self, account: &AccountId) -> PathBuf {
        KIND.path(&self.sealing.disk, account)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::*;
    use crate::domain::{KEPT_AFTER_DELETION, Kind, Remembered, RememberedFrom, Secret, ServerUrl};
    use crate::store::Store;

    fn account() -> AccountId {
        AccountId::new(&ServerUrl::default(), "7")
    }

    fn remember(store: &Store, name: &str, value: &str) {
        let entry = Remembered::new(Secret::new(value), RememberedFrom::Given, Timestamp(5));
        store
            .values
            .edit(&account(), |values| {
                values.insert(name.to_owned(), entry);
                Ok(())
            })
            .expect("written");
    }

    #[test]
    fn values_are_read_back_as_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::in_folder(folder.path());
        assert_eq!(store.values.load(&account()), Ok(Values::new()));
        remember(&store, "A", "v\n\"");
        remember(&store, "B", "");
        let values = store.values.load(&account()).expect("read");
        assert_eq!((values["A"].value.expose(), values["B"].value.expose()), ("v\n\"", ""));
        assert_eq!(values["A"].by, RememberedFrom::Given);
    }

    #[test]
    fn what_has_expired_is_not_there_and_goes_with_the_next_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::in_folder(folder.path());
        let gone = |at| Remembered {
            gone_at: Some(at),
            ..Remembered::new(Secret::new("v"), RememberedFrom::Sent, Timestamp(5))
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let recent = gone(Timestamp(now - KEPT_AFTER_DELETION + 3600));
        let values = [("OLD", gone(Timestamp(now - KEPT_AFTER_DELETION))), ("RECENT", recent)];
        let values: Values = values.map(|(name, value)| (name.to_owned(), value)).into();
        store.values.write(&account(), values).expect("written");
        let names = |values: &Values| values.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&store.values.load(&account()).expect("read")), ["RECENT"]);
        assert_eq!(names(&store.values.all(&account()).expect("read")), ["OLD", "RECENT"]);
        let edited = store.values.edit(&account(), |values| Ok(names(values))).expect("written");
        assert_eq!(edited, ["RECENT"]);
        assert_eq!(names(&store.values.all(&account()).expect("read")), ["RECENT"]);
    }

    #[test]
    fn a_damaged_file_stays_where_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::in_folder(folder.path());
        let path = store.values.path(&account());
        for damaged in ["", "{", "[]", "{\"version\":2,\"values\":{}}"] {
            store.disk.write(&path, damaged.as_bytes()).expect("written");
            assert_eq!(store.values.load(&account()).unwrap_err().kind(), Kind::Unavailable, "{damaged}");
            let edited = store.values.edit(&account(), |values| {
                values.clear();
                Ok(())
            });
            assert!(edited.is_err());
            assert_eq!(std::fs::read(&path).expect("there"), damaged.as_bytes());
        }
    }

    #[test]
    fn editors_at_once_lose_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().to_owned();
        let threads: Vec<_> = (0..8)
            .map(|number| {
                let path = path.clone();
                std::thread::spawn(move || {
                    remember(&Store::in_folder(&path), &format!("N{number}"), "v");
                })
            })
            .collect();
        for thread in threads {
            thread.join().expect("no panic");
        }
        assert_eq!(Store::in_folder(&path).values.load(&account()).expect("read").len(), 8);
    }
}
