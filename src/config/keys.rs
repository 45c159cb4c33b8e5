//! Settings by key, as the user types them and the file has them: `max_age`, `profiles.work.url`.

use std::fmt;
use std::path::Path;

use serde_json::Value as Json;
use toml_edit::{Array, DocumentMut, Item, Key, Table, TableLike, Value};

use super::Config;
use super::edit::{put, rendered};
use super::list;
use super::parse::{document, failure, read};
use super::profile::no_profile;
use super::settings::{Kind, Place, Setting, find, settings, unknown};
use crate::domain::{Failure, Result, place, printable_capped, toml_entries};

/// The table of profiles.
const PROFILES: &str = "profiles";

/// The key of one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SettingKey {
    pub setting: &'static Setting,
    pub profile: Option<String>,
}

/// A setting that has a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub key: SettingKey,
    pub value: Json,
    /// Where it is in the file.
    pub line: usize,
}

/// What to do with the values of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Replace,
    Add,
    Remove,
}

impl fmt::Display for SettingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.profile {
            Some(profile) => {
                write!(formatter, "profiles.{}.{}", Key::new(profile).display_repr(), self.setting.name)
            }
            None => formatter.write_str(self.setting.name),
        }
    }
}

impl SettingKey {
    /// Reads a key.
    ///
    /// # Errors
    /// There is no such setting.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let words: Vec<String> = words(text);
        let (name, profile) = match words.as_slice() {
            [name] => (name, None),
            [profiles, profile, name] if profiles == PROFILES => (name, Some(profile.clone())),
            words => return Err(unknown_key(no_key(text, words))),
        };
        let table = profile.as_ref().map(|profile| format!("profiles.{}", Key::new(profile).display_repr()));
        let setting = find(name, profile.is_some())
            .ok_or_else(|| unknown_key(unknown(name, table.as_deref().unwrap_or_default())))?;
        Ok(Self { setting, profile })
    }

    /// Every key that may be given, with those of these profiles.
    pub(crate) fn all<'p>(profiles: impl IntoIterator<Item = &'p String>) -> Vec<Self> {
        let top = settings(false).map(|setting| Self { setting, profile: None });
        let of = |profile: &String| {
            let profile = Some(profile.clone());
            settings(true).map(move |setting| Self { setting, profile: profile.clone() })
        };
        top.chain(profiles.into_iter().flat_map(of)).collect()
    }

    /// What stands for it where the file has nothing.
    pub(crate) fn default(&self) -> Option<Json> {
        let default = self.setting.default.filter(|_| self.profile.is_none());
        default.and_then(|text| serde_json::from_str(text).ok())
    }

    /// Gives it the value that `typed` is.
    ///
    /// # Errors
    /// These words are no value of this setting.
    pub(crate) fn set(&self, document: &mut DocumentMut, typed: &[String], change: Change) -> Result<()> {
        let misused = |why: String| Failure::usage(why);
        if change != Change::Replace && !self.setting.kind.is_list() {
            return Err(misused(format!("{self} is not a list: leave --add and --remove out")));
        }
        if self.setting.place == Place::Old {
            let command = format!("vastenv {} {}", self.setting.name, typed.join(" "));
            return Err(misused(format!("{self} is not changed here")).hint(command));
        }
        let value = self.value(typed)?;
        self.setting.check(&value).map_err(|why| {
            let words = typed.iter().map(|word| printable_capped(word, 80)).collect::<Vec<_>>().join(" ");
            misused(format!("invalid value {words:?} for {}", why.what))
        })?;
        let table = self.table(document)?;
        let list = table.get_mut(self.setting.name).and_then(Item::as_array_mut);
        match (change, list, value.as_array()) {
            (Change::Add, Some(list), Some(words)) => list::add(list, &texts(words)),
            (Change::Remove, Some(list), Some(words)) => list::remove(list, &texts(words)),
            (Change::Remove, ..) => {}
            _ => put(table, self.setting.name, value),
        }
        self.refuse_unknown_profile(document)
    }

    fn refuse_unknown_profile(&self, document: &DocumentMut) -> Result<()> {
        let named = document.get(self.setting.name).and_then(Item::as_str);
        let Some(named) = named.filter(|_| self.setting.kind == Kind::ProfileName) else { return Ok(()) };
        let profiles = document.get(PROFILES).and_then(Item::as_table_like);
        let known: Vec<&str> = profiles.into_iter().flat_map(TableLike::iter).map(|(name, _)| name).collect();
        if known.contains(&named) { Ok(()) } else { Err(no_profile(&known, named, None)) }
    }

    /// The value that these words are, valid or not.
    fn value(&self, typed: &[String]) -> Result<Value> {
        let words = || typed.iter().flat_map(|word| word.split(',')).filter(|word| !word.is_empty());
        match (self.setting.kind, typed) {
            (Kind::Names | Kind::Patterns, _) => Ok(words().collect::<Array>().into()),
            (Kind::Program, _) => Ok(typed.iter().map(String::as_str).collect::<Array>().into()),
            (Kind::Switch, [word]) => Ok(word.parse::<bool>().map_or_else(|_| word.into(), Value::from)),
            (Kind::Number(_), [word]) => Ok(word.parse::<i64>().map_or_else(|_| word.into(), Value::from)),
            (_, [word]) => Ok(word.into()),
            _ => Err(Failure::usage(format!("{self} takes one value: {}", self.setting.kind))),
        }
    }

    /// The table that it belongs in, made if there is none.
    fn table<'d>(&self, document: &'d mut DocumentMut) -> Result<&'d mut dyn TableLike> {
        let above = comments_alone(document);
        let Some(profile) = &self.profile else {
            if let Some(above) = above {
                document.as_table_mut().decor_mut().set_prefix(above);
            }
            return Ok(document.as_table_mut());
        };
        let (mut parent, mut table) = (Table::new(), Table::new());
        parent.set_implicit(true);
        if let Some(above) = above {
            table.decor_mut().set_prefix(above);
        }
        let profiles = document.entry(PROFILES).or_insert(Item::Table(parent));
        let table = profiles
            .as_table_like_mut()
            .and_then(|profiles| profiles.entry(profile).or_insert(Item::Table(table)).as_table_like_mut());
        table.ok_or_else(|| Failure::failed("profiles: expected a table").hint("fix it: vastenv config edit"))
    }
}

