//! Locks between processes: one refresh or change for an account at a time, and no file written
//! while all of them are converted.
//!
//! Who takes several takes them in this order: that of the conversions, those of the accounts by
//! name, that of the writers, that of who makes a key, that of the keyring's entries.

use std::fs::{File, TryLockError};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::owner::refuse_strangers;
use super::{Disk, make_folder, unwritable};
use crate::domain::{AccountId, Failure, Result};

/// How often to look whether the other one is done, and how many times.
const INTERVAL: Duration = Duration::from_millis(10);
const LOOKS: u32 = 1500;

/// How long to wait for another process that holds a lock.
pub(crate) const PATIENCE: Duration = INTERVAL.saturating_mul(LOOKS);

/// The pauses between two looks, until it takes too long.
pub(crate) fn pauses() -> impl Iterator<Item = Duration> {
    (0..LOOKS).map(|_| INTERVAL)
}

/// A lock that is held until this is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    /// `None` where locks cannot be written, and one answer is all that is wanted.
    file: Option<File>,
}

impl Lock {
    /// Leaves a line for those who find the lock taken. Where it cannot be written, they find none.
    pub fn note(&self, line: &str) {
        let Some(file) = &self.file else { return };
        let _ = file.set_len(0).and_then(|()| file.write_all_at(line.as_bytes(), 0));
    }
}

type Take = fn(&File) -> std::result::Result<(), TryLockError>;

impl Disk {
    /// Takes the lock called `name` if nobody holds it; `None` if somebody does.
    pub fn try_lock(&self, name: &str) -> Result<Option<Lock>> {
        self.try_with(name, File::try_lock)
    }

    /// Takes the lock called `name` alone, once nobody holds it.
    pub fn await_lock(&self, name: &str) -> Result<Lock> {
        self.await_with(name, File::try_lock)
    }

    /// Takes a share of the lock called `name`, once nobody holds it alone.
    pub fn await_share(&self, name: &str) -> Result<Lock> {
        self.await_with(name, File::try_lock_shared)
    }

    fn await_with(&self, name: &str, take: Take) -> Result<Lock> {
        for pause in pauses() {
            if let Some(lock) = self.try_with(name, take)? {
                return Ok(lock);
            }
            std::thread::sleep(pause);
        }
        self.try_with(name, take)?.ok_or_else(|| self.held_too_long(name))
    }

    /// Keeps every other process from writing what is remembered or noted of `account`.
    pub fn lock_values(&self, account: &AccountId) -> Result<Lock> {
        self.await_lock(&format!("values-{account}"))
    }

    /// Keeps every other process from writing any file of `account`.
    pub fn lock_account(&self, account: &AccountId) -> Result<[Lock; 2]> {
        Ok([self.await_lock(account.as_str())?, self.lock_values(account)?])
    }

    /// What the holder of the lock called `name` has left, or the last one.
    pub fn lock_note(&self, name: &str) -> Option<String> {
        let note = self.read(&self.lock_path(name)).ok()??;
        String::from_utf8(note.to_vec()).ok()
    }

    /// Whether others still find `lock` by its name: the folder may have been deleted.
    pub fn is_in_place(&self, lock: &Lock, name: &str) -> bool {
        let Some(held) = lock.file.as_ref().and_then(|file| file.metadata().ok()) else { return false };
        std::fs::metadata(self.lock_path(name))
            .is_ok_and(|found| (found.dev(), found.ino()) == (held.dev(), held.ino()))
    }

    fn try_with(&self, name: &str, take: Take) -> Result<Option<Lock>> {
        let path = self.lock_path(name);
        let taken = self.open_empty(&path).and_then(|file| match take(&file) {
            Ok(()) => Ok(Some(Lock { file: Some(file) })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(unwritable(&path, &error)),
        });
        match taken {
            Err(failure) if self.go_without(&failure) => Ok(Some(Lock { file: None })),
            taken => taken,
        }
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

/// Keeps other processes from rewriting `path`: the folder that it really is in, made if there is none, is
/// locked, which leaves no file beside it. Where the file system cannot, nobody is kept away.
pub(crate) fn lock_real_folder(path: &Path) -> Result<Lock> {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = real.parent().unwrap_or(&real);
    if !folder.exists() {
        refuse_strangers(folder)?;
        make_folder(folder, 0o700).map_err(|error| unwritable(folder, &error))?;
    }
    let Ok(file) = File::open(folder) else { return Ok(Lock { file: None }) };
    for pause in pauses() {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(pause),
            Ok(()) => return Ok(Lock { file: Some(file) }),
            Err(TryLockError::Error(_)) => return Ok(Lock { file: None }),
        }
    }
    let folder = folder.display();
    Err(Failure::unavailable(format!("another program has locked {folder}")).hint("try again later"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_had_once_until_dropped() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Disk::new(folder.path(), folder.path(), folder.path());
        let held = disk.try_lock("one").expect("a file");
        assert!(held.is_some());
        assert!(disk.try_lock("one").expect("a file").is_none());
        assert!(disk.try_lock("two").expect("a file").is_some());
        drop(held);
        assert!(disk.try_lock("one").expect("a file").is_some());
    }

    #[test]
    fn a_note_is_read_while_the_lock_is_held_and_a_lost_file_is_noticed() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Disk::new(folder.path(), folder.path(), folder.path());
        assert_eq!(disk.lock_note("one"), None);
        let held = disk.try_lock("one").expect("a file").expect("the lock");
        held.note("12345 a longer line");
        held.note("7 due");
        assert_eq!(disk.lock_note("one").as_deref(), Some("7 due"));
        assert!(disk.is_in_place(&held, "one"));
        std::fs::remove_dir_all(folder.path().join("locks")).expect("removed");
        assert!(!disk.is_in_place(&held, "one"));
        assert!(disk.try_lock("one").expect("a file").is_some());
        assert!(!disk.is_in_place(&held, "one"), "another file of that name");
    }

    #[test]
    fn a_share_leaves_room_for_others_and_for_nobody_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Disk::new(folder.path(), folder.path(), folder.path());
        let shares = [(); 2].map(|()| disk.await_share("all").expect("a share"));
        assert!(disk.try_lock("all").expect("a file").is_none());
        drop(shares);
        let alone = disk.await_lock("all").expect("the lock");
        assert!(disk.try_with("all", File::try_lock_shared).expect("a file").is_none());
        drop(alone);
        disk.await_share("all").expect("a share");
    }
}
