//! Locks between processes: one refresh or change for an account at a time, and no file written
//! while all of them are converted.
//!
//! Who takes several takes them in this order: that of the conversions, those of the accounts by
//! name, that of the writers, that of the keys' names.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Store;
use crate::domain::{Failure, Result};
use crate::files;

/// The lock of who converts all files.
pub const CONVERSION: &str = "storage";

/// The lock that every writer of a file with values has a share of, and who converts them all alone.
pub const WRITERS: &str = "storage-writers";

/// The lock of who makes a new key.
pub(super) const KEY: &str = "storage-key";

/// How long to wait for another process that holds one of these.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// How often it is looked whether the other one is done.
pub const INTERVAL: Duration = Duration::from_millis(10);

/// A lock that is held until this is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    /// `None` where locks cannot be written, and one answer is all that is wanted.
    _file: Option<File>,
}

type Take = fn(&File) -> std::result::Result<(), TryLockError>;

impl Store {
    /// Takes the lock called `name` if nobody holds it; `None` if somebody does.
    pub fn try_lock(&self, name: &str) -> Result<Option<Lock>> {
        self.try_with(name, File::try_lock)
    }

    /// Takes the lock called `name` alone, once nobody holds it.
    pub fn await_lock(&self, name: &str) -> Result<Lock> {
        self.await_with(name, File::try_lock)
    }

    /// Takes a share of the lock called `name`, once nobody holds it alone.
    pub(super) fn await_share(&self, name: &str) -> Result<Lock> {
        self.await_with(name, File::try_lock_shared)
    }

    fn await_with(&self, name: &str, take: Take) -> Result<Lock> {
        let mut waited = Duration::ZERO;
        loop {
            if let Some(lock) = self.try_with(name, take)? {
                return Ok(lock);
            }
            if waited >= PATIENCE {
                return Err(self.held_too_long(name));
            }
            std::thread::sleep(INTERVAL);
            waited += INTERVAL;
        }
    }

    fn try_with(&self, name: &str, take: Take) -> Result<Option<Lock>> {
        let path = self.lock_path(name);
        let taken = self.open_lock(&path).and_then(|file| match take(&file) {
            Ok(()) => Ok(Some(Lock { _file: Some(file) })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(files::unwritable(&path, &error)),
        });
        match taken {
            Err(failure) if self.go_without(&failure) => Ok(Some(Lock { _file: None })),
            taken => taken,
        }
    }

    fn open_lock(&self, path: &Path) -> Result<File> {
        self.ensure(path.parent().unwrap_or(path))?;
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(|error| files::unwritable(path, &error))
    }

    /// Somebody else holds the lock called `name` for too long.
    pub fn held_too_long(&self, name: &str) -> Failure {
        let path = self.lock_path(name);
        Failure::unavailable(format!("another vastenv is running ({})", path.display()))
            .hint("if it hangs, stop it (`fuser` on that file shows it) and try again")
    }

    fn lock_path(&self, name: &str) -> PathBuf {
        self.state.join("locks").join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_had_once_until_dropped() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path(), folder.path(), folder.path());
        let held = store.try_lock("one").expect("a file");
        assert!(held.is_some());
        assert!(store.try_lock("one").expect("a file").is_none());
        assert!(store.try_lock("two").expect("a file").is_some());
        drop(held);
        assert!(store.try_lock("one").expect("a file").is_some());
    }

    #[test]
    fn a_share_leaves_room_for_others_and_for_nobody_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path(), folder.path(), folder.path());
        let shares = [(); 2].map(|()| store.await_share(WRITERS).expect("a share"));
        assert!(store.try_lock(WRITERS).expect("a file").is_none());
        drop(shares);
        let alone = store.await_lock(WRITERS).expect("the lock");
        assert!(store.try_with(WRITERS, File::try_lock_shared).expect("a file").is_none());
        drop(alone);
        store.await_share(WRITERS).expect("a share");
    }
}
