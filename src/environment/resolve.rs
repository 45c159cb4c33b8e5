//! From what an account says to what a shell may hold.

use std::collections::{BTreeMap, BTreeSet};

use super::names;
use super::why::list;
use super::{Patterns, Provenance, Room, Variable, Why};
use crate::domain::{EnvName, Failure, Secret, count, printable};

/// The longest `NAME=value` that Linux passes to a program (`MAX_ARG_STRLEN`, with its NUL).
const LONGEST_ENTRY: usize = 128 * 1024 - 1;

/// The most variables that are loaded: every shell takes well under a second for them at its start.
pub const MOST_VARIABLES: usize = 2_000;

/// What decides beside the account itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Names that load although they are refused, as the user's config says.
    pub allowed: BTreeSet<String>,
    /// What the environment can still take.
    pub room: Room,
    /// Whether what is unknown may only be so at this moment.
    pub partial: bool,
    /// What is not for shells; `None` where a program asks.
    pub shell: Option<NotForShells>,
}

/// What never goes into a shell, although programs get it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotForShells {
    /// Names, whatever a project calls them or makes of them.
    pub run_only: Patterns,
    /// Why nothing does.
    pub all: Option<Why>,
}

/// A variable under the name that it is to have.
#[derive(Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub name: &'a str,
    pub variable: Variable<'a>,
    /// The names that its value is made of, beside its own.
    pub made_of: &'a [String],
}

impl Rules {
    pub(super) fn allowing<'n>(&self, names: impl Iterator<Item = &'n str>) -> Self {
        let allowed = self.allowed.iter().cloned().chain(names.map(str::to_owned)).collect();
        Self { allowed, ..self.clone() }
    }

    /// Why a shell does not get a variable that a program does.
    fn withheld(&self, candidate: &Candidate<'_>) -> Option<Why> {
        let NotForShells { run_only, all } = self.shell.as_ref()?;
        let made_of = candidate.made_of.iter().map(String::as_str);
        let mut names = [candidate.name, candidate.variable.name].into_iter().chain(made_of);
        let is_run_only = !run_only.is_empty() && names.any(|name| run_only.matches(name));
        all.clone().or(is_run_only.then_some(Why::RunOnly))
    }
}

/// The variables that a shell should hold, and those that it may not, with the reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// What to load, by name.
    pub variables: BTreeMap<EnvName, Secret>,
    /// Which of them are from the container's launch environment.
    pub from_launch: BTreeSet<EnvName>,
    /// What not to load.
    pub skipped: Vec<Skipped>,
    /// What is not known at this moment, although it is somewhere: a shell keeps what it has of it.
    pub unavailable: BTreeSet<EnvName>,
    /// The account's names of those that are called otherwise here, loaded or not.
    pub former: BTreeMap<String, String>,
    /// Those that a project sets, loaded or not.
    pub from_project: BTreeSet<String>,
    /// The account's names of those that filters leave out.
    pub left_out: BTreeSet<String>,
    /// What filters do in vain.
    pub notes: Vec<String>,
}

/// A variable of the account that is not loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The name as the server gave it: show it through [`crate::domain::printable`] only.
    pub name: String,
    /// Why it is not loaded.
    pub why: Why,
}

impl Environment {
    /// The names whose values the server hides and nobody here knows.
    pub fn hidden(&self) -> Vec<&str> {
        self.skipped
            .iter()
            .filter(|skipped| skipped.why.is_masked())
            .map(|skipped| skipped.name.as_str())
            .collect()
    }

    /// The same as the account calls them.
    pub fn hidden_in_account(&self) -> Vec<&str> {
        self.hidden().into_iter().map(|name| self.account_name(name)).collect()
    }

    /// What is loaded, as the account calls it.
    pub fn loaded_of_account(&self) -> BTreeSet<&str> {
        self.variables.keys().map(|name| self.account_name(name.as_str())).collect()
    }

