//! Changing one setting of the user's own file, and nothing else in it.

use std::io::ErrorKind;
use std::path::Path;

use toml_edit::{DocumentMut, value};

use super::Config;
use crate::domain::{Failure, Result};
use crate::files;
use crate::vault::Storage;

/// Writes `storage` into the file at `path`, with its comments and its order kept. The default is
/// only written where another setting stands.
pub fn set_storage(path: &Path, storage: Storage) -> Result<()> {
    if Config::load(path)?.storage == storage {
        return Ok(());
    }
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => String::new(),
        Err(error) => return Err(files::unwritable(path, &error)),
    };
    let mut document: DocumentMut =
        text.parse().map_err(|_| Failure::failed(format!("{} is not valid TOML", path.display())))?;
    match document.get_mut("storage").and_then(|item| item.as_value_mut()) {
        // What stands around the value, a comment say, stays.
        Some(old) => {
            let around = old.decor().clone();
            *old = storage.to_string().into();
            *old.decor_mut() = around;
        }
        None => {
            document.insert("storage", value(storage.to_string()));
        }
    }
    files::replace(path, document.to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn one_setting_changes_and_the_rest_stays_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("vastenv/config.toml");
        set_storage(&path, Storage::File).expect("nothing to do");
        assert!(!path.exists());
        set_storage(&path, Storage::Keyring).expect("written");
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "storage = \"keyring\"\n");
        let text =
            "# mine\nstorage =  \"keyring\" # why\nmax_age = '10m'\nallow = [ # names\n  \"PAGER\",\n]\n";
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("chmod");
        set_storage(&path, Storage::File).expect("written");
        let changed = std::fs::read_to_string(&path).expect("read");
        assert_eq!(changed, text.replace("\"keyring\"", "\"file\""));
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o640);
    }

    #[test]
    fn a_file_that_lives_elsewhere_stays_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let (real, link) = (folder.path().join("dotfiles.toml"), folder.path().join("config.toml"));
        std::fs::write(&real, "max_age = \"1h\"\n").expect("written");
        std::os::unix::fs::symlink(&real, &link).expect("linked");
        set_storage(&link, Storage::Keyring).expect("written");
        assert!(link.is_symlink());
        assert_eq!(Config::load(&real).expect("valid").storage, Storage::Keyring);
    }
}
