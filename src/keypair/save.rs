//! A new pair on disk: both files or none, and nothing that was there is lost.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::NewPair;
use crate::domain::{Failure, Result, Timestamp};
use crate::files::{unwritable, write_beside};

/// Where a file was moved before a new one took its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Backup {
    pub from: PathBuf,
    pub to: PathBuf,
}

/// The files of the pair at `private` that exist already.
pub(crate) fn existing(private: &Path) -> Vec<PathBuf> {
    [private.to_owned(), public_path(private)]
        .into_iter()
        .filter(|path| path.symlink_metadata().is_ok())
        .collect()
}

/// Writes the pair to `private` (0600) and `private.pub` (0644), after moving what is there to
/// `….backup_<unix time>`. If anything fails, all is put back. The folder must be there.
pub(crate) fn save(pair: &NewPair, private: &Path, now: Timestamp) -> Result<Vec<Backup>> {
    let folder = private.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let public = public_path(private);
    // Whole and on disk before anything is moved.
    let write =
        |bytes: &[u8], mode| write_beside(folder, bytes, mode).map_err(|error| unwritable(folder, &error));
    let new_private = write(pair.private.as_bytes(), 0o600)?;
    let new_public = write(format!("{}\n", pair.public.line()).as_bytes(), 0o644)?;
    let backups = move_aside(private, now)?;
    if let Err(error) = new_private.persist_noclobber(private) {
        put_back(&backups);
        return Err(unwritable(private, &error.error));
    }
    if let Err(error) = new_public.persist_noclobber(&public) {
        // The private half alone is of no use; the old pair is.
        let _ = std::fs::remove_file(private);
        put_back(&backups);
        return Err(unwritable(&public, &error.error));
    }
    Ok(backups)
}

/// Moves both files of an existing pair, or none.
fn move_aside(private: &Path, now: Timestamp) -> Result<Vec<Backup>> {
    let planned: Vec<Backup> = existing(private)
        .into_iter()
        .map(|from| Backup { to: with_suffix(&from, &format!(".backup_{}", now.0)), from })
        .collect();
    if let Some(taken) = planned.iter().find(|backup| backup.to.symlink_metadata().is_ok()) {
        return Err(taken_already(&taken.to));
    }
    let mut moved = Vec::new();
    for backup in planned {
        if let Err(failure) = move_to_new_name(&backup) {
            put_back(&moved);
            return Err(failure);
        }
        moved.push(backup);
    }
    Ok(moved)
}

/// Moves one file. A link first: unlike a rename, it never takes the place of another file, not even
/// of one that came this instant.
fn move_to_new_name(backup: &Backup) -> Result<()> {
    let Backup { from, to } = backup;
    match std::fs::hard_link(from, to) {
        Ok(()) => std::fs::remove_file(from).map_err(|error| {
            // The file stays under its own name; the second one is only a link to it.
            let _ = std::fs::remove_file(to);
            unwritable(from, &error)
        }),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(taken_already(to)),
        // Folders, and some file systems, know no links.
        Err(_) => std::fs::rename(from, to).map_err(|error| unwritable(from, &error)),
    }
}

fn taken_already(backup: &Path) -> Failure {
    Failure::failed(format!("the backup {} exists already", backup.display()))
        .hint("wait a second and try again: backups are never overwritten")
}

fn put_back(backups: &[Backup]) {
    for backup in backups.iter().filter(|backup| backup.from.symlink_metadata().is_err()) {
        // What cannot be put back is still there under its backup's name.
        let _ = std::fs::rename(&backup.to, &backup.from);
    }
}

fn public_path(private: &Path) -> PathBuf {
    with_suffix(private, ".pub")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut text = path.as_os_str().to_owned();
    text.push(suffix);
    PathBuf::from(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keypair::generate;
    use std::os::unix::fs::PermissionsExt;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).expect("metadata").permissions().mode() & 0o777
    }

    #[test]
    fn an_old_pair_moves_aside_and_a_new_one_takes_its_place() {
        let root = tempfile::tempdir().expect("a folder");
        let private = root.path().join("id_ed25519");
        let (first, second) = (generate("one", None).expect("made"), generate("two", None).expect("made"));
        assert_eq!(save(&first, &private, Timestamp(5)), Ok(Vec::new()));
        assert_eq!((mode(&private), mode(&public_path(&private))), (0o600, 0o644));
        let backups = save(&second, &private, Timestamp(6)).expect("saved");
        assert_eq!(backups.len(), 2);
        assert_eq!(
            std::fs::read_to_string(root.path().join("id_ed25519.backup_6")).expect("read"),
            *first.private
        );
        let public = std::fs::read_to_string(root.path().join("id_ed25519.pub.backup_6")).expect("read");
        assert_eq!(public, format!("{}\n", first.public.line()));
        assert_eq!(std::fs::read_to_string(&private).expect("read"), *second.private);
    }

    #[test]
    fn a_backup_is_never_overwritten_and_nothing_moves_then() {
        let root = tempfile::tempdir().expect("a folder");
        let private = root.path().join("id_ed25519");
        let pair = generate("one", None).expect("made");
        save(&pair, &private, Timestamp(5)).expect("saved");
        std::fs::write(root.path().join("id_ed25519.pub.backup_6"), "old").expect("written");
        assert!(save(&generate("two", None).expect("made"), &private, Timestamp(6)).is_err());
        assert_eq!(std::fs::read_to_string(&private).expect("read"), *pair.private);
        assert_eq!(existing(&private).len(), 2);
    }

    #[test]
    fn a_link_moves_as_a_link() {
        let root = tempfile::tempdir().expect("a folder");
        let (private, real) = (root.path().join("id_ed25519"), root.path().join("real"));
        std::fs::write(&real, "old").expect("written");
        std::os::unix::fs::symlink(&real, &private).expect("linked");
        save(&generate("one", None).expect("made"), &private, Timestamp(6)).expect("saved");
        assert_eq!(std::fs::read_to_string(&real).expect("read"), "old");
        let backup = root.path().join("id_ed25519.backup_6");
        assert!(backup.symlink_metadata().expect("a link").is_symlink());
    }
}