    /// Leaves the environment's own value of `name` alone.
    pub fn leave_own(&mut self, name: &EnvName) {
        self.variables.remove(name);
        self.from_launch.remove(name);
        self.skipped.push(Skipped { name: name.as_str().to_owned(), why: Why::Kept });
    }

    /// All of them, loaded or not.
    pub fn names(&self) -> BTreeSet<&str> {
        let loaded = self.variables.keys().map(EnvName::as_str);
        loaded.chain(self.skipped.iter().map(|skipped| skipped.name.as_str())).collect()
    }

    /// What `typed` is called here: as typed, in capitals, or otherwise than in the account.
    pub fn find(&self, typed: &str) -> Option<&str> {
        let capitals = typed.to_ascii_uppercase();
        let names = self.names();
        let former =
            |name: &str| self.former.iter().find(|(_, old)| *old == name).map(|(new, _)| new.as_str());
        [typed, &capitals].into_iter().find_map(|name| names.get(name).copied().or_else(|| former(name)))
    }

    /// What the user should hear of hidden values, with the one command that fixes it.
    pub fn hidden_notice(&self) -> Option<Failure> {
        let hidden = self.hidden();
        (!hidden.is_empty() && self.unavailable.is_empty()).then(|| {
            Failure::unavailable(format!(
                "{} hidden by Vast and unknown here: {}",
                self.some(hidden.len()),
                list(&self.hidden_in_account())
            ))
            .hint("enter their values once: vastenv remember env-var --all")
        })
    }

    /// What the user should hear of variables that are too large or too many.
    pub fn unfit_notice(&self) -> Option<Failure> {
        let is_unfit = |why: &Why| matches!(why, Why::TooLong | Why::NoRoom | Why::TooMany);
        let unfit = self.skipped.iter().filter(|skipped| is_unfit(&skipped.why));
        let unfit: Vec<&str> = unfit.map(|skipped| skipped.name.as_str()).collect();
        (!unfit.is_empty()).then(|| {
            let some = self.some(unfit.len());
            Failure::failed(format!("{some} not loaded, too large or too many: {}", list(&unfit)))
                .hint("see why: vastenv status")
        })
    }

    /// What the user should know of variables that are for programs only: how many they are.
    pub fn run_only_notice(&self) -> Option<String> {
        let number = self.skipped.iter().filter(|skipped| skipped.why.is_for_programs()).count();
        let are = if number == 1 { "is" } else { "are" };
        (number > 0).then(|| format!("{} {are} for `vastenv run` only", count(number, "variable")))
    }

    /// Which names somebody chose, by a project or a flag, and would look for in vain; what is hidden, or one
    /// too many, is told of elsewhere.
    pub fn chosen_in_vain(&self) -> impl Iterator<Item = String> {
        let is_chosen = |name: &String| self.former.contains_key(name) || self.from_project.contains(name);
        let is_told = |why: &Why| {
            let is_elsewhere = why.is_masked() || matches!(why, Why::NoRoom | Why::TooMany);
            !(is_elsewhere || why.is_for_programs() || *why == Why::Kept)
        };
        let in_vain = self.skipped.iter().filter(move |one| is_chosen(&one.name) && is_told(&one.why));
        in_vain.map(|one| format!("{} not loaded: {}", printable(&one.name), one.why.reason()))
    }

