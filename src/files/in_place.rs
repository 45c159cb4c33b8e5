//! Files of the user's own, which vastenv changes: where they really are if the path is a link, with
//! the owner and the permissions that they have.

use std::fs::{canonicalize, metadata, read_link};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::unistd::geteuid;

use super::leftovers::{SHARED, temporary};
use super::owner::refuse_strangers;
use super::{make_folder, open, quoted, read_all, refuse_others, unreadable, unwritable, write_beside};
use crate::domain::{Failure, Result};

/// Reads a file that is to be replaced: where it really is, and what it holds. `None` if there is none.
///
/// # Errors
/// It must not be replaced: it is read-only, somebody else's, no plain file, or a link that leads nowhere.
pub(crate) fn read_to_replace(path: &Path) -> Result<Option<(PathBuf, Vec<u8>)>> {
    let real = match canonicalize(path) {
        Ok(real) => real,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let Ok(target) = read_link(path) else { return Ok(None) };
            let (link, target) = (path.display(), path.with_file_name("").join(target));
            return Err(Failure::failed(format!(
                "{link} is a link to {}, which does not exist",
                target.display()
            ))
            .hint("create that file first"));
        }
        Err(error) => return Err(unreadable(path, &error)),
    };
    refuse_strangers(&real)?;
    let Some((file, metadata)) = open(&real, OFlag::O_NOFOLLOW)? else { return Ok(None) };
    refuse_others(&metadata, &real, &[geteuid().as_raw()], 0)?;
    // Root could write it, and anybody replace it: whoever made it read-only meant something by that.
    if metadata.mode() & 0o200 == 0 {
        let text = format!("{} is read-only", real.display());
        return Err(Failure::failed(text).hint(format!("chmod u+w {}", quoted(&real))));
    }
    let bytes = read_all(file, &metadata, &real)?;
    Ok(Some((real, bytes.to_vec())))
}

/// Replaces the file that is really at `real` by `bytes`, at once.
pub(crate) fn replace(real: &Path, bytes: &[u8]) -> Result<()> {
    let write = || {
        let old = metadata(real)?;
        let mut temporary = temporary(real.parent().unwrap_or(real), SHARED)?;
        temporary.write_all(bytes)?;
        let new = temporary.as_file().metadata()?;
        if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
            fchown(temporary.as_file(), Some(old.uid()), Some(old.gid()))?;
        }
        temporary.as_file().set_permissions(old.permissions())?;
        temporary.as_file().sync_all()?;
        temporary.persist(real).map_err(|error| error.error)
    };
    write().map(drop).map_err(|error| unwritable(real, &error))
}

/// Creates a file of the user's own (0600), with the folders that lead to it.
pub(crate) fn create_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    refuse_strangers(folder)?;
    let write = || {
        make_folder(folder, 0o700)?;
        write_beside(folder, bytes, 0o600)?.persist_noclobber(path).map_err(|error| error.error)
    };
    write().map(drop).map_err(|error| unwritable(path, &error))
}
