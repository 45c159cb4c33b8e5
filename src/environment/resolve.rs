//! From what an account says to what a shell may hold.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{self, Group};
use super::{KnownVariables, Launch, Provenance, Room, Variable};
use crate::domain::{EnvName, Failure, NameError, Secret, count, printable_capped};

/// The longest `NAME=value` that Linux passes to a program (`MAX_ARG_STRLEN`, with its NUL).
const LONGEST_ENTRY: usize = 128 * 1024 - 1;

/// The most variables that are loaded: every shell takes well under a second for them at its start.
pub const MOST_VARIABLES: usize = 2_000;

/// The most names in a notice.
const MOST_NAMES: usize = 12;

/// What decides beside the account itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Names that load although they are refused, as the user's config says.
    pub allowed: BTreeSet<String>,
    /// What the environment can still take.
    pub room: Room,
}

impl Rules {
    fn allowing<'n>(&self, names: impl Iterator<Item = &'n str>) -> Self {
        let allowed = self.allowed.iter().cloned().chain(names.map(str::to_owned)).collect();
        Self { allowed, room: self.room.clone() }
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
}

/// A variable of the account that is not loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The name as the server gave it: show it through [`crate::domain::printable`] only.
    pub name: String,
    /// Why it is not loaded.
    pub why: Why,
}

/// Why a variable is not loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The server sent a mask and no value is known.
    Masked,
    /// The name is none that a shell can assign to.
    BadName(NameError),
    /// The name is known to do more than inform a program.
    Refused(Group),
    /// The value holds a NUL byte, which an environment cannot hold.
    HoldsNul,
    /// The value is longer than the operating system passes on.
    TooLong,
    /// With it, the environment would be too large for any program to start.
    NoRoom,
    /// There are more variables than shells load in time.
    TooMany,
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

    /// What the user should hear of hidden values, with the one command that fixes it.
    pub fn hidden_notice(&self) -> Option<Failure> {
        let hidden = self.hidden();
        (!hidden.is_empty() && self.unavailable.is_empty()).then(|| {
            Failure::unavailable(format!(
                "{} hidden by Vast and unknown here: {}",
                self.some(hidden.len()),
                list(&hidden)
            ))
            .hint("enter their values once: vastenv remember env-var --all")
        })
    }

    /// What the user should hear of variables that are too large or too many.
    pub fn unfit_notice(&self) -> Option<Failure> {
        let is_unfit = |why| matches!(why, Why::TooLong | Why::NoRoom | Why::TooMany);
        let unfit = self.skipped.iter().filter(|skipped| is_unfit(skipped.why));
        let unfit: Vec<&str> = unfit.map(|skipped| skipped.name.as_str()).collect();
        (!unfit.is_empty()).then(|| {
            let some = self.some(unfit.len());
            Failure::failed(format!("{some} not loaded, too large or too many: {}", list(&unfit)))
                .hint("see why: vastenv status")
        })
    }

    /// "2 of 12 variables are".
    fn some(&self, number: usize) -> String {
        let all = count(self.variables.len() + self.skipped.len(), "variable");
        format!("{number} of {all} {}", if number == 1 { "is" } else { "are" })
    }
}

