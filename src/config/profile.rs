//! `[profiles.NAME]`: an account by name.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::environment::Patterns;

/// An account, and what settings it has of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Profile {
    /// Its server; the usual one without.
    pub url: Option<String>,
    /// Where its key is; `None` while it has none.
    pub key: Option<ProfileKey>,
    pub max_age: Option<u64>,
    pub allow: Option<BTreeSet<String>>,
    pub run_only: Option<Patterns>,
}

/// Where a profile's key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProfileKey {
    /// A file, absolute, or `~/…` below the home.
    File(PathBuf),
    /// A program that prints it, with its arguments.
    Command(Vec<String>),
    /// The keyring of the operating system.
    Keyring,
}

/// The longest name of a profile.
const LONGEST_NAME: usize = 64;

/// Checks the name of a profile: it is a part of file names too.
pub(crate) fn check_profile_name(name: &str) -> Result<(), &'static str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let begins = name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
    if begins && name.len() <= LONGEST_NAME && name.bytes().all(is_plain) {
        return Ok(());
    }
    Err(
        "a profile's name has ASCII letters, digits, `-`, `_` and `.`, begins with a letter or digit, and is at most 64 long",
    )
}
