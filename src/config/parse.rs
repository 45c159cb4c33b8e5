//! `config.toml` as text: read, and understood by the one table of settings.

use std::path::Path;

use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer};
use toml_edit::{Document, Item, Key, TableLike, TomlError, Value};

use super::Config;
use super::profile::{Profile, ProfileKey, check_profile_name};
use super::settings::{Checked, Setting, find, unknown};
use crate::domain::{Failure, NotText, Result, decode, printable_capped};
use crate::environment::Patterns;
use crate::files::read_steering;

/// The most that settings may be, in bytes.
const LARGEST: usize = 1024 * 1024;

/// What is wrong with a text, and at which byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    at: usize,
    what: String,
}

/// The text of the settings at `path`, whatever it says; `None` if there is no such file.
pub(crate) fn read(path: &Path) -> Result<Option<String>> {
    let Some(bytes) = read_steering(path)? else { return Ok(None) };
    if bytes.len() > LARGEST {
        return Err(Failure::unavailable(format!("{} is over 1 MiB", path.display())));
    }
    let text = decode(&bytes).map_err(|fault| {
        let shown = shell_escape::escape(path.to_string_lossy());
        let what = if fault == NotText::Utf16 { "it is UTF-16 text" } else { "it is not UTF-8" };
        Failure::failed(format!("cannot read {}: {what}", path.display()))
            .hint(format!("save {shown} as UTF-8"))
    })?;
    Ok(Some(text.to_owned()))
}

/// The document that `text` is.
pub(super) fn document(text: &str) -> std::result::Result<Document<&str>, Fault> {
    Document::parse(text).map_err(|error| Fault::from(&error))
}

impl From<&TomlError> for Fault {
    fn from(error: &TomlError) -> Self {
        let lines: Vec<&str> = error.message().lines().map(str::trim).collect();
        Self { at: error.span().map_or(0, |span| span.start), what: printable_capped(&lines.join(", "), 200) }
    }
}

impl Fault {
    fn of_key(key: &Key, what: String) -> Self {
        Self { at: key.span().map_or(0, |span| span.start), what }
    }

    /// The line in `text` that `key` is on.
    pub(super) fn line_of(key: &Key, text: &str) -> usize {
        Self::of_key(key, String::new()).place(text).0
    }

    /// Line and column, from 1.
    fn place(&self, text: &str) -> (usize, usize) {
        let before = text.get(..self.at).unwrap_or_default();
        let column = before.chars().rev().take_while(|letter| *letter != '\n').count() + 1;
        (before.matches('\n').count() + 1, column)
    }

    /// What to say of it as a part of `text`, which is at `path`.
    pub(crate) fn failure(&self, path: &Path, text: &str) -> Failure {
        let (line, column) = self.place(text);
        Failure::failed(format!("{}:{line}:{column}: {}", path.display(), self.what))
            .hint("fix it: vastenv config edit (keys: vastenv help settings)")
    }

    /// What to say of it where `text` is not in the file yet.
    pub(super) fn unsaved(&self) -> Failure {
        Failure::failed(format!("not saved: {}", self.what))
    }
}