/// Takes the comments that are all there is, to come before the first setting.
fn comments_alone(document: &mut DocumentMut) -> Option<String> {
    let mut above = document.trailing().as_str().filter(|_| document.is_empty())?.to_owned();
    if !above.is_empty() && !above.ends_with('\n') {
        above.push('\n');
    }
    document.set_trailing("");
    Some(above)
}

fn texts(list: &Array) -> Vec<String> {
    list.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect()
}

/// Why `words` are no key, which are `text`: it may lack where profiles are, or name a profile alone.
fn no_key(text: &str, words: &[String]) -> String {
    let shown = printable_capped(text, 100);
    match words {
        [.., profile, name] if profile != PROFILES && find(name, true).is_some() => {
            let near =
                printable_capped(&format!("{PROFILES}.{}.{name}", Key::new(profile).display_repr()), 100);
            format!("unknown key {shown}: did you mean {near}?")
        }
        [profiles, profile] if profiles == PROFILES => {
            let profile = printable_capped(&Key::new(profile).display_repr(), 80);
            format!("{shown} is a table: its keys are {PROFILES}.{profile}.url and others")
        }
        _ => format!("unknown key {shown}"),
    }
}

/// The words of a key, as TOML has them; one word if they are none.
fn words(text: &str) -> Vec<String> {
    Key::parse(text)
        .map_or_else(|_| vec![text.to_owned()], |keys| keys.iter().map(|key| key.get().to_owned()).collect())
}