    /// The account's names of the hidden values that one lacks: its own, or those that a project makes it of.
    pub(super) fn lacking<'e>(&'e self, skipped: &'e Skipped) -> Vec<&'e str> {
        match &skipped.why {
            Why::Masked => vec![self.account_name(&skipped.name)],
            Why::Unfilled { names, are_hidden: true } => names.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// The name that the account has for the variable called `name` here.
    pub fn account_name<'n>(&'n self, name: &'n str) -> &'n str {
        self.former.get(name).map_or(name, String::as_str)
    }

    /// "2 of 12 variables are".
    fn some(&self, number: usize) -> String {
        let all = count(self.variables.len() + self.skipped.len(), "variable");
        format!("{number} of {all} {}", if number == 1 { "is" } else { "are" })
    }
}

/// Decides for each variable in turn whether a shell may hold it.
pub fn resolve<'a>(variables: impl IntoIterator<Item = Variable<'a>>, rules: &Rules) -> Environment {
    let candidate = |variable: Variable<'a>| Candidate { name: variable.name, variable, made_of: &[] };
    resolve_named(variables.into_iter().map(candidate), rules)
}

/// The same for variables with other names than the account's.
pub(super) fn resolve_named<'a>(
    candidates: impl Iterator<Item = Candidate<'a>>,
    rules: &Rules,
) -> Environment {
    let mut environment = Environment::default();
    let mut left = rules.room.left();
    for candidate in candidates {
        let places = MOST_VARIABLES - environment.variables.len();
        match admit(&candidate, rules, places, left) {
            Ok((name, value)) => {
                left -= rules.room.cost(name.as_str(), value.expose());
                if candidate.variable.provenance == Provenance::Instance {
                    environment.from_launch.insert(name.clone());
                }
                environment.variables.insert(name, value.clone());
            }
            Err(why) => {
                if why.is_masked() && rules.partial && rules.withheld(&candidate).is_none() {
                    environment.unavailable.extend(EnvName::parse(candidate.name));
                }
                environment.skipped.push(Skipped { name: candidate.name.to_owned(), why });
            }
        }
    }
    environment
}

