//! Waiting until a file changes, appears or goes, by whoever's hand.
//!
//! The system tells that something happened in the folders of these files; whether that concerns them, their
//! times tell. So a file that is replaced, or whose folder appears later, is seen like any other, and where the
//! system tells nothing (its limit is reached, the folder is on another machine), looking now and then finds
//! it too.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant, SystemTime};

use notify::event::EventKind;
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};

use super::modified;

/// How often the files are looked at although the system tells of their folders.
const LOOK: Duration = Duration::from_secs(30);

/// How often, where it does not.
const LOOK_OFTEN: Duration = Duration::from_secs(2);

/// How long nothing more must happen: changes rarely come alone.
const QUIET: Duration = Duration::from_millis(50);

/// The most that is waited for that.
const LONGEST_STORM: Duration = Duration::from_secs(1);

/// Files, with the time that each had when it was last read.
pub(crate) struct Changes {
    files: Vec<(PathBuf, Option<SystemTime>)>,
    heard: Receiver<()>,
    /// Tells as long as it is there; `None` where the system tells nothing of some folder.
    watcher: Option<RecommendedWatcher>,
}

/// What ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    /// One of the files is another one now.
    Changed,
    /// It is the time that was waited for.
    Due,
}

impl Changes {
    /// Waits for changes of `files` from the times on that they are given with, `None` for an absent one.
    pub(crate) fn of(files: Vec<(PathBuf, Option<SystemTime>)>) -> Self {
        let (tell, heard) = channel();
        let told = move |event: notify::Result<Event>| {
            if !event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
                // Nobody hears it where nobody waits any more.
                let _ = tell.send(());
            }
        };
        let watcher = notify::recommended_watcher(told).and_then(|mut watcher| {
            let folders: BTreeSet<PathBuf> = files.iter().flat_map(|(file, _)| folders(file)).collect();
            folders.iter().try_for_each(|folder| watcher.watch(folder, RecursiveMode::NonRecursive))?;
            Ok(watcher)
        });
        Self { files, heard, watcher: watcher.ok() }
    }

    /// Waits until one of the files changes, or until `due`.
    pub(crate) fn wait(&self, due: Option<Instant>) -> Waited {
        let look = if self.watcher.is_some() { LOOK } else { LOOK_OFTEN };
        loop {
            if self.files.iter().any(|(file, time)| modified(file) != *time) {
                self.wait_for_quiet();
                return Waited::Changed;
            }
            let left = due.map_or(look, |due| due.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Waited::Due;
            }
            match self.heard.recv_timeout(left.min(look)) {
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(left.min(look)),
                Ok(()) | Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn wait_for_quiet(&self) {
        let end = Instant::now() + LONGEST_STORM;
        while Instant::now() < end && self.heard.recv_timeout(QUIET).is_ok() {}
    }
}

/// The folders in which something happens when `file` changes: where it is or would appear, and where it
/// really is.
fn folders(file: &Path) -> impl Iterator<Item = PathBuf> {
    let near = file.ancestors().skip(1).find(|folder| folder.is_dir()).map(Path::to_owned);
    let real = file.canonicalize().ok().and_then(|real| real.parent().map(Path::to_owned));
    near.into_iter().chain(real)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn of(files: &[&Path]) -> Changes {
        Changes::of(files.iter().map(|file| (file.to_path_buf(), modified(file))).collect())
    }

    fn changed(changes: &Changes) -> bool {
        // An hour is never waited for: what is not told is looked for.
        changes.wait(Some(Instant::now() + Duration::from_secs(3_600))) == Waited::Changed
    }

    #[test]
    fn files_that_appear_with_their_folder_are_replaced_through_a_link_or_go_are_seen() {
        let root = tempfile::tempdir().expect("a folder");
        let file = root.path().join("later/file");
        let changes = of(&[&file]);
        assert_eq!(changes.wait(Some(Instant::now())), Waited::Due);
        fs::create_dir(root.path().join("later")).expect("made");
        fs::write(&file, "1").expect("written");
        assert!(changed(&changes));

        let link = root.path().join("link");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        let changes = of(&[&link]);
        let new = root.path().join("later/new");
        fs::write(&new, "2").expect("written");
        fs::rename(&new, &file).expect("replaced");
        assert!(changed(&changes));

        let changes = of(&[&file]);
        fs::remove_file(&file).expect("removed");
        assert!(changed(&changes));
    }

    #[test]
    fn a_change_before_the_wait_is_not_lost() {
        let root = tempfile::tempdir().expect("a folder");
        let file = root.path().join("file");
        let before = modified(&file);
        fs::write(&file, "1").expect("written");
        assert!(changed(&Changes::of(vec![(file, before)])));
    }

    #[test]
    fn without_the_systems_help_files_are_looked_at() {
        let root = tempfile::tempdir().expect("a folder");
        let file = root.path().join("file");
        let mut changes = of(&[&file]);
        changes.watcher = None;
        std::thread::scope(|scope| {
            scope.spawn(|| fs::write(&file, "1").expect("written"));
            assert!(changed(&changes));
        });
    }
}