fn unknown_key(message: String) -> Failure {
    Failure::failed(message).hint("list the keys: vastenv config list")
}

/// What the settings at `path` say, in the order of the table.
///
/// # Errors
/// They cannot be read.
pub(crate) fn entries(path: &Path) -> Result<Vec<Entry>> {
    let Some(text) = read(path)? else { return Ok(Vec::new()) };
    Config::parse(&text).map_err(|fault| failure(fault, path, &text))?;
    let parsed = document(path, &text)?;
    let mut found = Vec::new();
    let mut take = |table: &dyn TableLike, profile: Option<&str>| {
        for (key, item) in toml_entries(table) {
            let Some(setting) = find(key.get(), profile.is_some()) else { continue };
            let Some(value) = item.as_value() else { continue };
            let key_of = SettingKey { setting, profile: profile.map(str::to_owned) };
            let (line, _) = place(&text, key.span().map_or(0, |span| span.start));
            found.push(Entry { key: key_of, value: json(value), line });
        }
    };
    take(parsed.as_table(), None);
    if let Some(profiles) = parsed.get(PROFILES).and_then(Item::as_table_like) {
        for (name, profile) in toml_entries(profiles) {
            profile.as_table_like().into_iter().for_each(|table| take(table, Some(name.get())));
        }
    }
    Ok(found)
}

/// A value as TOML writes it.
pub(crate) fn as_toml(value: &Json) -> String {
    match value {
        Json::Array(words) => format!("[{}]", words.iter().map(as_toml).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn json(value: &Value) -> Json {
    match value {
        Value::String(text) => text.value().as_str().into(),
        Value::Integer(number) => (*number.value()).into(),
        Value::Boolean(yes) => (*yes.value()).into(),
        Value::Array(list) => list.iter().map(json).collect(),
        Value::Float(_) | Value::Datetime(_) | Value::InlineTable(_) => Json::Null,
    }
}

/// `text` without the setting `key`, which need not be one that is known; `None` if it has none.
///
/// # Errors
/// It is not TOML.
pub(crate) fn without(path: &Path, text: &str, key: &str) -> Result<Option<String>> {
    let parsed = document(path, text)?;
    let words = words(key);
    let (name, above) = words.split_last().map_or((key, &[][..]), |(name, above)| (name.as_str(), above));
    let table = above.iter().try_fold(parsed.as_table() as &dyn TableLike, |table, word| {
        table.get(word).and_then(Item::as_table_like)
    });
    let Some((found, item)) = table.and_then(|table| table.get_key_value(name)) else { return Ok(None) };
    if item.is_table_like() && words.len() <= 2 && words.first().is_some_and(|first| first == PROFILES) {
        return Err(Failure::usage(format!("{} is a table, not a setting", printable_capped(key, 100)))
            .hint("remove a profile: vastenv profile remove NAME"));
    }
    let lines = found
        .span()
        .zip(item.as_value().and_then(Value::span))
        .and_then(|(key, value)| own_lines(text, key.start, value.end));
    if let Some((start, end)) = lines {
        return Ok(Some(format!("{}{}", &text[..start], &text[end..])));
    }
    let mut document = parsed.into_mut();
    let table = above.iter().try_fold(document.as_table_mut() as &mut dyn TableLike, |table, word| {
        table.get_mut(word).and_then(Item::as_table_like_mut)
    });
    table.and_then(|table| table.remove(name));
    Ok(Some(rendered(&document, text)))
}

/// The whole lines from `start` to `end`, if nothing but the rest of a dotted key and a comment is on them.
fn own_lines(text: &str, start: usize, end: usize) -> Option<(usize, usize)> {
    let begin = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let stop = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
    let (before, after) = (&text[begin..start], text[end..stop].trim());
    let is_alone = !before.contains(['=', '{', '[', '#']) && (after.is_empty() || after.starts_with('#'));
    is_alone.then_some((begin, stop))
}
