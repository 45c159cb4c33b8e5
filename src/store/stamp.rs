//! Empty files that tell a shell something by their names and times, which it compares with builtins.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};

use crate::domain::{Result, Timestamp, hex};
use crate::files::{Disk, modified, names};

/// The least difference between two modification times.
pub(crate) const NEXT: Duration = Duration::from_nanos(1);

/// The files `<prefix>N` of the state folder.
pub(super) struct Numbered<'d>(pub &'d Disk, pub &'static str);

impl Numbered<'_> {
    pub(super) fn numbers(&self) -> Vec<u64> {
        names(&self.0.state).iter().filter_map(|name| name.strip_prefix(self.1)?.parse().ok()).collect()
    }

    pub(super) fn path(&self, number: u64) -> PathBuf {
        self.0.state.join(format!("{}{number}", self.1))
    }

    pub(super) fn remove_below(&self, number: u64) {
        for older in self.numbers().into_iter().filter(|other| *other < number) {
            // One that cannot be removed now is removed with the next.
            let _ = std::fs::remove_file(self.path(older));
        }
    }
}

/// Deadlines: a file `due-N` has the time at which shells that hold it ask again. A shell without a clock
/// among its builtins compares it with a file that is written all the time, its own terminal. A shell that
/// misses its file asks.
pub(crate) struct Deadlines(pub(super) Rc<Disk>);

/// Deadlines are rounded up to a multiple of this (seconds), so that shells share files.
const STEP: u64 = 10;

impl Deadlines {
    /// The file of the moment `after` seconds from `now`.
    pub(crate) fn at(&self, now: Timestamp, after: u64) -> Result<PathBuf> {
        let at = now.plus(after).0.next_multiple_of(STEP);
        let files = Numbered(&self.0, "due-");
        self.0.mark(&files.path(at), Some(UNIX_EPOCH + Duration::from_secs(at)))?;
        files.remove_below(now.0);
        Ok(files.path(at))
    }
}

/// The age at which stamps are set anew (seconds).
const OLD_AFTER: u64 = 60 * 86_400;

/// Stamps carry the time that another program's file had when its content was last read. A shell compares
/// with `-nt` and `-ot`, the stamp itself or those beside it, which is exact: it notices every later write, and also one by a clock that
/// was set back.
pub(crate) struct Stamps(pub(super) Rc<Disk>);

impl Stamps {
    /// The path of the stamp of `file`.
    pub(crate) fn path(&self, file: &Path) -> PathBuf {
        let hash = Sha256::digest(file.as_os_str().as_bytes());
        self.0.state.join(format!("stamp-{}", hex(&hash[..8])))
    }

    /// Removes the stamps that were set long ago, as of projects that nobody visits any more: every prompt that
    /// loads lists their folder. Whether there were some: shells that compare them are to load.
    pub(crate) fn sweep(&self, now: Timestamp) -> bool {
        let is_old = |path: &PathBuf| {
            let set = path.metadata().ok().and_then(|found| u64::try_from(found.ctime()).ok());
            set.is_some_and(|set| now.since(Timestamp(set)).is_some_and(|age| age > OLD_AFTER))
        };
        let stamps = names(&self.0.state).into_iter().filter(|name| name.starts_with("stamp-"));
        let old = stamps.map(|name| self.0.state.join(name)).filter(is_old);
        // One that cannot be removed now is tried again at the next sweep.
        old.filter(|path| std::fs::remove_file(path).is_ok()).count() > 0
    }

    /// Whether the stamp of `file` shows this time.
    pub(crate) fn shows(&self, file: &Path, time: SystemTime) -> bool {
        modified(&self.path(file)) == Some(time)
    }

    /// The stamps of `file` that are a nanosecond older and newer than `time`; `None` where there are
    /// none, or where the file system is too coarse for them.
    pub(crate) fn around(&self, file: &Path, time: SystemTime) -> Option<[PathBuf; 2]> {
        let stamps = self.beside(file);
        let times = around(time)?;
        let hold = stamps.iter().zip(times).all(|(stamp, time)| modified(stamp) == Some(time));
        hold.then_some(stamps)
    }

    /// Gives the stamp of `file` this time, and those around it theirs.
    pub(crate) fn set(&self, file: &Path, time: SystemTime) -> Result<()> {
        for (stamp, time) in self.beside(file).iter().zip(around(time).into_iter().flatten()) {
            self.0.mark(stamp, Some(time))?;
        }
        self.0.mark(&self.path(file), Some(time))
    }

    fn beside(&self, file: &Path) -> [PathBuf; 2] {
        ["older", "newer"].map(|side| self.path(file).with_extension(side))
    }
}

fn around(time: SystemTime) -> Option<[SystemTime; 2]> {
    Some([time.checked_sub(NEXT)?, time.checked_add(NEXT)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_has_the_files_time_to_the_nanosecond() {
        let folder = tempfile::tempdir().expect("a folder");
        let stamps = Stamps(Rc::new(Disk::new(folder.path(), folder.path(), folder.path())));
        let file = folder.path().join("watched");
        std::fs::write(&file, "one").expect("written");
        let time = modified(&file).expect("a time");
        assert!(!stamps.shows(&file, time));
        stamps.set(&file, time).expect("stamped");
        assert!(stamps.shows(&file, time));
        assert!(!stamps.shows(&file, time + NEXT));
        let [older, newer] = stamps.around(&file, time).expect("stamps");
        assert_eq!(modified(&older), Some(time - NEXT));
        assert_eq!(modified(&newer), Some(time + NEXT));
        assert_eq!(stamps.around(&file, time + NEXT), None);
        let now = Timestamp(time.duration_since(UNIX_EPOCH).expect("a time").as_secs());
        assert!(!stamps.sweep(now.plus(OLD_AFTER - 100)));
        assert!(stamps.shows(&file, time));
        assert!(stamps.sweep(now.plus(OLD_AFTER + 100)));
        assert_eq!(names(folder.path()), ["watched"]);
    }

    #[test]
    fn a_deadline_is_a_file_of_that_time_until_it_has_passed() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = folder.path().join("state");
        let deadlines = Deadlines(Rc::new(Disk::new(&state, folder.path(), folder.path())));
        let first = deadlines.at(Timestamp(1_001), 300).expect("written");
        assert_eq!(modified(&first), Some(UNIX_EPOCH + Duration::from_secs(1_310)));
        assert_eq!(deadlines.at(Timestamp(1_002), 300), Ok(first.clone()), "shared");
        let second = deadlines.at(Timestamp(1_310), 10).expect("written");
        assert!(first.exists() && second.exists());
        deadlines.at(Timestamp(1_311), 300).expect("written");
        assert!(!first.exists() && second.exists());
    }
}
