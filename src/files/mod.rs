//! Files: private ones read only if they are ours, written atomically, 0600 from the first byte. The one
//! place where vastenv writes.

mod changes;
mod disk;
mod group;
mod in_place;
mod leftovers;
mod lock;
mod own;
mod owner;
mod slot;
mod text;

use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use nix::fcntl::OFlag;
use nix::unistd::geteuid;
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use self::leftovers::{SHARED, temporary};
use self::owner::fix_owner;
use self::text::read_capped;
use crate::domain::{Failure, Kind, Result};

pub(crate) use changes::{Changes, Folders, Storm, receive};
pub use disk::Disk;
pub(crate) use disk::{modified, names};
pub(crate) use in_place::{create_private, draft, read_to_replace, replace};
pub(crate) use leftovers::{leftovers, sweep};
pub(crate) use lock::{Lock, PATIENCE, lock_real_folder, pauses};
pub(crate) use own::{Refused, is_common, read_own};
pub(crate) use slot::{Slot, Slots, parse, to_json};
pub(crate) use text::{Unread, read_bytes_at, read_text, read_text_at};

/// The most that is read of any file here.
const LARGEST_FILE: usize = 64 * 1024 * 1024;

/// Opens a plain file to read, without waiting for a writer, should it be a pipe; `None` if there is none.
fn open(path: &Path, flags: OFlag) -> Result<Option<(File, Metadata)>> {
    let flags = (flags | OFlag::O_NONBLOCK).bits();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) if error.raw_os_error() == Some(nix::libc::ELOOP) => {
            return Err(Failure::unavailable(format!(
                "{} is a symbolic link, which is not followed",
                path.display()
            ))
            .hint(format!("rm {}", quoted(path))));
        }
        Err(error) => return Err(unreadable(path, &error)),
    };
    let metadata = file.metadata().map_err(|error| unreadable(path, &error))?;
    if !metadata.is_file() {
        return Err(Failure::unavailable(format!("{} is not a plain file", path.display()))
            .hint(format!("move it away: mv {0} {0}.away", quoted(path))));
    }
    Ok(Some((file, metadata)))
}

fn read_all(file: File, metadata: &Metadata, path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let size = usize::try_from(metadata.len()).unwrap_or(LARGEST_FILE);
    read_capped(file, size.min(LARGEST_FILE), LARGEST_FILE).map_err(|unread| match unread {
        Unread::Io(error) => unreadable(path, &error),
        other => other.failure(&path.display().to_string()).of_kind(Kind::Unavailable),
    })
}

/// Reads a file that steers, where it really is if the path is a link; `None` if there is none. Others
/// may read it.
pub(crate) fn read_steering(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
    read_followed(path, &[0, geteuid().as_raw()], 0o022)
}

/// Reads a key file; `None` if there is none. It may be a link, as the official client follows one.
pub(crate) fn read_key_file(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
    read_followed(path, &[geteuid().as_raw()], 0o002)
}

fn read_followed(path: &Path, owners: &[u32], writable: u32) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let Some((file, metadata)) = open(path, OFlag::empty())? else { return Ok(None) };
    refuse_others(&metadata, path, owners, writable)?;
    read_all(file, &metadata, path).map(Some)
}

/// Refuses a file that is none of `owners`', or has one of the mode bits `writable`.
fn refuse_others(metadata: &Metadata, path: &Path, owners: &[u32], writable: u32) -> Result<()> {
    if !owners.contains(&metadata.uid()) {
        return Err(
            Failure::unavailable(format!("{} belongs to another user", path.display())).hint(fix_owner(path))
        );
    }
    if group::is_open(metadata, writable) {
        return Err(Failure::unavailable(format!("{} is writable by others", path.display()))
            .hint(format!("check it, then: chmod go-w {}", quoted(path))));
    }
    Ok(())
}

/// Writes a file that is the user's alone (0600), where it really is if the path is a link. The folder
/// stays as it is: it may be a repository.
pub(crate) fn write_secret(path: &Path, bytes: &[u8]) -> Result<()> {
    let real = match std::fs::metadata(path) {
        // A link to a pipe or a terminal, such as /dev/stdout, must not be replaced by a file.
        Ok(found) if !found.is_file() => {
            return Err(Failure::failed(format!("{} is not a plain file", path.display()))
                .hint("name a file to write, or leave --output out for stdout"));
        }
        Ok(_) => std::fs::canonicalize(path).map_err(|error| unwritable(path, &error))?,
        Err(error) if error.kind() == ErrorKind::NotFound && path.is_symlink() => {
            return Err(Failure::failed(format!("{} is a link that leads nowhere", path.display()))
                .hint(format!("rm {}", quoted(path))));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(unwritable(path, &error)),
    };
    let folder = real.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || write_beside(folder, bytes, 0o600)?.persist(&real).map_err(|error| error.error);
    write().map(drop).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::failed(format!("there is no folder {}", folder.display()))
            .hint(format!("make it: mkdir -p {}", quoted(folder))),
        _ => unwritable(path, &error),
    })
}

