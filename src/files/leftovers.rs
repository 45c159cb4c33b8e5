//! Temporary files, and those that a killed writer left behind, with values or keys in them.
//!
//! A writer holds a lock on its file until the rename: what nobody holds is nobody's. A process id in
//! the name would not tell, where containers share a home.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::unistd::geteuid;
use tempfile::NamedTempFile;

/// Begins the names in folders that are vastenv's own.
pub(super) const OWN: &str = ".tmp-";

/// Begins the names in folders that others use too.
pub(super) const SHARED: &str = ".tmp-vastenv-";

/// How often a file may be swept away between its making and its locking.
const TRIES: usize = 8;

/// A locked temporary file in `folder` (0600), after sweeping those of dead writers.
pub(super) fn temporary(folder: &Path, prefix: &str) -> std::io::Result<NamedTempFile> {
    sweep_named(folder, prefix);
    let make = || tempfile::Builder::new().prefix(prefix).tempfile_in(folder);
    for _ in 0..TRIES {
        let file = make()?;
        let is_lost = matches!(file.as_file().try_lock(), Err(TryLockError::WouldBlock))
            || file.as_file().metadata()?.nlink() == 0;
        if !is_lost {
            return Ok(file);
        }
    }
    make()
}

/// Removes what dead writers left in `folder`, which is vastenv's own.
pub(crate) fn sweep(folder: &Path) {
    sweep_named(folder, OWN);
}

fn sweep_named(folder: &Path, prefix: &str) {
    for (path, _lock) in abandoned(folder, prefix) {
        // What cannot be removed now is tried again with the next write.
        let _ = std::fs::remove_file(path);
    }
}

/// What dead writers left in `folder`, which is vastenv's own.
pub(crate) fn leftovers(folder: &Path) -> Vec<PathBuf> {
    abandoned(folder, OWN).into_iter().map(|(path, _)| path).collect()
}

/// The temporary files that no writer holds, held from now on.
fn abandoned(folder: &Path, prefix: &str) -> Vec<(PathBuf, File)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let is_temporary = |path: &PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(prefix))
    };
    let take = |path: PathBuf| {
        let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
        let file = OpenOptions::new().write(true).custom_flags(flags).open(&path).ok()?;
        let metadata = file.metadata().ok()?;
        let is_ours = metadata.is_file() && metadata.uid() == geteuid().as_raw();
        (is_ours && file.try_lock().is_ok()).then_some((path, file))
    };
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_temporary).filter_map(take).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_dead_writer_left_goes_and_what_a_live_one_holds_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let live = temporary(folder.path(), OWN).expect("made");
        let (_, dead) = temporary(folder.path(), OWN).expect("made").keep().expect("kept");
        std::fs::create_dir(folder.path().join(".tmp-folder")).expect("made");
        std::fs::write(folder.path().join("other"), "").expect("written");
        assert_eq!(leftovers(folder.path()), std::slice::from_ref(&dead));
        let next = temporary(folder.path(), OWN).expect("made");
        assert!(!dead.exists() && live.path().exists() && next.path().exists());
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 4);
    }

    #[test]
    fn in_a_shared_folder_only_what_bears_the_name_is_swept() {
        let folder = tempfile::tempdir().expect("a folder");
        let (ours, other) = (folder.path().join(".tmp-vastenv-abcdef"), folder.path().join(".tmp-abcdef"));
        std::fs::write(&ours, "").expect("written");
        std::fs::write(&other, "").expect("written");
        temporary(folder.path(), SHARED).expect("made");
        assert!(!ours.exists() && other.exists());
    }

    #[test]
    fn writers_and_sweepers_at_once_lose_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: String| {
            for _ in 0..200 {
                let file = temporary(folder.path(), OWN).expect("made");
                file.persist(folder.path().join(&name)).expect("renamed");
            }
        };
        std::thread::scope(|scope| {
            for number in 0..4 {
                scope.spawn(move || write(number.to_string()));
            }
        });
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 4);
    }
}
