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
    /// A file; `~/` at its start is the home.
    File(PathBuf),
    /// A program that prints it, with its arguments.
    Command(Vec<String>),
    /// The keyring of the operating system.
    Keyring,
}
