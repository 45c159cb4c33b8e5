//! Locks between processes: one refresh or change for an account at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use super::Store;
use crate::domain::Result;
use crate::files;

/// A lock that is held until this is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Store {
    /// Takes the lock called `name` if nobody holds it; `None` if somebody does.
    ///
    /// # Errors
    /// The lock's file cannot be made.
    pub fn try_lock(&self, name: &str) -> Result<Option<Lock>> {
        let path = self.lock_path(name);
        self.ensure(path.parent().unwrap_or(&path))?;
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|error| files::unwritable(&path, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(files::unwritable(&path, &error)),
        }
    }

    /// The file of the lock called `name`, for a message.
    pub fn lock_path(&self, name: &str) -> PathBuf {
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
}
