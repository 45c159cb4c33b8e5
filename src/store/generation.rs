//! The generation: an empty file `gen-N` whose *name* tells every shell whether anything changed.
//!
//! A shell keeps the path that it last loaded and tests with a builtin that it still exists. Whoever
//! changes anything creates the next one and unlinks the older ones, in this order and after the
//! change itself is in place. Numbers start at the time in microseconds, so that a state folder that
//! was deleted never repeats a number.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use super::Store;
use super::stamp::{NEXT, modification_time};
use crate::domain::{Result, Timestamp};
use crate::files;

const PREFIX: &str = "gen-";

impl Store {
    /// The newest generation's file, if one was published.
    pub fn generation(&self) -> Option<PathBuf> {
        let newest = self.numbered(PREFIX).into_iter().max()?;
        Some(self.generation_path(newest))
    }

    /// Publishes the next generation, so that every shell loads at its next prompt.
    pub fn publish_generation(&self, now: Timestamp) -> Result<PathBuf> {
        self.ensure(&self.state)?;
        let newest = self.numbered(PREFIX).into_iter().max().unwrap_or(0);
        let next = (newest + 1).max(now.0.saturating_mul(1_000_000));
        let path = self.generation_path(next);
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            // A file system that cannot hold that time costs shells one comparison more.
            Ok(file) => drop(
                self.dated_after
                    .as_deref()
                    .and_then(modification_time)
                    .and_then(|time| file.set_modified(time.checked_add(NEXT)?).ok()),
            ),
            // Somebody else published this very number after this change was in place.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(files::unwritable(&path, &error)),
        }
        for older in self.numbered(PREFIX).into_iter().filter(|number| *number < next) {
            // One that cannot be unlinked now is unlinked by the next change.
            let _ = std::fs::remove_file(self.generation_path(older));
        }
        Ok(path)
    }

    fn generation_path(&self, number: u64) -> PathBuf {
        self.state.join(format!("{PREFIX}{number}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_generation_replaces_the_older_ones() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(&folder.path().join("state"), folder.path(), folder.path());
        assert_eq!(store.generation(), None);
        let first = store.publish_generation(Timestamp(100)).expect("published");
        assert_eq!(store.generation(), Some(first.clone()));
        let second = store.publish_generation(Timestamp(100)).expect("published");
        assert!(!first.exists() && second.exists() && first != second);
    }

    #[test]
    fn a_clock_set_back_still_counts_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path(), folder.path(), folder.path());
        let first = store.publish_generation(Timestamp(1_000_000)).expect("published");
        let second = store.publish_generation(Timestamp(5)).expect("published");
        assert_eq!(store.generation(), Some(second.clone()));
        assert_ne!(first, second);
    }

    #[test]
    fn publishers_at_once_leave_one_generation() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().to_owned();
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let path = path.clone();
                std::thread::spawn(move || {
                    Store::new(&path, &path, &path).publish_generation(Timestamp(7)).expect("published")
                })
            })
            .collect();
        for thread in threads {
            thread.join().expect("no panic");
        }
        let store = Store::new(&path, &path, &path);
        let newest = store.publish_generation(Timestamp(7)).expect("published");
        assert_eq!(store.numbered(PREFIX).len(), 1);
        assert_eq!(store.generation(), Some(newest));
    }
}
