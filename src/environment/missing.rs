//! What a program would have to do without: variables that the account lists and nobody here knows.

use std::collections::{BTreeMap, BTreeSet};

use super::{Environment, Filters};
use crate::domain::{EnvName, printable_capped};

/// Variables without a value, by their final names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    pub unknown: Vec<String>,
    /// Those that the user requires, each with the reason.
    pub required: Vec<(String, String)>,
    /// Those that a project file requires beside them, and which file that is.
    pub by_project: Option<(String, Vec<(String, String)>)>,
    /// The account's names of what each of these lacks.
    pub lacking: BTreeMap<String, Vec<String>>,
    /// Those that the caller's environment has.
    pub set: Vec<String>,
    /// Whether anything is required: then the rest may be missing.
    pub only_required: bool,
    /// What the user should hear.
    pub notes: Vec<String>,
}

impl Missing {
    /// Whether a program may not start so.
    pub fn is_fatal(&self, is_allowed: bool) -> bool {
        let is_required = !self.required.is_empty() || self.by_project.is_some();
        is_required || !(self.unknown.is_empty() || self.only_required || is_allowed)
    }

    /// All names in one line.
    pub fn sentence(&self) -> Option<String> {
        let list = |names: &[String]| names.iter().map(|name| shown(name)).collect::<Vec<_>>().join(", ");
        let reasons = |names: &[(String, String)]| {
            let reasons = names.iter().map(|(name, why)| format!("{} ({why})", shown(name)));
            reasons.collect::<Vec<_>>().join(", ")
        };
        let mut parts = Vec::new();
        if !self.required.is_empty() {
            parts.push(format!("required but missing: {}", reasons(&self.required)));
        }
        if let Some((file, names)) = &self.by_project {
            parts.push(format!("{file} requires {}", reasons(names)));
        }
        if !self.unknown.is_empty() {
            let values = if self.unknown.len() == 1 { "value" } else { "values" };
            parts.push(format!("{values} unknown here: {}", list(&self.unknown)));
        }
        if !self.set.is_empty() {
            parts.push(format!("taken from the environment: {}", list(&self.set)));
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// Adds what the project file `file` requires; `project` is what its own filters miss.
    pub fn add_project(&mut self, file: &str, project: Self) {
        let is_required = |name: &String| project.required.iter().any(|(other, _)| other == name);
        self.unknown.retain(|name| !is_required(name));
        self.lacking.extend(project.lacking);
        self.set.extend(project.set);
        self.set.sort();
        self.set.dedup();
        self.notes.extend(project.notes.iter().map(|note| format!("{file}: {note}")));
        self.by_project = (!project.required.is_empty()).then(|| (file.to_owned(), project.required));
    }

    /// Every name that is missing, the required ones first.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.all_required().map(|(name, _)| name).chain(&self.unknown)
    }

    /// What is required, by whomever.
    pub fn all_required(&self) -> impl Iterator<Item = &(String, String)> {
        self.required.iter().chain(self.by_project.iter().flat_map(|(_, names)| names))
    }
}

fn shown(name: &str) -> String {
    printable_capped(name, 80)
}

/// What is missing of `environment`. What the caller's environment has (`is_set`) is not; nor is what the
/// name rules refuse, unless it is required.
pub fn missing(environment: &Environment, filters: &Filters, is_set: impl Fn(&str) -> bool) -> Missing {
    missing_of(environment, filters, &BTreeMap::new(), is_set)
}

/// The same for a project's filters, which may require a variable by its new name or by the account's: what
/// takes away means the same before the project may rename and after.
pub fn missing_in_project(
    environment: &Environment,
    filters: &Filters,
    is_set: impl Fn(&str) -> bool,
) -> Missing {
    missing_of(environment, filters, &environment.former, is_set)
}

fn missing_of(
    environment: &Environment,
    filters: &Filters,
    former: &BTreeMap<String, String>,
    is_set: impl Fn(&str) -> bool,
) -> Missing {
    let skipped = &environment.skipped;
    let names = environment.variables.keys().map(EnvName::as_str);
    let required = filters.required(names.chain(skipped.iter().map(|one| one.name.as_str())), former);
    let mut missing = Missing { only_required: required.is_some(), ..Missing::default() };
    let mut set = BTreeSet::new();
    for one in skipped {
        let is_required = required.as_ref().is_some_and(|required| required.names.contains(&one.name));
        // A shell that does without on purpose lacks nothing.
        if !(is_required || one.why.is_unknown()) || one.why.is_for_programs() {
            continue;
        }
        if is_set(&one.name) {
            set.insert(one.name.clone());
            continue;
        }
        let lacking = environment.lacking(one);
        if !lacking.is_empty() {
            missing.lacking.insert(one.name.clone(), lacking.into_iter().map(str::to_owned).collect());
        }
        if is_required {
            missing.required.push((one.name.clone(), one.why.reason()));
        } else {
            missing.unknown.push(one.name.clone());
        }
    }
    for name in required.iter().flat_map(|required| &required.unmatched) {
        if is_set(name) {
            set.insert(name.clone());
        } else {
            let is_left_out = environment.left_out.iter().any(|left_out| left_out.eq_ignore_ascii_case(name));
            let why = if is_left_out { "left out by a filter" } else { "no such variable" };
            missing.required.push((name.clone(), why.to_owned()));
        }
    }
    missing.set = set.into_iter().collect();
    missing.notes = required.map(|required| required.notes).unwrap_or_default();
    missing
}

#[cfg(test)]
mod tests {
    use super::super::{Rules, Variable, resolve};
    use super::*;
    use crate::domain::Secret;