fn list(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(MOST_NAMES).map(|name| printable_capped(name, 80)).collect();
    let more = if names.len() > MOST_NAMES { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

impl Why {
    /// What a person reads in a list.
    pub fn reason(self) -> String {
        match self {
            Self::Masked => "hidden by Vast, value unknown here".to_owned(),
            Self::BadName(error) => format!("not a variable name: {error}"),
            Self::Refused(group) => format!("refused: {}", group.reason()),
            Self::HoldsNul => "the value holds a NUL byte".to_owned(),
            Self::TooLong => "the value is over 128 KiB, too long for an environment".to_owned(),
            Self::NoRoom => {
                "no room: the environment would be too large to start programs (`ulimit -s`)".to_owned()
            }
            Self::TooMany => format!("over the limit of {MOST_VARIABLES} variables"),
        }
    }

    /// Whether this is a hidden value rather than a name or value that cannot be had.
    pub fn is_masked(self) -> bool {
        self == Self::Masked
    }
}

/// Decides for each variable in turn whether a shell may hold it.
pub fn resolve<'a>(variables: impl IntoIterator<Item = Variable<'a>>, rules: &Rules) -> Environment {
    let mut environment = Environment::default();
    let mut left = rules.room.left();
    for variable in variables {
        let places = MOST_VARIABLES - environment.variables.len();
        match admit(variable, rules, places, left) {
            Ok((name, value)) => {
                left -= rules.room.cost(name.as_str(), value.expose());
                if variable.provenance == Provenance::Instance {
                    environment.from_launch.insert(name.clone());
                }
                environment.variables.insert(name, value.clone());
            }
            Err(why) => environment.skipped.push(Skipped { name: variable.name.to_owned(), why }),
        }
    }
    environment
}

/// The same for an account's variables, and what else the container was launched with.
pub fn resolve_known(known: &KnownVariables, rules: &Rules) -> Environment {
    resolve_beside(&known.launch, Some(known), rules)
}

/// The same for what the container was launched with, where no account is known.
pub fn resolve_launch(launch: &Launch, rules: &Rules) -> Environment {
    resolve_beside(launch, None, rules)
}

fn resolve_beside(launch: &Launch, known: Option<&KnownVariables>, rules: &Rules) -> Environment {
    let own = launch.own(known, rules);
    if own.is_empty() {
        return resolve(known.into_iter().flat_map(KnownVariables::iter), rules);
    }
    // Judged by their names already.
    let rules = rules.allowing(own.keys().map(EnvName::as_str));
    resolve(known.into_iter().flat_map(KnownVariables::iter).chain(variables(&own)), &rules)
}

/// Variables by the names that they are to have.
pub type Named<'v> = BTreeMap<String, Variable<'v>>;

/// The same for all of them, as `choose` leaves and names them.
pub fn resolve_chosen(
    launch: &Launch,
    known: Option<&KnownVariables>,
    rules: &Rules,
    choose: impl FnOnce(Named<'_>) -> Result<Named<'_>, Failure>,
) -> Result<Environment, Failure> {
    let own = launch.own(known, rules);
    let all = known.into_iter().flat_map(KnownVariables::iter).chain(variables(&own));
    let chosen = choose(all.map(|variable| (variable.name.to_owned(), variable)).collect())?;
    // A name that was given anew is judged like any other.
    let judged =
        own.keys().map(EnvName::as_str).filter(|name| chosen.get(*name).is_some_and(|it| it.name == *name));
    let rules = rules.allowing(judged);
    Ok(resolve(chosen.iter().map(|(name, variable)| Variable { name, ..*variable }), &rules))
}

fn variables<'v>(own: &'v BTreeMap<EnvName, &Secret>) -> impl Iterator<Item = Variable<'v>> {
    own.iter().map(|(name, value)| Variable {
        name: name.as_str(),
        value: Some(*value),
        provenance: Provenance::Instance,
    })
}

fn admit<'a>(
    variable: Variable<'a>,
    rules: &Rules,
    places: usize,
    left: usize,
) -> Result<(EnvName, &'a Secret), Why> {
    let name = EnvName::parse(variable.name).map_err(Why::BadName)?;
    if let Some(group) = names::refusal(&name).filter(|_| !rules.allowed.contains(name.as_str())) {
        return Err(Why::Refused(group));
    }
    let value = variable.value.ok_or(Why::Masked)?;
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
    use super::super::{Entry, Ledger, Shadow};
    use super::*;
    use crate::domain::DigestKey;

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
        environment.skipped.iter().find(|skipped| skipped.name == name).map(|skipped| skipped.why)
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
