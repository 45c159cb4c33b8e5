//! Stamps: empty files that carry the modification time that another program's file had when its
//! content was last read, or one beside it. A shell compares with `-nt` and `-ot`, which is an exact
//! comparison by builtins: it notices every later write, and also one by a clock that was set back.

use std::fs::{FileTimes, OpenOptions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};

use super::Store;
use crate::domain::{Result, hex};
use crate::files;

/// The least difference between two modification times.
pub const NEXT: Duration = Duration::from_nanos(1);

impl Store {
    /// The path of the stamp of `file`.
    pub fn stamp_path(&self, file: &Path) -> PathBuf {
        let hash = Sha256::digest(file.as_os_str().as_bytes());
        self.state.join(format!("stamp-{}", hex(&hash[..8])))
    }

    /// Whether the stamp of `file` shows the time `modified`.
    pub fn is_stamped(&self, file: &Path, modified: SystemTime) -> bool {
        modification_time(&self.stamp_path(file)) == Some(modified)
    }

    /// The stamps of `file` that are a nanosecond older and newer than `modified`; `None` where there are
    /// none, or where the file system is too coarse for them.
    pub fn stamps_around(&self, file: &Path, modified: SystemTime) -> Option<[PathBuf; 2]> {
        let stamps = self.beside(file);
        let times = around(modified)?;
        let hold = stamps.iter().zip(times).all(|(stamp, time)| modification_time(stamp) == Some(time));
        hold.then_some(stamps)
    }

    /// Gives the stamp of `file` the time `modified`, and those around it theirs.
    pub fn stamp(&self, file: &Path, modified: SystemTime) -> Result<()> {
        for (stamp, time) in self.beside(file).iter().zip(around(modified).into_iter().flatten()) {
            self.mark(stamp, time)?;
        }
        self.mark(&self.stamp_path(file), modified)
    }

    fn beside(&self, file: &Path) -> [PathBuf; 2] {
        ["older", "newer"].map(|side| self.stamp_path(file).with_extension(side))
    }

    /// Makes `path` an empty private file of the state folder with the time `modified`.
    pub(super) fn mark(&self, path: &Path, modified: SystemTime) -> Result<()> {
        self.ensure(&self.state)?;
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .and_then(|mark| mark.set_times(FileTimes::new().set_modified(modified)))
            .map_err(|error| files::unwritable(path, &error))
    }
}

fn around(time: SystemTime) -> Option<[SystemTime; 2]> {
    Some([time.checked_sub(NEXT)?, time.checked_add(NEXT)?])
}

/// When `path` was last written, as exactly as the file system knows; `None` if it does not exist.
pub(crate) fn modification_time(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_has_the_files_time_to_the_nanosecond() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path(), folder.path(), folder.path());
        let file = folder.path().join("watched");
        std::fs::write(&file, "one").expect("written");
        let time = modification_time(&file).expect("a time");
        assert!(!store.is_stamped(&file, time));
        store.stamp(&file, time).expect("stamped");
        assert!(store.is_stamped(&file, time));
        assert_eq!(modification_time(&store.stamp_path(&file)), Some(time));
        assert!(!store.is_stamped(&file, time + NEXT));
        let [older, newer] = store.stamps_around(&file, time).expect("stamps");
        assert_eq!(modification_time(&older), Some(time - NEXT));
        assert_eq!(modification_time(&newer), Some(time + NEXT));
        assert_eq!(store.stamps_around(&file, time + NEXT), None);
    }
}