fn admit<'a>(
    candidate: &Candidate<'a>,
    rules: &Rules,
    places: usize,
    left: usize,
) -> Result<(EnvName, &'a Secret), Why> {
    let name = EnvName::parse(candidate.name).map_err(Why::BadName)?;
    if let Some(group) = names::refusal(&name).filter(|_| !rules.allowed.contains(name.as_str())) {
        return Err(Why::Refused(group));
    }
    let value = candidate.variable.value.ok_or(Why::Masked)?;
    if let Some(why) = rules.withheld(candidate) {
        return Err(why);
    }
    if value.expose().contains('\0') {
        return Err(Why::HoldsNul);
    }
    if name.as_str().len() + 1 + value.expose().len() > LONGEST_ENTRY - 1 {
        return Err(Why::TooLong);
    }
    if places == 0 {
        return Err(Why::TooMany);
    }
    if rules.room.cost(name.as_str(), value.expose()) > left {
        return Err(Why::NoRoom);
    }
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::super::names::Group;
    use super::super::{Entry, Ledger, Shadow};
    use super::*;
    use crate::domain::{DigestKey, NameError};

    fn resolved(account: &[(&str, Option<&str>)], rules: &Rules) -> Environment {
        let owned: Vec<_> = account.iter().map(|(name, value)| (*name, value.map(Secret::new))).collect();
        resolve(owned.iter().map(|(name, value)| Variable::new(name, value.as_ref())), rules)
    }

    /// As many variables, all with this value.
    fn many(names: &[String], value: &str, rules: &Rules) -> Environment {
        let account: Vec<_> = names.iter().map(|name| (name.as_str(), Some(value))).collect();
        resolved(&account, rules)
    }

    fn why(environment: &Environment, name: &str) -> Option<Why> {
        environment.skipped.iter().find(|skipped| skipped.name == name).map(|skipped| skipped.why.clone())
    }

    #[test]
    fn only_what_a_shell_may_hold_is_loaded() {
        let account = [
            ("HF_TOKEN", Some("hf")),
            ("EMPTY", Some("")),
            ("HIDDEN", None),
            ("PATH", Some("/tmp")),
            ("A;touch x", Some("y")),
            ("NUL", Some("a\0b")),
        ];
        let environment = resolved(&account, &Rules::default());
        let names: Vec<_> = environment.variables.keys().map(EnvName::as_str).collect();
        assert_eq!(names, ["EMPTY", "HF_TOKEN"]);
        assert_eq!(why(&environment, "HIDDEN"), Some(Why::Masked));
        assert_eq!(why(&environment, "PATH"), Some(Why::Refused(Group::Shell)));
        assert_eq!(why(&environment, "A;touch x"), Some(Why::BadName(NameError::Character)));
        assert_eq!(why(&environment, "NUL"), Some(Why::HoldsNul));
    }

    #[test]
    fn the_config_lets_a_name_load_and_nothing_else() {
        let rules = Rules { allowed: BTreeSet::from(["PAGER".to_owned()]), ..Rules::default() };
        let environment = resolved(&[("PAGER", Some("less")), ("EDITOR", Some("ed"))], &rules);
        assert!(environment.variables.contains_key(&EnvName::parse("PAGER").expect("a name")));
        assert_eq!(why(&environment, "EDITOR"), Some(Why::Refused(Group::Command)));
    }

    #[test]
    fn what_the_system_cannot_pass_on_is_not_loaded() {
        let long = "x".repeat(LONGEST_ENTRY);
        let environment = resolved(&[("LONG", Some(&long))], &Rules::default());
        assert_eq!(why(&environment, "LONG"), Some(Why::TooLong));
        let names: Vec<_> = (0..20).map(|number| format!("V{number:02}")).collect();
        let environment = many(&names, &"x".repeat(100_000), &Rules::default());
        assert_eq!(environment.variables.len(), 15);
        assert_eq!(why(&environment, "V15"), Some(Why::NoRoom));
    }

    /// Ten variables of 20,000 bytes, in an environment of which `limit` bytes can be passed.
    fn ten(limit: usize, present: &[(&str, usize)], ledger: &Ledger) -> Environment {
        let present = present.iter().map(|(name, length)| (name.as_bytes().to_vec(), *length));
        let room = Room::new(limit, present).without_loaded(ledger);
        let names: Vec<_> = (0..10).map(|number| format!("V{number}")).collect();
        many(&names, &"x".repeat(20_000), &Rules { room, ..Rules::default() })
    }

    #[test]
    fn what_fits_depends_on_the_limit_and_on_what_is_there_already() {
        let loaded = |limit, present: &[(&str, usize)]| {
            let environment = ten(limit, present, &Ledger::default());
            assert!(environment.skipped.iter().all(|skipped| skipped.why == Why::NoRoom));
            environment.variables.len()
        };
        let kib = 1024;
        assert_eq!(loaded(128 * kib, &[]), 4);
        assert_eq!(loaded(2048 * kib, &[]), 10);
        assert_eq!(loaded(2048 * kib, &[("BIG", 1500 * kib)]), 1);
        assert_eq!(loaded(128 * kib, &[("BIG", 200 * kib)]), 0);
        // A value in the place of another takes nothing more.
        assert_eq!(loaded(128 * kib, &[("V0", 20_000)]), 4);
    }

    #[test]
    fn what_is_loaded_already_makes_no_difference() {
        let digest = DigestKey::new([1; 32]).digest(&[]);
        let entry = Entry { digest, length: 20_000, shadow: Shadow::Nothing, edited: false };
        let mut ledger = Ledger::default();
        for number in 0..4 {
            ledger.entries.insert(EnvName::parse(&format!("V{number}")).expect("a name"), entry.clone());
        }
        let held = [("V0", 20_000), ("V1", 20_000), ("V2", 20_000), ("V3", 20_000)];
        let before = ten(128 * 1024, &[], &Ledger::default());
        assert_eq!(ten(128 * 1024, &held, &ledger), before);
        assert_eq!(ten(128 * 1024, &held, &Ledger::default()), before);
        let notice = before.unfit_notice().expect("a notice");
        assert!(notice.message().contains("6 of 10 variables are not loaded"), "{notice:?}");
        assert!(notice.message().contains("V4, V5, V6, V7, V8, V9"), "{notice:?}");
    }

    #[test]
    fn only_so_many_variables_are_loaded() {
        let names: Vec<_> = (0..MOST_VARIABLES + 2).map(|number| format!("V{number:05}")).collect();
        let environment = many(&names, "x", &Rules::default());
        assert_eq!(environment.variables.len(), MOST_VARIABLES);
        assert_eq!(why(&environment, "V02001"), Some(Why::TooMany));
    }
}
