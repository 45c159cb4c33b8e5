//! What TAB offers of settings: keys, and the values that each may have.

use std::path::PathBuf;

use crate::complete::Word;
use crate::config::Config;
use crate::config::keys::{SettingKey, entries};
use crate::config::settings::Kind;
use crate::context;

/// The values of a setting.
pub(super) enum Values {
    Words(Vec<Word>),
    /// Names of the account's variables, in lists with commas.
    Names,
    Files,
}

/// The keys; only those that the file has if `written` is set.
pub(super) fn keys(written: bool) -> Vec<Word> {
    let keys: Vec<SettingKey> = if written {
        entries(&file()).unwrap_or_default().into_iter().map(|entry| entry.key).collect()
    } else {
        SettingKey::all(&profiles())
    };
    keys.iter().map(|key| Word::new(key.to_string(), key.setting.about)).collect()
}

/// What the list of the setting `key` holds.
pub(super) fn written(key: &str) -> Values {
    let found = entries(&file()).unwrap_or_default();
    let entry = SettingKey::parse(key).ok().and_then(|key| found.into_iter().find(|entry| entry.key == key));
    let words = entry.as_ref().and_then(|entry| entry.value.as_array()).into_iter().flatten();
    Values::Words(words.filter_map(|word| Some(Word::new(word.as_str()?, "in the list"))).collect())
}

/// What the setting `key` may be, `given` values of which stand on the line already.
pub(super) fn values(key: &str, given: usize) -> Values {
    let nothing = Values::Words(Vec::new());
    let Ok(key) = SettingKey::parse(key) else { return nothing };
    let plain = |words: &[&str]| {
        Values::Words(words.iter().map(|word| Word::new(*word, key.setting.about)).collect())
    };
    match key.setting.kind {
        Kind::Names | Kind::Patterns => Values::Names,
        _ if given > 0 => nothing,
        Kind::Switch => plain(&["true", "false"]),
        Kind::Duration => plain(&["1m", "5m", "1h", "1d"]),
        Kind::OneOf(known) => {
            Values::Words(known.iter().map(|(word, about)| Word::new(*word, about)).collect())
        }
        Kind::ProfileName => {
            Values::Words(profiles().into_iter().map(|name| Word::new(name, "profile")).collect())
        }
        Kind::Path => Values::Files,
        Kind::Number(_) | Kind::Url | Kind::Program => nothing,
    }
}

fn file() -> PathBuf {
    context::paths().map(|paths| paths.config_file).unwrap_or_default()
}

/// The names of the profiles.
fn profiles() -> Vec<String> {
    Config::load(&file()).unwrap_or_default().profiles.into_keys().collect()
}
