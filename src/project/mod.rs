//! A project file, `.vastenv.toml`: which variables the work below its folder has, and how.

use std::collections::BTreeMap;

use crate::domain::{EnvName, Secret};
use crate::environment::{Filters, Patterns};

/// What a project file is called.
pub const FILE: &str = ".vastenv.toml";

/// What a project file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Project {
    /// The profile of its account.
    pub profile: Option<String>,
    /// What it leaves, and under which names.
    pub filters: Filters,
    /// Names of which the shell's own value stays as it is.
    pub keep: Patterns,
    /// Variables of its own.
    pub set: BTreeMap<EnvName, Template>,
    /// Who has the variables.
    pub load: Load,
}

/// Who has a project's variables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Load {
    /// Shells, and what `run` starts.
    #[default]
    Shell,
    /// Only what `run` starts (and `export` prints).
    Run,
}

/// A text with `${NAME}` in it, each the value of a variable of the account; `$$` is `$`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Value(String),
}

impl Template {
    /// The names that it needs.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Value(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The text with the values that `get` knows by name.
    ///
    /// # Errors
    /// The name that it does not know.
    pub fn fill<'v>(&self, get: impl Fn(&str) -> Option<&'v Secret>) -> Result<Secret, String> {
        let text = |part: &Part| match part {
            Part::Text(text) => Ok(text.clone()),
            Part::Value(name) => get(name).map(|value| value.expose().to_owned()).ok_or_else(|| name.clone()),
        };
        self.0.iter().map(text).collect::<Result<String, _>>().map(|text| Secret::new(&text))
    }
}