    /// What is missing of A (known), B, C (unknown) and PATH (refused and unknown).
    fn missing_with(require: &[&str], set: &[&str]) -> Missing {
        let value = Secret::new("v");
        let unknown = ["B", "C", "PATH", "odd;"].map(|name| Variable::new(name, None));
        let account = [Variable::new("A", Some(&value))].into_iter().chain(unknown);
        let require: Vec<String> = require.iter().map(|name| (*name).to_owned()).collect();
        let filters = Filters::parse(&[], &[], &[], None, &require).expect("filters");
        missing(&resolve(account, &Rules::default()), &filters, |name| set.contains(&name))
    }

    #[test]
    fn what_is_unknown_is_missing_unless_the_caller_has_it() {
        let all = missing_with(&[], &[]);
        assert_eq!(all.sentence().as_deref(), Some("values unknown here: B, C"));
        assert!(all.is_fatal(false) && !all.is_fatal(true));
        let some = missing_with(&[], &["B", "A", "PATH"]);
        assert_eq!(some.sentence().as_deref(), Some("value unknown here: C; taken from the environment: B"));
        assert!(some.is_fatal(false));
        let none = missing_with(&[], &["B", "C"]);
        assert_eq!(none.sentence().as_deref(), Some("taken from the environment: B, C"));
        assert!(!none.is_fatal(false));
    }

    #[test]
    fn what_is_required_alone_is_fatal_and_the_rest_still_named() {
        let met = missing_with(&["A"], &[]);
        assert_eq!(met.sentence().as_deref(), Some("values unknown here: B, C"));
        assert!(!met.is_fatal(false));
        let unmet = missing_with(&["A,B"], &[]);
        let sentence = unmet.sentence().expect("a sentence");
        assert!(sentence.starts_with("required but missing: B (hidden by Vast"), "{sentence}");
        assert!(sentence.ends_with("; value unknown here: C"), "{sentence}");
        assert!(unmet.is_fatal(true) && unmet.is_fatal(false));
        assert!(!missing_with(&["B"], &["B"]).is_fatal(false));
        let refused = missing_with(&["PATH", "TYPO"], &[]);
        let names: Vec<&str> = refused.required.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["PATH", "TYPO"]);
        assert!(!missing_with(&["TYPO"], &["TYPO"]).is_fatal(false));
        let glob = missing_with(&["X*"], &[]);
        assert!(!glob.is_fatal(false) && glob.notes.len() == 1, "{glob:?}");
        assert!(missing_with(&["?"], &[]).is_fatal(true));
    }
}
