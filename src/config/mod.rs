//! Where files are, and what the user's `config.toml` says.

pub(crate) mod edit;
mod paths;
mod profile;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

pub(crate) use paths::{FILES, Paths};
pub(crate) use profile::{Profile, ProfileKey, check_profile_name};

use crate::domain::{Failure, NotText, Result, decode, parse_duration, printable_capped};
use crate::environment::{ContainerSource, Patterns};
use crate::files::read_steering;
use crate::sealing::Storage;

/// The user's settings; every one has a default, and none is a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    /// How old a snapshot may be before it is refreshed, in seconds.
    pub max_age: u64,
    /// Whether the account wins over a variable that the shell had before.
    pub override_existing: bool,
    /// Names that load although they are refused.
    pub allow: BTreeSet<String>,
    /// Whether plain http to other machines is let through, as `--insecure-http` does for one call.
    pub insecure_http: bool,
    /// Whether the environment that a container was launched with is a source.
    pub container: ContainerSource,
    /// What `storage`, a setting of earlier versions, says: it counts until `vastenv storage`, or the first
    /// write, has recorded it.
    pub storage: Option<Storage>,
    /// What `run` and `export` do about unknown values.
    pub missing: Missing,
    /// Names of which the shell's own value stays as it is.
    pub keep: Patterns,
    /// Names that never go into a shell, only into `run` and `export`.
    pub run_only: Patterns,
    /// Where shells have variables.
    pub scope: Scope,
    /// The profile in use where nothing names one.
    pub default_profile: Option<String>,
    /// Accounts by name.
    pub profiles: BTreeMap<String, Profile>,
}

/// Where shells have variables: `run`, `export` and the rest have them everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scope {
    #[default]
    Everywhere,
    /// Only below an allowed project file.
    Projects,
}

/// What becomes of a program whose variables have unknown values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Missing {
    /// It does not start.
    #[default]
    Fail,
    /// It starts without them, and they are named.
    Warn,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_age: 300,
            override_existing: true,
            allow: BTreeSet::new(),
            insecure_http: false,
            container: ContainerSource::Auto,
            storage: None,
            missing: Missing::Fail,
            keep: Patterns::default(),
            run_only: Patterns::default(),
            scope: Scope::Everywhere,
            default_profile: None,
            profiles: BTreeMap::new(),
        }
    }
}

/// Each setting with its default and what it is for.
pub(crate) const SETTINGS: [(&str, &str, &str); 9] = [
    ("max_age", "\"5m\"", "Ask the server when the cache is older (at least 5 s)"),
    ("override", "true", "The account overrides variables that were set before"),
    ("allow", "[]", "Load these names although they are refused"),
    ("insecure_http", "false", "Send the key over plain http to other machines"),
    ("missing", "\"fail\"", "Or \"warn\": run and export without unknown values"),
    ("container", "\"auto\"", "Load an instance's launch environment (\"on\", \"off\")"),
    ("keep", "[]", "Leave the shell's own values of these names alone"),
    ("run_only", "[]", "Never load these names into shells, only into run"),
    ("scope", "\"everywhere\"", "Or \"projects\": shells load only in allowed projects"),
];

/// The file's own form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    max_age: Option<String>,
    #[serde(rename = "override")]
    override_existing: Option<bool>,
    #[serde(default)]
    allow: BTreeSet<String>,
    #[serde(default)]
    insecure_http: bool,
    #[serde(default)]
    container: ContainerSource,
    #[serde(default)]
    missing: Missing,
    #[serde(default)]
    keep: Vec<String>,
    #[serde(default)]
    run_only: Vec<String>,
    #[serde(default)]
    scope: Scope,
    default_profile: Option<String>,
    #[serde(default)]
    profiles: BTreeMap<String, profile::Table>,
    storage: Option<Storage>,
}

/// What is wrong with a text, and from which byte on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault {
    at: usize,
    what: String,
}

impl From<String> for Fault {
    fn from(what: String) -> Self {
        Self { at: 0, what }
    }
}

/// The text of the settings at `path`; `None` if there is no such file.
fn read(path: &Path) -> Result<Option<String>> {
    let Some(bytes) = read_steering(path)? else { return Ok(None) };
    let text = decode(&bytes).map_err(|fault| {
        let shown = shell_escape::escape(path.to_string_lossy());
        let what = if fault == NotText::Utf16 { "it is UTF-16 text" } else { "it is not UTF-8" };
        Failure::failed(format!("cannot read {}: {what}", path.display()))
            .hint(format!("save {shown} as UTF-8"))
    })?;
    Ok(Some(text.to_owned()))
}

fn syntax_fault(error: &toml_edit::TomlError) -> Fault {
    Fault { at: error.span().map_or(0, |span| span.start), what: printable_capped(error.message(), 200) }
}

