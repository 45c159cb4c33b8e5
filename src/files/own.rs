//! Reading a file out of a tree that others may have a hand in.

use std::fs::{Metadata, canonicalize, metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::unistd::geteuid;
use zeroize::Zeroizing;

use super::group::is_open;
use super::text::read_capped;
use super::{Unread, open, quoted, unreadable};
use crate::domain::Failure;

/// Why a file is not read.
#[derive(Debug)]
pub(crate) enum Refused {
    /// There is none, or a link to none.
    Gone,
    /// What has the name, a link perhaps, is somebody else's.
    Planted,
    /// The user's own link leads to a file of somebody else's.
    NotOurs,
    Failed(Failure),
}

/// Reads a file of the user's that nobody else can write and that has fewer than `too_large` bytes, through
/// links. All that is judged is of the one file that was opened.
pub(crate) fn read_own(path: &Path, too_large: usize) -> Result<Zeroizing<Vec<u8>>, Refused> {
    let (Ok(link), Ok(found)) = (path.symlink_metadata(), path.metadata()) else { return Err(Refused::Gone) };
    if !is_ours(&link, || path.parent().map(Path::to_owned)) {
        return Err(Refused::Planted);
    }
    // Not even opened: that alone can have an effect on a device.
    if !found.is_file() {
        let failure = Failure::failed(format!("{} is not a plain file", path.display()));
        return Err(Refused::Failed(failure.hint(format!("move it away: mv {0} {0}.away", quoted(path)))));
    }
    let opened = open(path, OFlag::O_NOCTTY).map_err(Refused::Failed)?;
    let Some((file, metadata)) = opened else { return Err(Refused::Gone) };
    if !is_ours(&metadata, || canonicalize(path).ok()?.parent().map(Path::to_owned)) {
        return Err(Refused::NotOurs);
    }
    if is_open(&metadata, 0o022) {
        let failure = Failure::failed(format!("{} is writable by others", path.display()));
        // Its new time tells shells.
        let hint = format!("check it, then: chmod go-w {0} && touch {0}", quoted(path));
        return Err(Refused::Failed(failure.hint(hint)));
    }
    let size = usize::try_from(metadata.len()).unwrap_or(too_large).min(too_large);
    read_capped(file, size, too_large - 1).map_err(|unread| {
        Refused::Failed(match unread {
            Unread::Io(error) => unreadable(path, &error),
            _ => Failure::failed(format!("{} has {too_large} bytes or more", path.display()))
                .hint("remove what is not needed"),
        })
    })
}

/// Whether a file is the user's, or root's in a folder where only root or the user can have put it.
fn is_ours(file: &Metadata, folder: impl FnOnce() -> Option<PathBuf>) -> bool {
    let me = geteuid().as_raw();
    let is_safe = |folder: Metadata| [0, me].contains(&folder.uid()) && folder.mode() & 0o022 == 0;
    let is_safe_there = || folder().and_then(|folder| metadata(folder).ok()).is_some_and(is_safe);
    file.uid() == me || (file.uid() == 0 && is_safe_there())
}

/// Whether everybody can put files of their own into `folder`, but not touch ours, as in `/tmp`.
pub(crate) fn is_common(folder: &Path) -> bool {
    const STICKY: u32 = 0o1000;
    metadata(folder).is_ok_and(|found| {
        let is_safe = [0, geteuid().as_raw()].contains(&found.uid()) && found.mode() & STICKY != 0;
        is_safe && found.mode() & 0o022 != 0
    })
}
