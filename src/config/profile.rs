//! `[profiles.NAME]`: an account by name.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::domain::{Failure, printable_capped};
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

/// What to say of a profile that is not one of `known`, and of what named it.
pub(crate) fn no_profile(known: &[&str], name: &str, by: Option<&str>) -> Failure {
    let near = known.iter().map(|known| (strsim::damerau_levenshtein(known, name), known));
    let is_near = |(distance, known): &(usize, &&str)| {
        *distance <= 1 + name.chars().count() / 4 || (!name.is_empty() && known.starts_with(name))
    };
    let hint = match near.min().filter(is_near) {
        Some((_, near)) => format!("did you mean {near}?"),
        None if known.is_empty() => "add it: vastenv profile add NAME".to_owned(),
        None => format!("the profiles are {}", known.join(", ")),
    };
    let (shown, by) = (printable_capped(name, 80), by.map_or(String::new(), |by| format!(" ({by})")));
    let shown = if name.is_empty() { "\"\"" } else { shown.as_str() };
    Failure::failed(format!("there is no profile {shown}{by}")).hint(hint)
}