fn parse_failure(path: &Path, text: &str, fault: &Fault) -> Failure {
    let before = text.get(..fault.at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let known = SETTINGS.map(|(name, ..)| name).join(", ");
    Failure::failed(format!("{} is not valid: line {line}: {}", path.display(), fault.what))
        .hint(format!("the settings are {known}; see `vastenv help settings`"))
}

/// How an unknown setting's message ends, which lists those that are known: without the old one.
const OLD_SETTING: &str = ", `storage`";

/// The shortest `max_age`: the interval that the service documents between two reads.
const SHORTEST_MAX_AGE: u64 = 5;

impl Config {
    /// Reads `path`; a missing file means the defaults.
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let Some(text) = read(path)? else { return Ok(Self::default()) };
        Self::parse(&text).map_err(|fault| parse_failure(path, &text, &fault))
    }

    fn parse(text: &str) -> std::result::Result<Self, Fault> {
        let file: File = toml::from_str(text).map_err(|error| Fault {
            at: error.span().map_or(0, |span| span.start),
            what: printable_capped(error.message().trim_end().trim_end_matches(OLD_SETTING), 200),
        })?;
        let defaults = Self::default();
        let max_age = file
            .max_age
            .as_deref()
            .map(parse_max_age)
            .transpose()
            .map_err(Fault::from)?
            .unwrap_or(defaults.max_age);
        let profiles = file.profiles.into_iter().map(|(name, table)| {
            check_profile_name(&name)
                .map_err(|why| Fault::from(format!("profiles.{}: {why}", printable_capped(&name, 80))))?;
            let profile = table
                .profile()
                .map_err(|why| Fault::from(format!("profiles.{}: {why}", printable_capped(&name, 80))))?;
            Ok((name, profile))
        });
        Ok(Self {
            max_age,
            override_existing: file.override_existing.unwrap_or(defaults.override_existing),
            allow: file.allow,
            insecure_http: file.insecure_http,
            container: file.container,
            storage: file.storage,
            missing: file.missing,
            keep: Patterns::new(file.keep),
            run_only: Patterns::new(file.run_only),
            scope: file.scope,
            default_profile: file.default_profile,
            profiles: profiles.collect::<std::result::Result<_, Fault>>()?,
        })
    }

    /// The settings as `profile` has them.
    pub(crate) fn with(&self, profile: &Profile) -> Self {
        let Profile { max_age, allow, run_only, .. } = profile;
        Self {
            max_age: max_age.unwrap_or(self.max_age),
            allow: allow.as_ref().unwrap_or(&self.allow).clone(),
            run_only: run_only.as_ref().unwrap_or(&self.run_only).clone(),
            ..self.clone()
        }
    }
}

fn parse_max_age(text: &str) -> std::result::Result<u64, String> {
    parse_duration(text)
        .map(|age| age.max(SHORTEST_MAX_AGE))
        .ok_or_else(|| format!("max_age = {text:?} is not a duration like \"90s\", \"5m\" or \"1h\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_the_defaults_are() {
        let lines: Vec<_> = SETTINGS.iter().map(|(name, default, _)| format!("{name} = {default}")).collect();
        assert_eq!(Config::parse(&lines.join("\n")), Ok(Config::default()));
        let unknown = Config::parse("unknown = 1").unwrap_err();
        for (name, ..) in SETTINGS {
            assert!(unknown.what.contains(name), "{unknown:?}");
        }
        assert_eq!(unknown.what.matches('`').count() / 2, SETTINGS.len() + 3, "{unknown:?}");
    }

    #[test]
    fn an_empty_file_means_the_defaults() {
        assert_eq!(Config::parse(""), Ok(Config::default()));
    }

    #[test]
    fn every_setting_is_read() {
        let config =
            Config::parse("max_age = \"1h\"\noverride = false\nallow = [\"PAGER\"]\ninsecure_http = true\nstorage = \"keyring\"\nmissing = \"warn\"\ncontainer = \"on\"")
                .expect("valid");
        assert_eq!((config.storage, config.missing), (Some(Storage::Keyring), Missing::Warn));
        assert_eq!(config.container, ContainerSource::On);
        assert_eq!((config.max_age, config.override_existing, config.insecure_http), (3600, false, true));
        assert!(config.allow.contains("PAGER"));
        assert_eq!(Config::parse("max_age = \"1s\"").expect("valid").max_age, SHORTEST_MAX_AGE);
    }

    #[test]
    fn a_mistake_is_named() {
        for (text, part) in [
            ("max_age = \"soon\"", "max_age"),
            ("maxage = \"1h\"", "maxage"),
            ("allow = 1", "invalid type"),
            ("container = \"yes\"", "`auto`, `on`, `off`"),
            ("storage = \"cloud\"", "keyring"),
            ("missing = \"maybe\"", "`fail`"),
            ("=", ""),
        ] {
            let error = Config::parse(text).unwrap_err();
            assert!(error.what.contains(part), "{text}: {error:?}");
        }
    }
}
