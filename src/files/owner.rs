//! Whose a folder is, and what to do about one that is not ours.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::geteuid;

use super::quoted;
use crate::domain::{Failure, Result};

/// For who has no home that can be written.
pub(super) const OTHER_FOLDERS: &str =
    "set XDG_STATE_HOME, XDG_CACHE_HOME, XDG_DATA_HOME and XDG_CONFIG_HOME to folders that you can write";

/// For root in another user's home, as `sudo` without `-H` leaves it.
const OWN_HOME: &str = "use your own home (sudo -H), or run it as this home's user";

/// Refuses what is in the home of somebody else, where root could write and lock its owner out.
pub(super) fn refuse_strangers(path: &Path) -> Result<()> {
    let Some(folder) = stranger(path) else { return Ok(()) };
    let hint = if geteuid().is_root() { OWN_HOME } else { OTHER_FOLDERS };
    Err(Failure::failed(format!("{} belongs to another user: nothing is written there", folder.display()))
        .hint(hint))
}

/// The owner of what belongs to nobody that a user namespace knows.
const UNMAPPED: u32 = 65_534;

/// The folder on the way to `path` that makes it another user's. In one of root's, such as a
/// container's `/`, or of somebody outside the container, permissions decide. A folder of root's own in another user's home is still there.
fn stranger(path: &Path) -> Option<&Path> {
    let me = geteuid();
    for folder in path.ancestors() {
        match std::fs::metadata(folder).map(|metadata| metadata.uid()) {
            Ok(owner) if owner == me.as_raw() && !me.is_root() => return None,
            Ok(owner) if owner == me.as_raw() => {}
            Ok(0 | UNMAPPED) => return None,
            Ok(_) => return Some(folder),
            Err(_) => {}
        }
    }
    None
}

/// What gives `path`, which is somebody else's or closed to us, back: its topmost part that is not ours.
pub(super) fn fix_owner(path: &Path) -> String {
    let me = geteuid();
    if me.is_root() {
        let in_a_home = path.parent().is_some_and(|folder| stranger(folder).is_some());
        if in_a_home {
            return OWN_HOME.to_owned();
        }
        return format!("sudo chown \"$(id -u)\" {}", quoted(path));
    }
    let is_mine = |path: &Path| std::fs::metadata(path).is_ok_and(|metadata| metadata.uid() == me.as_raw());
    let mut theirs = path;
    for folder in path.ancestors().skip(1) {
        if is_mine(folder) {
            let all = if theirs.is_dir() { "-R " } else { "" };
            return format!("sudo chown {all}\"$(id -u)\" {}", quoted(theirs));
        }
        theirs = folder;
    }
    OTHER_FOLDERS.to_owned()
}

/// What lets us use `path`: the folder in the way is opened if it is ours, else given back.
pub(super) fn fix_access(path: &Path) -> String {
    let in_the_way = path.ancestors().find(|folder| folder.exists()).unwrap_or(path);
    let is_mine = std::fs::metadata(in_the_way).is_ok_and(|found| found.uid() == geteuid().as_raw());
    if is_mine && !geteuid().is_root() {
        return format!("chmod u+rwX {}", quoted(in_the_way));
    }
    fix_owner(in_the_way)
}
