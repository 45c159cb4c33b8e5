//! The generation: an empty file `gen-N` whose *name* tells every shell whether anything changed.
//!
//! A shell keeps the path that it last loaded and tests with a builtin that it still exists. Whoever
//! changes anything creates the next one and unlinks the older ones, in this order and after the
//! change itself is in place. Numbers start at the time in microseconds, so that a state folder that
//! was deleted never repeats a number.

use std::path::PathBuf;
use std::rc::Rc;

use super::stamp::{NEXT, Numbered};
use crate::domain::{Result, Timestamp};
use crate::files::{Disk, modified};

pub(crate) struct Generation {
    pub(super) disk: Rc<Disk>,
    /// Generations have this file's modification time: a shell that watches it compares it with the
    /// generation itself, and needs no stamp.
    pub(super) dated_after: Option<PathBuf>,
}

impl Generation {
    /// The newest one's file, if one was published.
    pub(crate) fn newest(&self) -> Option<PathBuf> {
        newest(&self.disk)
    }

    /// The file of one that never was: whoever holds it asks again.
    pub(crate) fn none(&self) -> PathBuf {
        self.files().path(0)
    }

    /// Publishes the next one, so that every shell loads at its next prompt.
    pub(crate) fn publish(&self, now: Timestamp) -> Result<PathBuf> {
        let newest = self.files().numbers().into_iter().max().unwrap_or(0);
        let next = (newest + 1).max(now.0.saturating_mul(1_000_000));
        let path = self.files().path(next);
        self.disk.mark(&path, None)?;
        // A file system that cannot hold that time costs shells one comparison more.
        let time = self.dated_after.as_deref().and_then(modified).and_then(|time| time.checked_add(NEXT));
        let _ = time.map(|time| self.disk.mark(&path, Some(time)));
        self.files().remove_below(next);
        Ok(path)
    }

    fn files(&self) -> Numbered<'_> {
        Numbered(&self.disk, "gen-")
    }
}

/// The newest generation's file, whatever is known else.
pub(crate) fn newest(disk: &Disk) -> Option<PathBuf> {
    let files = Numbered(disk, "gen-");
    Some(files.path(files.numbers().into_iter().max()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn generation(state: &Path) -> Generation {
        Generation { disk: Rc::new(Disk::new(state, state, state)), dated_after: None }
    }

    #[test]
    fn a_new_generation_replaces_the_older_ones() {
        let folder = tempfile::tempdir().expect("a folder");
        let generations = generation(&folder.path().join("state"));
        assert_eq!(generations.newest(), None);
        let first = generations.publish(Timestamp(100)).expect("published");
        assert_eq!(generations.newest(), Some(first.clone()));
        let second = generations.publish(Timestamp(100)).expect("published");
        assert!(!first.exists() && second.exists() && first != second);
    }

    #[test]
    fn a_clock_set_back_still_counts_up() {
        let folder = tempfile::tempdir().expect("a folder");
        let generations = generation(folder.path());
        let first = generations.publish(Timestamp(1_000_000)).expect("published");
        let second = generations.publish(Timestamp(5)).expect("published");
        assert_eq!(generations.newest(), Some(second.clone()));
        assert_ne!(first, second);
    }

    #[test]
    fn publishers_at_once_leave_one_generation() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().to_owned();
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let path = path.clone();
                std::thread::spawn(move || generation(&path).publish(Timestamp(7)).expect("published"))
            })
            .collect();
        for thread in threads {
            thread.join().expect("no panic");
        }
        let generations = generation(&path);
        let newest = generations.publish(Timestamp(7)).expect("published");
        assert_eq!(generations.files().numbers().len(), 1);
        assert_eq!(generations.newest(), Some(newest));
    }
}