/// `temporary` with these bytes, on disk.
fn filled(mut temporary: NamedTempFile, bytes: &[u8]) -> std::io::Result<NamedTempFile> {
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    Ok(temporary)
}

/// A temporary file in a folder that others use too, with these bytes and this mode, on disk.
pub(crate) fn write_beside(folder: &Path, bytes: &[u8], mode: u32) -> std::io::Result<NamedTempFile> {
    let temporary = temporary(folder, SHARED)?;
    temporary.as_file().set_permissions(Permissions::from_mode(mode))?;
    filled(temporary, bytes)
}

/// The user's home folder, once it is known.
static HOME: OnceLock<PathBuf> = OnceLock::new();

/// Names the home folder: one that is gone is never made anew.
pub(crate) fn protect_home(home: PathBuf) {
    // Named before, it is the same one.
    let _ = HOME.set(home);
}

/// Makes `folder` with what leads to it, but not the home folder.
pub(crate) fn make_folder(folder: &Path, mode: u32) -> std::io::Result<()> {
    make_folder_below(HOME.get().map(PathBuf::as_path), folder, mode)
}

fn make_folder_below(home: Option<&Path>, folder: &Path, mode: u32) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.mode(mode);
    let Some((home, below)) = home.and_then(|home| Some((home, folder.strip_prefix(home).ok()?))) else {
        return builder.recursive(true).create(folder);
    };
    let mut path = home.to_owned();
    for part in below.components() {
        path.push(part);
        match builder.create(&path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Writes a file that others may read as far as the umask lets them: a temporary file beside it,
/// then a rename. Folders that lead to it are made.
pub(crate) fn write_public(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    owner::refuse_strangers(folder)?;
    let write = || {
        make_folder(folder, 0o777)?;
        let mut builder = tempfile::Builder::new();
        let builder = builder.prefix(SHARED).permissions(Permissions::from_mode(0o666));
        filled(builder.tempfile_in(folder)?, bytes)
    };
    let temporary = write().map_err(|error| unwritable(path, &error))?;
    temporary.persist(path).map(drop).map_err(|error| unwritable(path, &error.error))
}

/// Writes a file as [`write_public`] does, but only where nothing has that name; `Ok(false)` if something
/// does. Nobody else may write it, whatever the umask.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<bool> {
    let folder = path.parent().unwrap_or(path);
    owner::refuse_strangers(folder)?;
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix(SHARED).permissions(Permissions::from_mode(0o644));
    let written = builder.tempfile_in(folder).and_then(|temporary| filled(temporary, bytes));
    match written.map_err(|error| unwritable(path, &error))?.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(unwritable(path, &error.error)),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::unavailable(format!("cannot read {}: {}", path.display(), reason(error))).hint(fix(path, error))
}

/// Removes a file; one that is gone already is not a failure.
pub(crate) fn remove(path: &Path) -> Result<()> {
    if path.symlink_metadata().is_ok() {
        owner::refuse_strangers(path.parent().unwrap_or(path))?;
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(unwritable(path, &error)),
        _ => Ok(()),
    }
}

/// The failure to write `path`, with what to do.
pub(crate) fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    let failure = Failure::failed(format!("cannot write {}: {}", path.display(), reason(error)));
    // Files are replaced as a whole: it is the folder, as far as it exists, that does not let us.
    let is_closed = error.kind() == ErrorKind::PermissionDenied;
    let culprit = if is_closed { path.parent().unwrap_or(path) } else { path };
    failure.hint(fix(culprit, error))
}

/// The system's words without Rust's "(os error 13)".
pub(crate) fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

/// What lets us read or write `path`.
pub(crate) fn fix(path: &Path, error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => owner::fix_access(path),
        ErrorKind::NotFound if HOME.get().is_some_and(|home| !home.exists()) => {
            format!("HOME does not exist: set it to your home folder, or {}", owner::OTHER_FOLDERS)
        }
        ErrorKind::NotFound | ErrorKind::ReadOnlyFilesystem => owner::OTHER_FOLDERS.to_owned(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free disk space".to_owned(),
        ErrorKind::IsADirectory => format!("move it away: mv {0} {0}.away", quoted(path)),
        _ => format!("check {}", quoted(path)),
    }
}

