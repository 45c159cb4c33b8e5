//! `[profiles.NAME]`: an account by name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::parse_max_age;
use crate::environment::Patterns;

/// An account, and what settings it has of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// The file's own form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    url: Option<String>,
    api_key_file: Option<PathBuf>,
    api_key_command: Option<Vec<String>>,
    #[serde(default)]
    api_key_keyring: bool,
    max_age: Option<String>,
    allow: Option<BTreeSet<String>>,
    run_only: Option<Vec<String>>,
}

impl Table {
    pub(super) fn profile(self) -> Result<Profile, String> {
        let keys = [
            self.api_key_file.map(ProfileKey::File),
            self.api_key_command.map(ProfileKey::Command),
            self.api_key_keyring.then_some(ProfileKey::Keyring),
        ];
        let mut keys = keys.into_iter().flatten();
        let key = keys.next();
        if keys.next().is_some() {
            return Err(
                "it has two keys; keep one of api_key_file, api_key_command, api_key_keyring".to_owned()
            );
        }
        if matches!(&key, Some(ProfileKey::Command(words)) if words.first().is_none_or(String::is_empty)) {
            return Err("api_key_command names no program".to_owned());
        }
        if let Some(ProfileKey::Command(words)) = &key
            && let Some(program) = words.first()
            && program.contains('/')
            && !Path::new(program).is_absolute()
            && !program.starts_with("~/")
        {
            // In a folder of somebody else, it would be somebody else's.
            return Err("the program of api_key_command is a relative path".to_owned());
        }
        if matches!(&key, Some(ProfileKey::File(path)) if !path.is_absolute() && !path.starts_with("~")) {
            return Err("api_key_file is neither absolute nor below ~/".to_owned());
        }
        Ok(Profile {
            url: self.url,
            key,
            max_age: self.max_age.as_deref().map(parse_max_age).transpose()?,
            allow: self.allow,
            run_only: self.run_only.map(Patterns::new),
        })
    }
}
