//! The forms in which `vastenv export` prints variables: sorted, so the same account always gives the
//! same bytes.
//!
//! A format is one file here, which implements [`Format`], and a row of `FORMATS`; the command line,
//! TAB and help read that table. Every shell is a format too.

mod direnv;
mod dotenv;
mod json;
mod sh;
mod shell;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::domain::{EnvName, Result, Secret};
use crate::shell::ALL;

pub use sh::posix_assignment;

/// What is printed.
pub type Variables = BTreeMap<EnvName, Secret>;

/// Lines for a file that is gone once anything changed, and for those by which other variables may be meant.
pub type WatchLines = fn(&Path, &[PathBuf]) -> Vec<u8>;

/// What a format's file knows.
pub trait Format: Sync {
    /// What the user calls it.
    fn name(&self) -> &'static str;

    /// What it is, in a few words.
    fn about(&self) -> &'static str;

    /// All variables as text.
    ///
    /// # Errors
    /// The format cannot hold one of them, which the failure names.
    fn render(&self, variables: &Variables) -> Result<Vec<u8>>;

    /// What comes first, for a reader that follows.
    fn watch(&self) -> Option<WatchLines> {
        None
    }

    /// What the reader gets where there is nothing to print, if it could take that for success.
    fn failure(&self) -> &'static [u8] {
        b""
    }

    /// What readers of the text should know.
    fn warning(&self, _variables: &Variables) -> Option<String> {
        None
    }
}

/// Those that are no shell.
static FORMATS: [&dyn Format; 4] = [&sh::Sh, &json::Json, &dotenv::Dotenv, &direnv::Direnv];

/// All of them, in the order in which help shows them.
pub fn all() -> impl Iterator<Item = &'static dyn Format> {
    ALL.iter().map(|shell| shell as &dyn Format).chain(FORMATS)
}

/// The format called `name`.
pub fn find(name: &str) -> Option<&'static dyn Format> {
    all().find(|format| format.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_is_sorted_and_quoted_its_own_way() {
        let variables: Variables = [("B", "it's"), ("A", "x y"), ("C", "é%")]
            .into_iter()
            .map(|(name, value)| (EnvName::parse(name).expect(name), Secret::new(value)))
            .collect();
        let rows = [
            ("bash", "export A='x y'\nexport B=$'it\\'s'\nexport C=$'\\303\\251%'\n"),
            ("zsh", "export A='x y'\nexport B=$'it\\'s'\nexport C=$'\\303\\251%'\n"),
            ("fish", "set -gx A 'x y'\nset -gx B 'it\\'s'\nset -gx C ''\\Xc3\\Xa9'%'\n"),
            ("sh", "export A='x y'\nexport B='it'\\''s'\nC=$(printf '\\303\\251%%'); export C\n"),
            ("json", "{\n \"A\": \"x y\",\n \"B\": \"it's\",\n \"C\": \"\\u00e9%\"\n}\n"),
            ("dotenv", "A='x y'\nB=\"it's\"\nC='é%'\n"),
            ("direnv", "export A='x y'\nexport B=$'it\\'s'\nexport C=$'\\303\\251%'\n"),
        ];
        assert!(all().map(Format::name).eq(rows.map(|(name, _)| name)), "a format without a row here");
        for (format, expected) in rows {
            let text = find(format).expect("a format").render(&variables).expect(format);
            assert_eq!(String::from_utf8(text).expect("text"), expected);
        }
    }
}
