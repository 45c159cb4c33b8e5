//! Every setting, once: what `config.toml` is read by, and what help, manual, `config list` and TAB tell.

use std::fmt;

use toml_edit::Value;

use super::parse_max_age;
use crate::domain::{EnvName, ServerUrl, TomlFault, nearest_key, printable_capped};
use crate::environment::pattern;

/// A setting.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub name: &'static str,
    pub kind: Kind,
    /// As in JSON, which TOML writes alike; `None` where nothing takes its place.
    pub default: Option<&'static str>,
    pub about: &'static str,
    pub place: Place,
}

/// Where a setting may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Top,
    Profile,
    /// A profile's own comes before the one at the top.
    Both,
    /// At the top, from an earlier version; still read, offered nowhere.
    Old,
}

/// What values a setting has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Duration,
    Switch,
    /// A number from 1 to this.
    Number(u32),
    /// One of these words.
    OneOf(&'static [(&'static str, &'static str)]),
    /// Names of variables.
    Names,
    /// Names of variables, or globs.
    Patterns,
    ProfileName,
    Url,
    Path,
    /// A program and its arguments.
    Program,
}

/// A valid value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Checked {
    Seconds(u64),
    Switch(bool),
    Number(u32),
    Word(String),
    Words(Vec<String>),
}

const fn top(name: &'static str, kind: Kind, default: &'static str, about: &'static str) -> Setting {
    Setting { name, kind, default: Some(default), about, place: Place::Top }
}

const fn both(name: &'static str, kind: Kind, default: &'static str, about: &'static str) -> Setting {
    Setting { name, kind, default: Some(default), about, place: Place::Both }
}

const fn of_profile(name: &'static str, kind: Kind, about: &'static str) -> Setting {
    Setting { name, kind, default: None, about, place: Place::Profile }
}

const MISSING: Kind = Kind::OneOf(&[("fail", "do not start"), ("warn", "start without them")]);

const CONTAINER: Kind =
    Kind::OneOf(&[("auto", "on a Vast.ai instance"), ("on", "in any container"), ("off", "never")]);

const SCOPE: Kind =
    Kind::OneOf(&[("everywhere", "in every folder"), ("projects", "in allowed projects only")]);

const STORAGE: Kind = Kind::OneOf(&[("file", "in private files"), ("keyring", "encrypted")]);

/// All settings.
pub(crate) static SETTINGS: [Setting; 16] = [
    both("max_age", Kind::Duration, "\"5m\"", "Ask the server when the cache is older (at least 5 s)"),
    top("override", Kind::Switch, "true", "The account overrides variables that were set before"),
    both("allow", Kind::Names, "[]", "Load these names although they are refused"),
    top("keep", Kind::Patterns, "[]", "Leave the shell's own values of these names alone"),
    both("run_only", Kind::Patterns, "[]", "Keep these names for run and export, out of shells"),
    top("scope", SCOPE, "\"everywhere\"", "Where shells load variables (or \"projects\")"),
    top("missing", MISSING, "\"fail\"", "Unknown values stop run and export (or \"warn\")"),
    top("container", CONTAINER, "\"auto\"", "Load an instance's launch environment (\"on\", \"off\")"),
    top("retry", Kind::Number(100), "3", "Attempts per request"),
    top("insecure_http", Kind::Switch, "false", "Send the key over plain http to other machines"),
    Setting {
        name: "default_profile",
        kind: Kind::ProfileName,
        default: None,
        about: "The profile in use where nothing else names one",
        place: Place::Top,
    },
    of_profile("url", Kind::Url, "Server of the profile"),
    of_profile("api_key_file", Kind::Path, "File with the profile's API key"),
    of_profile("api_key_command", Kind::Program, "Program that prints the key, with its arguments"),
    of_profile("api_key_keyring", Kind::Switch, "The key is in the system keyring"),
    Setting {
        name: "storage",
        kind: STORAGE,
        default: None,
        about: "Replaced by `vastenv storage`",
        place: Place::Old,
    },
];

/// The settings of a profile, or of none.
pub(crate) fn settings(of_profile: bool) -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(move |setting| setting.place != Place::Old && setting.stands(of_profile))
}

/// The setting called `name`, of a profile or of none.
pub(super) fn find(name: &str, of_profile: bool) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name && setting.stands(of_profile))
}

/// Why there is no setting called `name` in `table` (`profiles.work`; empty at the top).
pub(super) fn unknown(name: &str, table: &str) -> String {
    let of_profile = !table.is_empty();
    let known = settings(of_profile).map(|setting| setting.name).chain((!of_profile).then_some("profiles"));
    let path = |name: &str| if of_profile { format!("{table}.{name}") } else { name.to_owned() };
    let typed = printable_capped(&path(name), 100);
    match nearest_key(name, known) {
        Some(near) if near == name => {
            format!("{typed} is a table: its keys are profiles.NAME.url and others")
        }
        Some(near) => format!("unknown key {typed}: did you mean {}?", path(near)),
        None if find(name, !of_profile).is_none() => format!("unknown key {typed}"),
        None if of_profile => format!("unknown key {typed}: {name} is for all profiles, above the tables"),
        None => format!("unknown key {typed}: it belongs in a profile, as profiles.NAME.{typed}"),
    }
}

