//! Deadlines as files: an empty file `due-N` whose modification time is the moment at which shells
//! that hold it ask again. A shell without a clock among its builtins compares it with a file that is
//! written all the time, its own terminal. Files of moments that have passed are removed; a shell
//! that misses its file asks.

use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use super::Store;
use crate::domain::{Result, Timestamp};

const PREFIX: &str = "due-";

/// Deadlines are rounded up to a multiple of this (seconds), so that shells share files.
const STEP: u64 = 10;

impl Store {
    /// The file of the moment `after` seconds from `now`.
    pub fn due(&self, now: Timestamp, after: u64) -> Result<PathBuf> {
        let at = now.plus(after).0.next_multiple_of(STEP);
        let path = self.due_path(at);
        self.mark(&path, UNIX_EPOCH + Duration::from_secs(at))?;
        for passed in self.numbered(PREFIX).into_iter().filter(|other| *other < now.0) {
            // One that cannot be removed now is removed with the next.
            let _ = std::fs::remove_file(self.due_path(passed));
        }
        Ok(path)
    }

    fn due_path(&self, at: u64) -> PathBuf {
        self.state.join(format!("{PREFIX}{at}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::stamp::modification_time;

    #[test]
    fn a_deadline_is_a_file_of_that_time_until_it_has_passed() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(&folder.path().join("state"), folder.path(), folder.path());
        let first = store.due(Timestamp(1_001), 300).expect("written");
        assert_eq!(modification_time(&first), Some(UNIX_EPOCH + Duration::from_secs(1_310)));
        assert_eq!(store.due(Timestamp(1_002), 300), Ok(first.clone()), "shared");
        let second = store.due(Timestamp(1_310), 10).expect("written");
        assert!(first.exists() && second.exists());
        store.due(Timestamp(1_311), 300).expect("written");
        assert!(!first.exists() && second.exists());
    }
}
