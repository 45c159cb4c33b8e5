//! Remembered values: what the server will not show, kept for each account apart from the cache,
//! because nobody can fetch it a second time.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::secret_file::LockedOut;
use super::slot::to_json;
use super::{Lock, Store};
use crate::domain::{AccountId, Failure, Result, Timestamp, Values, Version, count};
use crate::vault::{Place, Refusal, Trouble};

/// The file's name in the account's folder.
pub(super) const FILE: &str = "values.json";

#[derive(Serialize, Deserialize)]
struct File {
    version: Version<1>,
    values: Values,
}

pub(super) fn parse(bytes: &[u8]) -> Option<Values> {
    serde_json::from_slice(bytes).ok().map(|file: File| file.values)
}

impl Store {
    /// What is remembered of `account`; without what has expired, whether or not it is still there.
    ///
    /// # Errors
    /// The file is there but cannot be read, trusted or understood. It is never set aside by itself:
    /// nobody can fetch its values anew.
    pub fn values(&self, account: &AccountId) -> Result<Values> {
        let mut values = self.all_values(account)?;
        drop_expired(&mut values);
        Ok(values)
    }

    fn all_values(&self, account: &AccountId) -> Result<Values> {
        let path = self.values_path(account);
        let Some(opened) = self.read_opened(&path, Place { account, name: FILE })? else {
            return Ok(Values::new());
        };
        match opened {
            Ok(bytes) => {
                parse(&bytes).ok_or_else(|| unreadable(&path, "is damaged, or of a later version of vastenv"))
            }
            Err(why) => Err(locked_out_failure(&path, &why)),
        }
    }

    /// Changes what is remembered of `account`, one process at a time; writes only what differs. What
    /// has expired is dropped.
    ///
    /// # Errors
    /// The file cannot be read or written; what `edit` itself fails with: then nothing is written.
    pub fn edit_values<T>(
        &self,
        account: &AccountId,
        edit: impl FnOnce(&mut Values) -> Result<T>,
    ) -> Result<T> {
        let (edited, written) = self.try_to_edit_values(account, edit)?;
        written.map(|()| edited)
    }

    /// As [`Self::edit_values`], with what `edit` made of the values even if they could not be written.
    pub fn try_to_edit_values<T>(
        &self,
        account: &AccountId,
        edit: impl FnOnce(&mut Values) -> Result<T>,
    ) -> Result<(T, Result<()>)> {
        let _lock = self.lock_values(account)?;
        let before = self.all_values(account)?;
        let mut values = before.clone();
        drop_expired(&mut values);
        let edited = edit(&mut values)?;
        if values == before {
            return Ok((edited, Ok(())));
        }
        Ok((edited, self.write_values(account, values)))
    }

    fn write_values(&self, account: &AccountId, values: Values) -> Result<()> {
        let (path, place, number) = (self.values_path(account), Place { account, name: FILE }, values.len());
        self.write_secret(&path, place, &to_json(&path, &File { version: Version, values })?, number)
    }

    pub(super) fn lock_values(&self, account: &AccountId) -> Result<Lock> {
        self.await_lock(&format!("values-{}", account.as_str()))
    }

    /// The file of the remembered values.
    pub fn values_path(&self, account: &AccountId) -> PathBuf {
        self.data.join(account.as_str()).join(FILE)
    }
}

fn drop_expired(values: &mut Values) {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = Timestamp(since_1970.as_secs());
    values.retain(|_, remembered| !remembered.is_expired(now));
}

