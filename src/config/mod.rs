//! Where files are, and what the user's `config.toml` says.

pub(crate) mod edit;
pub(crate) mod keys;
mod list;
mod parse;
mod paths;
mod profile;
pub(crate) mod settings;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

pub(crate) use parse::read;
pub(crate) use paths::{FILES, Paths};
pub(crate) use profile::{Profile, ProfileKey, check_profile_name, no_profile};

use crate::domain::parse_duration;
use crate::environment::{ContainerSource, Patterns};
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
    /// Attempts per request.
    pub retry: u32,
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
            retry: 3,
            missing: Missing::Fail,
            keep: Patterns::default(),
            run_only: Patterns::default(),
            scope: Scope::Everywhere,
            default_profile: None,
            profiles: BTreeMap::new(),
        }
    }
}

/// The shortest `max_age`: the interval that the service documents between two reads.
const SHORTEST_MAX_AGE: u64 = 5;

impl Config {
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

/// The seconds of a `max_age`.
fn parse_max_age(text: &str) -> Option<u64> {
    parse_duration(text).map(|age| age.max(SHORTEST_MAX_AGE))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::settings::{Kind, Place, SETTINGS, Setting};

    /// What the text comes to; what is wrong with it, after its line and column.
    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(text).map_err(|fault| {
            let failure = fault.failure(Path::new("c"), text);
            failure.message().strip_prefix("c:").expect("a place").to_owned()
        })
    }

    #[test]
    fn the_table_says_what_the_defaults_are() {
        let lines: Vec<_> = SETTINGS
            .iter()
            .filter_map(|setting| Some(format!("{} = {}", setting.name, setting.default?)))
            .collect();
        assert_eq!(parse(&lines.join("\n")), Ok(Config::default()));
        assert_eq!(parse(""), Ok(Config::default()));
    }

    /// A value that is not the default.
    fn other(setting: &Setting) -> String {
        match setting.kind {
            Kind::Duration => "\"1h\"".to_owned(),
            Kind::Switch => (setting.default != Some("true")).to_string(),
            Kind::Number(most) => most.to_string(),
            Kind::OneOf(known) => format!("\"{}\"", known[known.len() - 1].0),
            Kind::Names | Kind::Patterns | Kind::Program => "[\"A\"]".to_owned(),
            Kind::ProfileName | Kind::Path => "\"/a\"".to_owned(),
            Kind::Url => "\"https://a\"".to_owned(),
        }
    }

    #[test]
    fn every_setting_is_taken_where_it_may_stand_and_refused_elsewhere() {
        for setting in &SETTINGS {
            let line = format!("{} = {}\n", setting.name, other(setting));
            let in_profile = format!("[profiles.a]\n{line}");
            let (top, profile) = (parse(&line), parse(&in_profile));
            let (at_top, in_profile) = match setting.place {
                Place::Both => (true, true),
                Place::Top | Place::Old => (true, false),
                Place::Profile => (false, true),
            };
            assert_eq!(top.is_ok(), at_top, "{top:?}");
            assert_eq!(profile.is_ok(), in_profile, "{profile:?}");
            assert!(top.is_err() || top != Ok(Config::default()), "{} is not taken", setting.name);
            let profile = profile.map(|config| config.profiles["a"].clone());
            assert!(profile.is_err() || profile != Ok(Profile::default()), "{}", setting.name);
        }
    }

    #[test]
    fn a_mistake_is_named_with_its_place_and_the_nearest_key() {
        for (text, expected) in [
            ("\n# é\nmax_ages = 1", "3:1: unknown key max_ages: did you mean max_age?"),
            ("profile = 1", "1:1: unknown key profile: did you mean profiles?"),
            ("zzz = 1", "1:1: unknown key zzz"),
            ("[extra]\na = 1", "1:2: unknown key extra"),
            ("url = \"x\"", "1:1: unknown key url: it belongs in a profile, as profiles.NAME.url"),
            (
                "[profiles.a]\n  scope = 1",
                "2:3: unknown key profiles.a.scope: scope is for all profiles, above the tables",
            ),
            ("profiles.a = { urll = 1 }", "1:16: unknown key profiles.a.urll: did you mean profiles.a.url?"),
            ("max_age = 300", "1:11: max_age: expected a duration like \"90s\", \"5m\" or \"1h\""),
            ("é = 1", "1:1: "),
            ("override = \"no\"", "1:12: override: expected true or false"),
            ("allow = 1", "1:9: allow: expected a list of names like [\"HTTPS_PROXY\"]"),
            ("allow = [1]", "1:9: allow: expected a list"),
            ("[allow]", "1:2: allow: expected a list"),
            ("retry = 0", "1:9: retry: expected a number from 1 to 100"),
            ("scope = \"here\"", "1:9: scope: expected \"everywhere\" or \"projects\""),
            ("profiles = 1", "1:1: profiles: expected a table"),
            ("[[profiles]]", "1:3: profiles: expected a table"),
            ("[profiles]\na = 1", "2:1: profiles.a: expected a table"),
            ("[profiles.a]\nurl = \"ftp://x\"", "2:7: url: "),
            ("[profiles.a]\napi_key_command = []", "2:19: api_key_command: expected a program"),
            ("[profiles.a]\napi_key_command = [\"./key\"]", "2:19: api_key_command: expected a program"),
            ("[profiles.a]\napi_key_file = \"key\"", "2:16: api_key_file: expected a path"),
            ("[profiles.\"../a\"]", "1:11: profiles.\"../a\": a profile's name has"),
            (
                "[profiles.\"a.b\"]\napi_key_file = \"~/x\"\napi_key_keyring = true",
                "3:1: profiles.\"a.b\" has two keys: keep one of",
            ),
            ("override = true\noverride = true", "2:1: duplicate key"),
            ("allow = [\n  \"A\"\n", "2:6: unclosed array"),
            ("= 1", "1:1: "),
        ] {
            let fault = parse(text).expect_err(text);
            assert!(fault.starts_with(expected), "{text}: {fault}");
            assert!(!fault.contains('\n'), "{fault}");
        }
        // A second key that is turned off is none.
        parse("[profiles.a]\napi_key_file = \"/x\"\napi_key_keyring = false").expect("one key");
    }
}