/// Random bytes from the system.
pub(crate) fn random<const LENGTH: usize>() -> Result<Zeroizing<[u8; LENGTH]>> {
    let mut bytes = Zeroizing::new([0; LENGTH]);
    getrandom::fill(bytes.as_mut_slice())
        .map_err(|error| Failure::failed(format!("no random numbers from the system: {error}")))?;
    Ok(bytes)
}

fn quoted(path: &Path) -> String {
    shell_escape::escape(path.to_string_lossy()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    fn disk(root: &Path) -> Disk {
        Disk::new(root, root, root)
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).expect("metadata").permissions().mode() & 0o777
    }

    #[test]
    fn files_are_private_in_a_private_folder() {
        let root = folder();
        let path = root.path().join("a/b/file");
        let disk = disk(root.path());
        disk.write(&path, b"one").expect("written");
        disk.write(&path, b"two").expect("written again");
        assert_eq!(disk.read(&path).expect("read").expect("there").as_slice(), b"two");
        assert_eq!((mode(&path), mode(path.parent().expect("folder"))), (0o600, 0o700));
        assert_eq!(std::fs::read_dir(path.parent().expect("folder")).expect("listed").count(), 1);
    }

    #[test]
    fn a_home_that_is_gone_is_not_made_anew() {
        let root = folder();
        let home = root.path().join("home");
        for below in ["", ".cache", ".local/state/vastenv"] {
            let made = make_folder_below(Some(&home), &home.join(below), 0o700);
            assert_eq!((made.is_ok(), home.exists()), (below.is_empty(), false), "{below}");
        }
        make_folder_below(Some(&home), &root.path().join("elsewhere/state"), 0o700).expect("made");
        std::fs::create_dir(&home).expect("made");
        for _ in 0..2 {
            make_folder_below(Some(&home), &home.join(".local/state"), 0o700).expect("made");
        }
        assert_eq!(mode(&home.join(".local/state")), 0o700);
    }

    #[test]
    fn an_open_folder_and_a_readable_file_are_fixed_with_a_note() {
        let root = folder();
        let path = root.path().join("sub/file");
        let disk = disk(root.path());
        disk.write(&path, b"one").expect("written");
        let parent = path.parent().expect("folder");
        std::fs::set_permissions(parent, Permissions::from_mode(0o755)).expect("chmod");
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("chmod");
        disk.read(&path).expect("read");
        disk.write(&path, b"two").expect("written");
        assert_eq!((disk.take_notes().len(), mode(&path), mode(parent)), (2, 0o600, 0o700));
    }

    #[test]
    fn what_others_could_have_written_is_refused() {
        let root = folder();
        let (file, link, directory) =
            (root.path().join("file"), root.path().join("link"), root.path().join("directory"));
        std::fs::write(&file, "x").expect("written");
        std::fs::set_permissions(&file, Permissions::from_mode(0o666)).expect("chmod");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        std::fs::create_dir(&directory).expect("made");
        for path in [&file, &link, &directory] {
            let failure = disk(root.path()).read(path).unwrap_err();
            assert!(failure.message().contains(&path.display().to_string()), "{failure:?}");
        }
        assert_eq!(disk(root.path()).read(&root.path().join("none")), Ok(None));
    }

    #[test]
    fn what_is_too_large_is_said_and_not_cut_off() {
        let root = folder();
        let (path, disk) = (root.path().join("file"), disk(root.path()));
        disk.write(&path, b"").expect("written");
        let file = OpenOptions::new().write(true).open(&path).expect("opened");
        file.set_len(LARGEST_FILE as u64 + 1).expect("grown");
        let failure = disk.read(&path).unwrap_err();
        assert!(failure.message().ends_with("file is over 64 MiB"), "{failure:?}");
        assert_eq!(failure.kind(), Kind::Unavailable);
        file.set_len(3).expect("cut");
        assert_eq!(disk.read(&path).expect("read").expect("there").as_slice(), [0; 3]);
    }

    #[test]
    fn creating_leaves_the_first_file_alone() {
        let root = folder();
        let path = root.path().join("key");
        assert_eq!(disk(root.path()).create(&path, b"one"), Ok(true));
        assert_eq!(disk(root.path()).create(&path, b"two"), Ok(false));
        assert_eq!(std::fs::read(&path).expect("read"), b"one");
    }
}