impl Setting {
    fn stands(&self, of_profile: bool) -> bool {
        match self.place {
            Place::Both => true,
            Place::Profile => of_profile,
            Place::Top | Place::Old => !of_profile,
        }
    }

    /// The value, if it is one of this setting's.
    pub(super) fn check(&self, value: &Value) -> Result<Checked, TomlFault> {
        let wrong =
            |value: &Value, why: String| TomlFault::new(value.span(), format!("{}: {why}", self.name));
        for word in value.as_array().into_iter().flatten() {
            word.as_str()
                .map_or(Ok(()), |text| self.kind.check_word(text))
                .map_err(|why| wrong(word, why))?;
        }
        let text = || value.as_str();
        let words = || -> Option<Vec<String>> {
            value.as_array()?.iter().map(|word| word.as_str().map(str::to_owned)).collect()
        };
        let checked = match self.kind {
            Kind::Duration => text().and_then(parse_max_age).map(Checked::Seconds),
            Kind::Switch => value.as_bool().map(Checked::Switch),
            Kind::Number(most) => {
                let number = value.as_integer().and_then(|number| u32::try_from(number).ok());
                number.filter(|number| (1..=most).contains(number)).map(Checked::Number)
            }
            Kind::OneOf(known) => text().filter(|text| known.iter().any(|(word, _)| word == text)).map(word),
            Kind::Names | Kind::Patterns => words().map(Checked::Words),
            Kind::Program => words().filter(|words| is_program(words)).map(Checked::Words),
            Kind::ProfileName => text().map(word),
            Kind::Path => text().filter(|text| is_fixed(text)).map(word),
            Kind::Url => match text().map(ServerUrl::parse) {
                Some(Err(failure)) => return Err(wrong(value, failure.message().to_owned())),
                _ => text().map(word),
            },
        };
        checked.ok_or_else(|| wrong(value, format!("expected {}", self.kind)))
    }
}

/// Whether a path means the same file in every folder.
fn is_fixed(path: &str) -> bool {
    (path.starts_with('/') || path.starts_with("~/")) && !path.contains('\0')
}

/// Whether `words` begin with a name, or a path that is the same in every folder: in one of somebody else,
/// it would be somebody else's program.
fn is_program(words: &[String]) -> bool {
    let is_safe = |first: &String| !first.is_empty() && (!first.contains('/') || is_fixed(first));
    words.first().is_some_and(is_safe) && words.iter().all(|word| !word.contains('\0'))
}

fn word(text: &str) -> Checked {
    Checked::Word(text.to_owned())
}

impl Kind {
    /// Whether it is several words.
    pub(crate) fn is_list(self) -> bool {
        matches!(self, Self::Names | Self::Patterns | Self::Program)
    }

    /// A value for what has no default, as TOML has it.
    pub(crate) fn example(self) -> &'static str {
        match self {
            Self::ProfileName => "\"work\"",
            Self::Url => "\"https://console.vast.ai\"",
            Self::Path => "\"~/keys/work\"",
            Self::Program => "[\"pass\", \"vast\"]",
            Self::Switch => "true",
            _ => "",
        }
    }

    /// Why `word` may not be in a list of this kind: there it would do nothing, and nobody would know.
    fn check_word(self, word: &str) -> Result<(), String> {
        match self {
            Self::Patterns => pattern(word).map(drop),
            Self::Names => EnvName::parse(word).map(drop).map_err(|error| {
                format!("\"{}\" is not a valid variable name: {error}", printable_capped(word, 80))
            }),
            _ => Ok(()),
        }
    }
}

/// With its default.
impl fmt::Display for Setting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.default {
            Some(default) => write!(formatter, "{} = {default}", self.name),
            None => formatter.write_str(self.name),
        }
    }
}

/// What is expected.
impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duration => formatter.write_str("a duration like \"90s\", \"5m\" or \"1h\""),
            Self::Switch => formatter.write_str("true or false"),
            Self::Number(most) => write!(formatter, "a number from 1 to {most}"),
            Self::OneOf(known) => {
                let quoted: Vec<String> = known.iter().map(|(word, _)| format!("\"{word}\"")).collect();
                let (last, others) =
                    quoted.split_last().map_or(("", &[][..]), |(last, others)| (last.as_str(), others));
                write!(formatter, "{} or {last}", others.join(", "))
            }
            Self::Names => formatter.write_str("a list of names like [\"HTTPS_PROXY\"]"),
            Self::Patterns => formatter.write_str("a list of names or patterns like [\"AWS_*\"]"),
            Self::ProfileName => formatter.write_str("a profile's name"),
            Self::Url => write!(formatter, "a URL like {}", self.example()),
            Self::Path => write!(formatter, "a path like \"/run/keys/work\" or {}", self.example()),
            Self::Program => {
                write!(formatter, "a program (no relative path) with its arguments like {}", self.example())
            }
        }
    }
}
