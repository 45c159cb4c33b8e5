//! Locales whose characters may hold a `\` or take one with them, made for these tests alone.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::common::process::command;
use crate::common::skip::needs;

/// Their names, and what localedef makes them of.
const LOCALES: [(&str, &str, &str); 5] = [
    ("zh_CN.GBK", "zh_CN", "GBK"),
    ("zh_CN.GB18030", "zh_CN", "GB18030"),
    ("zh_TW.BIG5", "zh_TW", "BIG5"),
    ("ja_JP.SJIS", "ja_JP", "SHIFT_JIS"),
    ("ja_JP.EUC-JP", "ja_JP", "EUC-JP"),
];

/// The names of all of them, and the folder for `LOCPATH`; nothing where they cannot be made.
pub fn multi_byte() -> Option<(impl Iterator<Item = &'static str>, &'static Path)> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let folder = FOLDER.get_or_init(make).as_deref();
    needs(folder.is_some(), "localedef with its charmaps (the package locales)");
    Some((LOCALES.iter().map(|(name, ..)| *name), folder?))
}

fn make() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("locales");
    std::fs::create_dir_all(&folder).ok()?;
    for (name, source, charset) in LOCALES {
        let made = folder.join(name);
        if made.exists() {
            continue;
        }
        let temporary = tempfile::tempdir_in(&folder).ok()?;
        let path = temporary.path().join(name);
        // It ends with 1 where a character set is not quite ASCII.
        command("localedef").args(["-c", "-i", source, "-f", charset]).arg(&path).output().ok()?;
        if !path.join("LC_CTYPE").exists() {
            return None;
        }
        // Another test may have been first.
        let _ = std::fs::rename(&path, &made);
    }
    Some(folder)
}