impl Config {
    /// Reads `path`; a missing file means the defaults.
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let Some(text) = read(path)? else { return Ok(Self::default()) };
        Self::parse(&text).map_err(|fault| fault.failure(path, &text))
    }

    pub(crate) fn parse(text: &str) -> std::result::Result<Self, Fault> {
        let document = document(text)?;
        let mut config = Self::default();
        for (key, item) in pairs(document.as_table()) {
            if key.get() != "profiles" {
                let (setting, value) = read_value(key, item, "")?;
                config.take(setting.name, value);
                continue;
            }
            for (name, item) in pairs(table(key, item, "profiles")?) {
                let place = format!("profiles.{}", printable_capped(&name.display_repr(), 80));
                check_profile_name(name.get())
                    .map_err(|why| Fault::of_key(name, format!("{place}: {why}")))?;
                let profile = read_profile(table(name, item, &place)?, &place)?;
                config.profiles.insert(name.get().to_owned(), profile);
            }
        }
        Ok(config)
    }

    fn take(&mut self, name: &str, value: Checked) {
        match (name, value) {
            ("max_age", Checked::Seconds(age)) => self.max_age = age,
            ("override", Checked::Switch(yes)) => self.override_existing = yes,
            ("allow", Checked::Words(names)) => self.allow = names.into_iter().collect(),
            ("keep", Checked::Words(patterns)) => self.keep = Patterns::new(patterns),
            ("run_only", Checked::Words(patterns)) => self.run_only = Patterns::new(patterns),
            ("scope", Checked::Word(word)) => self.scope = variant(&word).unwrap_or_default(),
            ("missing", Checked::Word(word)) => self.missing = variant(&word).unwrap_or_default(),
            ("container", Checked::Word(word)) => self.container = variant(&word).unwrap_or_default(),
            ("retry", Checked::Number(tries)) => self.retry = tries,
            ("insecure_http", Checked::Switch(yes)) => self.insecure_http = yes,
            ("default_profile", Checked::Word(name)) => self.default_profile = Some(name),
            ("storage", Checked::Word(word)) => self.storage = variant(&word),
            _ => {}
        }
    }
}

/// What a word of the table is in the code.
fn variant<T: for<'de> Deserialize<'de>>(word: &str) -> Option<T> {
    T::deserialize(StrDeserializer::<Error>::new(word)).ok()
}

fn read_profile(table: &dyn TableLike, place: &str) -> std::result::Result<Profile, Fault> {
    let mut profile = Profile::default();
    for (key, item) in pairs(table) {
        let (setting, value) = read_value(key, item, place)?;
        let before = profile.key.is_some();
        match (setting.name, value) {
            ("url", Checked::Word(url)) => profile.url = Some(url),
            ("api_key_file", Checked::Word(path)) => profile.key = Some(ProfileKey::File(path.into())),
            ("api_key_command", Checked::Words(words)) => profile.key = Some(ProfileKey::Command(words)),
            ("api_key_keyring", Checked::Switch(true)) => profile.key = Some(ProfileKey::Keyring),
            ("max_age", Checked::Seconds(age)) => profile.max_age = Some(age),
            ("allow", Checked::Words(names)) => profile.allow = Some(names.into_iter().collect()),
            ("run_only", Checked::Words(patterns)) => profile.run_only = Some(Patterns::new(patterns)),
            _ => continue,
        }
        if before && setting.name.starts_with("api_key_") {
            let what = "has two keys: keep one of api_key_file, api_key_command, api_key_keyring";
            return Err(Fault::of_key(key, format!("{place} {what}")));
        }
    }
    Ok(profile)
}

/// A table's keys and items, with the places that they have.
pub(super) fn pairs(table: &dyn TableLike) -> impl Iterator<Item = (&Key, &Item)> {
    table.iter().filter_map(|(name, _)| table.get_key_value(name))
}

fn table<'i>(key: &Key, item: &'i Item, place: &str) -> std::result::Result<&'i dyn TableLike, Fault> {
    item.as_table_like().ok_or_else(|| Fault::of_key(key, format!("{place}: expected a table")))
}

/// The setting that `key` names in the table called `place`, and its value.
fn read_value(
    key: &Key,
    item: &Item,
    place: &str,
) -> std::result::Result<(&'static Setting, Checked), Fault> {
    let setting =
        find(key.get(), !place.is_empty()).ok_or_else(|| Fault::of_key(key, unknown(key.get(), place)))?;
    let checked = match item.as_value() {
        Some(value) => setting.check(value),
        None => Err(format!("{}: expected {}", setting.name, setting.kind)),
    };
    let at = |value: &Value| value.span().map(|span| span.start);
    let place = item.as_value().and_then(at).or(key.span().map(|span| span.start));
    Ok((setting, checked.map_err(|what| Fault { at: place.unwrap_or(0), what })?))
}
