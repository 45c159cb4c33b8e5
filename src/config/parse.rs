//! `config.toml` as text: read, and understood by the one table of settings.

use std::path::Path;

use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer};
use toml_edit::{Document, Item, Key, TableLike};

use super::Config;
use super::profile::{Profile, ProfileKey, check_profile_name};
use super::settings::{Checked, Setting, find, unknown};
use crate::domain::{Failure, Result, TomlFault, parse_toml, printable_capped, toml_entries, toml_text};
use crate::environment::Patterns;
use crate::files::read_steering;

/// The most that settings may be, in bytes.
const LARGEST: usize = 1024 * 1024;

type Parsed<T> = std::result::Result<T, TomlFault>;

/// The text of the settings at `path`, whatever it says; `None` if there is no such file.
pub(crate) fn read(path: &Path) -> Result<Option<String>> {
    let Some(bytes) = read_steering(path)? else { return Ok(None) };
    if bytes.len() > LARGEST {
        return Err(Failure::unavailable(format!("{} is over 1 MiB", path.display())));
    }
    toml_text(path, &bytes).map(|text| Some(text.to_owned()))
}

/// The document that `text` is, which is at `path`.
pub(super) fn document<'t>(path: &Path, text: &'t str) -> Result<Document<&'t str>> {
    parse_toml(text).map_err(|fault| failure(fault, path, text))
}

/// What to say of a fault in `text`, which is at `path`.
pub(super) fn failure(fault: TomlFault, path: &Path, text: &str) -> Failure {
    fault.failure(path, text).hint("fix it: vastenv config edit (keys: vastenv help settings)")
}

impl Config {
    /// Reads `path`; a missing file means the defaults.
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let Some(text) = read(path)? else { return Ok(Self::default()) };
        Self::parse(&text).map_err(|fault| failure(fault, path, &text))
    }

    pub(crate) fn parse(text: &str) -> Parsed<Self> {
        let document = parse_toml(text)?;
        let mut config = Self::default();
        for (key, item) in toml_entries(document.as_table()) {
            if key.get() != "profiles" {
                let (setting, value) = read_value(key, item, "")?;
                config.take(setting.name, value);
                continue;
            }
            for (name, item) in toml_entries(table(key, item, "profiles")?) {
                let place = format!("profiles.{}", printable_capped(&name.display_repr(), 80));
                check_profile_name(name.get())
                    .map_err(|why| TomlFault::new(name.span(), format!("{place}: {why}")))?;
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

fn read_profile(table: &dyn TableLike, place: &str) -> Parsed<Profile> {
    let (mut profile, mut earlier) = (Profile::default(), None);
    for (key, item) in toml_entries(table) {
        let (setting, value) = read_value(key, item, place)?;
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
        if setting.name.starts_with("api_key_")
            && let Some(first) = earlier.replace(setting.name)
        {
            let what = format!("{place} has two keys: keep one of {first} and {}", setting.name);
            return Err(TomlFault::new(key.span(), what));
        }
    }
    Ok(profile)
}

fn table<'i>(key: &Key, item: &'i Item, place: &str) -> Parsed<&'i dyn TableLike> {
    item.as_table_like().ok_or_else(|| TomlFault::new(key.span(), format!("{place}: expected a table")))
}

/// The setting that `key` names in the table called `place`, and its value.
fn read_value(key: &Key, item: &Item, place: &str) -> Parsed<(&'static Setting, Checked)> {
    let setting = find(key.get(), !place.is_empty())
        .ok_or_else(|| TomlFault::new(key.span(), unknown(key.get(), place)))?;
    let no_value = || TomlFault::new(key.span(), format!("{}: expected {}", setting.name, setting.kind));
    Ok((setting, setting.check(item.as_value().ok_or_else(no_value)?)?))
}
