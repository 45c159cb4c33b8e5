//! Changes of `config.toml`: its comments, order and form stay as they are, and what is not valid is not
//! written.

use std::path::Path;

use toml_edit::{DocumentMut, Item, TableLike, Value};

use super::Config;
use super::parse::{document, failure, read};
use crate::domain::{Failure, Result};
use crate::files::{create_private, lock_real_folder, read_to_replace, replace};

/// The mark that some editors put before a text.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Changes the settings at `path`, where they really are if that is a link; a missing file is an empty one.
/// Nothing is written if nothing changed.
///
/// # Errors
/// The file cannot be read or written, it is not TOML, or not valid once it is changed.
pub(crate) fn edit(path: &Path, change: impl FnOnce(&mut DocumentMut) -> Result<()>) -> Result<()> {
    rewrite(path, |text| {
        let mut document = document(path, text)?.into_mut();
        change(&mut document)?;
        Ok(rendered(&document, text))
    })
}

/// The document that was `text`, with line breaks like those.
pub(super) fn rendered(document: &DocumentMut, text: &str) -> String {
    let new = document.to_string();
    if text.contains("\r\n") { new.replace("\r\n", "\n").replace('\n', "\r\n") } else { new }
}

/// Replaces the text at `path` by what `change` makes of it, with nobody else writing between.
///
/// # Errors
/// The file cannot be read or written, or the new text is not valid.
pub(crate) fn rewrite(path: &Path, change: impl FnOnce(&str) -> Result<String>) -> Result<()> {
    let _lock = lock_real_folder(path)?;
    let old = read(path)?;
    let real = read_to_replace(path)?;
    let mark = match &real {
        Some((_, bytes)) if bytes.starts_with(BYTE_ORDER_MARK.as_bytes()) => BYTE_ORDER_MARK,
        _ => "",
    };
    let old = old.unwrap_or_default();
    let new = change(&old)?;
    if new == old {
        return Ok(());
    }
    // What was wrong before has a place in the file.
    Config::parse(&new).map_err(|fault| match Config::parse(&old) {
        Err(before) if before.what == fault.what => failure(before, path, &old),
        Err(_) => Failure::failed(format!("not saved, something else is wrong too: {}", fault.what))
            .hint("fix both: vastenv config edit"),
        Ok(_) => Failure::failed(format!("not saved: {}", fault.what)),
    })?;
    let bytes = format!("{mark}{new}").into_bytes();
    match real {
        Some((real, _)) => replace(&real, &bytes),
        None => create_private(path, &bytes),
    }
}

/// Sets `key` of a table, whose comments stay, also the one behind the old value.
pub(crate) fn put(table: &mut dyn TableLike, key: &str, value: impl Into<Value>) {
    let mut value = value.into();
    match table.get_mut(key) {
        Some(Item::Value(old)) => {
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        _ => drop(table.insert(key, Item::Value(value))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::domain::Failure;

    fn set_max_age(path: &Path, age: &str) -> Result<()> {
        edit(path, |document| {
            put(document.as_table_mut(), "max_age", age);
            Ok(())
        })
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("metadata").permissions().mode() & 0o7777
    }

    #[test]
    fn a_missing_file_is_made_private_with_its_folder() {
        let root = tempfile::tempdir().expect("a folder");
        let path = root.path().join("a/vastenv/config.toml");
        set_max_age(&path, "1h").expect("written");
        assert_eq!(fs::read_to_string(&path).expect("read"), "max_age = \"1h\"\n");
        assert_eq!((mode(&path), mode(path.parent().expect("folder"))), (0o600, 0o700));
    }

    #[test]
    fn a_link_stays_and_its_target_keeps_its_mode_and_comments() {
        let root = tempfile::tempdir().expect("a folder");
        let (real, link) = (root.path().join("dotfiles.toml"), root.path().join("config.toml"));
        let text = "# first\noverride  =  false # second\nmax_age = \"5m\" # third\n\n# last";
        fs::write(&real, format!("\u{feff}{text}")).expect("written");
        fs::set_permissions(&real, Permissions::from_mode(0o640)).expect("chmod");
        symlink("dotfiles.toml", &link).expect("linked");
        set_max_age(&link, "1h").expect("written");
        assert!(link.is_symlink());
        let changed = text.replace("\"5m\" # third", "\"1h\" # third");
        assert_eq!(fs::read_to_string(&real).expect("read"), format!("\u{feff}{changed}"));
        assert_eq!(mode(&real), 0o640);
    }

    #[test]
    fn what_is_not_valid_or_the_same_is_not_written() {
        let root = tempfile::tempdir().expect("a folder");
        let path = root.path().join("config.toml");
        fs::write(&path, "max_age = \"5m\"\n").expect("written");
        let before = fs::metadata(&path).expect("metadata").modified().expect("a time");
        set_max_age(&path, "soon").expect_err("refused");
        edit(&path, |_| Err(Failure::failed("no"))).expect_err("refused");
        edit(&path, |_| Ok(())).expect("nothing to do");
        assert_eq!(fs::read_to_string(&path).expect("read"), "max_age = \"5m\"\n");
        assert_eq!(fs::metadata(&path).expect("metadata").modified().expect("a time"), before);
    }

    #[test]
    fn writers_at_once_lose_nothing() {
        let root = tempfile::tempdir().expect("a folder");
        let path = root.path().join("new/config.toml");
        let add = |name: String, path: &Path| {
            edit(path, |document| {
                let list = document["allow"].or_insert(toml_edit::value(toml_edit::Array::new()));
                list.as_array_mut().expect("an array").push(name);
                Ok(())
            })
        };
        let threads: Vec<_> = (0..8)
            .map(|number| {
                let path = path.clone();
                std::thread::spawn(move || add(format!("N{number}"), &path).expect("written"))
            })
            .collect();
        for thread in threads {
            thread.join().expect("no panic");
        }
        assert_eq!(Config::load(&path).expect("valid").allow.len(), 8);
    }
}