/// What is lost, and how to go on, where sealed values at `path` do not open.
pub(super) fn locked_out_failure(path: &Path, why: &LockedOut) -> Failure {
    let path_shown = path.display();
    match why {
        LockedOut::Refused(Refusal::OtherVersion) => {
            unreadable(path, "was encrypted by a later version of vastenv")
        }
        LockedOut::Refused(refusal) => unreadable(path, &refusal.to_string()),
        LockedOut::NoKey(header, trouble) => {
            let (values, verb) = match header.values {
                1 => ("value".to_owned(), "is"),
                several => (count(several, "value"), "are"),
            };
            match trouble {
                // Nobody can bring them back but a backup of the keyring: nothing waits for that.
                Trouble::Missing => Failure::failed(format!(
                    "the {values} remembered in {path_shown} {verb} encrypted with a key that the keyring no longer has"
                ))
                .hint("restore the keyring from a backup, or enter the values again: vastenv remember env-var --all (the encrypted file is kept)"),
                _ => Failure::unavailable(format!(
                    "the {values} remembered in {path_shown} cannot be opened: {trouble}"
                ))
                .hint(trouble.hint()),
            }
        }
    }
}

fn unreadable(path: &Path, why: &str) -> Failure {
    let shown = shell_escape::escape(path.to_string_lossy());
    Failure::unavailable(format!(
        "the remembered values in {} cannot be read: the file {why}",
        path.display()
    ))
    .hint(format!("restore a backup; or mv {shown} {shown}.damaged, then vastenv remember env-var --all"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{KEPT_AFTER_DELETION, Kind, Means, Remembered, Secret, ServerUrl};

    fn account() -> AccountId {
        AccountId::new(&ServerUrl::default(), "7")
    }

    fn remember(store: &Store, name: &str, value: &str) {
        let entry = Remembered::new(Secret::new(value), Means::Given, Timestamp(5));
        store
            .edit_values(&account(), |values| {
                values.insert(name.to_owned(), entry);
                Ok(())
            })
            .expect("written");
    }

    #[test]
    fn values_are_read_back_as_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path(), folder.path(), &folder.path().join("data"));
        assert_eq!(store.values(&account()), Ok(Values::new()));
        remember(&store, "A", "v\n\"");
        remember(&store, "B", "");
        let values = store.values(&account()).expect("read");
        assert_eq!((values["A"].value.expose(), values["B"].value.expose()), ("v\n\"", ""));
        assert_eq!(values["A"].by, Means::Given);
    }

    #[test]
    fn what_has_expired_is_not_there_and_goes_with_the_next_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path(), folder.path(), folder.path());
        let gone = |at| Remembered {
            gone_at: Some(at),
            ..Remembered::new(Secret::new("v"), Means::Sent, Timestamp(5))
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let recent = gone(Timestamp(now - KEPT_AFTER_DELETION + 3600));
        let values = [("OLD", gone(Timestamp(now - KEPT_AFTER_DELETION))), ("RECENT", recent)];
        let values: Values = values.map(|(name, value)| (name.to_owned(), value)).into();
        store.write_values(&account(), values).expect("written");
        let names = |values: &Values| values.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&store.values(&account()).expect("read")), ["RECENT"]);
        assert_eq!(names(&store.all_values(&account()).expect("read")), ["OLD", "RECENT"]);
        let edited = store.edit_values(&account(), |values| Ok(names(values))).expect("written");
        assert_eq!(edited, ["RECENT"]);
        assert_eq!(names(&store.all_values(&account()).expect("read")), ["RECENT"]);
    }

    #[test]
    fn a_damaged_file_stays_where_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path(), folder.path(), folder.path());
        let path = store.values_path(&account());
        for damaged in ["", "{", "[]", "{\"version\":2,\"values\":{}}"] {
            store.write(&path, damaged.as_bytes()).expect("written");
            assert_eq!(store.values(&account()).unwrap_err().kind(), Kind::Unavailable, "{damaged}");
            let edited = store.edit_values(&account(), |values| {
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
                    remember(&Store::new(&path, &path, &path), &format!("N{number}"), "v");
                })
            })
            .collect();
        for thread in threads {
            thread.join().expect("no panic");
        }
        assert_eq!(Store::new(&path, &path, &path).values(&account()).expect("read").len(), 8);
    }
}
