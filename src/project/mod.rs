//! A project file, `.vastenv.toml`: which variables the work below its folder has, and how.

mod changes;
mod keys;
mod parse;
mod sample;
mod template;

use std::collections::BTreeMap;

pub use changes::{Line, changes};
pub use keys::{KEYS, Key};
pub use parse::{Fault, patterns};
pub use sample::sample;
pub use template::Template;

use crate::domain::EnvName;
use crate::environment::{Filters, Patterns};

/// What a project file is called.
pub const FILE: &str = ".vastenv.toml";

/// The bytes that are too many for a project file.
pub const TOO_LARGE: usize = 64 * 1024;

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

impl Project {
    /// What it takes away: this counts whether or not the user allowed it.
    #[must_use]
    pub fn without_additions(&self) -> Self {
        let Self { profile: _, filters, keep, set: _, load } = self;
        Self {
            profile: None,
            filters: filters.without_renames(),
            keep: keep.clone(),
            set: BTreeMap::new(),
            load: *load,
        }
    }

    /// The keys that it has and that add or change something.
    pub fn additions(&self) -> Vec<&'static str> {
        let has = |key: &Key| match key.name {
            "profile" => self.profile.is_some(),
            "rename" => self.filters.renames().next().is_some(),
            "prefix" => !self.filters.prefix().is_empty(),
            "set" => !self.set.is_empty(),
            _ => false,
        };
        KEYS.iter().filter(|key| has(key)).map(|key| key.name).collect()
    }

    /// What it adds or changes, in the words of the file.
    pub fn added_lines(&self) -> Vec<String> {
        let profile = self.profile.iter().map(|name| format!("profile = {name}"));
        let renames = self.filters.renames().map(|(new, old)| format!("rename {new} = {old}"));
        let prefix = Some(self.filters.prefix()).filter(|prefix| !prefix.is_empty());
        let prefix = prefix.map(|prefix| format!("prefix = {prefix}"));
        let set = self.set.iter().map(|(name, text)| format!("set {name} = {}", text.source()));
        profile.chain(renames).chain(prefix).chain(set).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_adds_is_told_from_what_takes_away() {
        let text = KEYS.map(|key| key.example).join("\n");
        let project = Project::parse(text.as_bytes()).expect("valid");
        let waits: Vec<&str> = KEYS.iter().filter(|key| key.waits).map(|key| key.name).collect();
        assert_eq!(project.additions(), waits);
        let left = project.without_additions();
        assert_eq!(left.additions(), [""; 0]);
        let takes_away: Vec<&str> = KEYS.iter().filter(|key| !key.waits).map(|key| key.example).collect();
        assert_eq!(Project::parse(takes_away.join("\n").as_bytes()), Ok(left));
        assert_eq!(
            project.added_lines(),
            [
                "profile = work",
                "rename HUGGING_FACE_HUB_TOKEN = HF_TOKEN",
                "prefix = TRAIN_",
                "set DATABASE_URL = postgres://app:${PGPASSWORD}@localhost/app",
            ]
        );
    }
}
