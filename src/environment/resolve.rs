//! From what an account says to what a shell may hold.

use std::collections::{BTreeMap, BTreeSet};

use super::names::{self, Group};
use crate::domain::{EnvName, Failure, NameError, Secret, count, printable_capped};

/// The longest `NAME=value` that Linux passes to a program (`MAX_ARG_STRLEN`, with its NUL).
const LONGEST_ENTRY: usize = 128 * 1024 - 1;

/// The most that all variables together may take. Linux gives arguments and environment a quarter
/// of the stack limit, 2 MiB as a rule; past it no program starts any more.
const LARGEST_ENVIRONMENT: usize = 1536 * 1024;

/// What each variable costs beyond its text: its `=`, its NUL and its pointer.
const ENTRY_OVERHEAD: usize = 10;

/// The most names in a notice.
const MOST_NAMES: usize = 12;

/// A variable as the account has it: any name at all, and a value unless the server hides it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountVariable {
    /// The name as the server gave it; not yet checked.
    pub name: String,
    /// The value; `None` where only a mask is known.
    pub value: Option<Secret>,
}

/// What the user's own config says about names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Names that load although they are refused.
    pub allowed: BTreeSet<String>,
}

/// The variables that a shell should hold, and those that it may not, with the reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// What to load, by name.
    pub variables: BTreeMap<EnvName, Secret>,
    /// What not to load, sorted by name.
    pub skipped: Vec<Skipped>,
    /// What is not known at this moment, although it is somewhere: a shell keeps what it has of it.
    pub held: BTreeSet<EnvName>,
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
    /// The value holds a NUL byte, which no environment can carry.
    HoldsNul,
    /// The value is longer than the operating system passes on.
    TooLong,
    /// Everything before it has already filled what an environment may hold.
    NoRoom,
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

    /// What the user should hear of hidden values, with the one command that mends it.
    pub fn hidden_notice(&self) -> Option<Failure> {
        let hidden = self.hidden();
        let all = count(self.variables.len() + self.skipped.len(), "variable");
        let verb = if hidden.len() == 1 { "is" } else { "are" };
        let shown: Vec<String> =
            hidden.iter().take(MOST_NAMES).map(|name| printable_capped(name, 80)).collect();
        let more = if hidden.len() > MOST_NAMES { ", …" } else { "" };
        (!hidden.is_empty() && self.held.is_empty()).then(|| {
            Failure::unavailable(format!(
                "{} of {all} {verb} masked by the server and not yet known here: {}{more}",
                hidden.len(),
                shown.join(", ")
            ))
            .hint("give their values once: vastenv remember env-var --all")
        })
    }
}

impl Why {
    /// What a person reads in a list.
    pub fn reason(self) -> String {
        match self {
            Self::Masked => "masked by the server, value unknown here".to_owned(),
            Self::BadName(error) => format!("not a variable name: {error}"),
            Self::Refused(group) => format!("refused: {}", group.reason()),
            Self::HoldsNul => "the value holds a NUL byte".to_owned(),
            Self::TooLong => "the value is over 128 KiB, more than a program can be given".to_owned(),
            Self::NoRoom => "no room: the variables together are over 1.5 MiB".to_owned(),
        }
    }

    /// Whether this is a hidden value rather than a name or value that cannot be had.
    pub fn is_masked(self) -> bool {
        self == Self::Masked
    }
}

/// Decides for each variable of the account whether a shell may hold it.
pub fn resolve<'a>(account: impl IntoIterator<Item = &'a AccountVariable>, rules: &Rules) -> Environment {
    let mut environment = Environment::default();
    let mut sorted: Vec<_> = account.into_iter().collect();
    sorted.sort_by(|one, other| one.name.cmp(&other.name));
    let mut room = LARGEST_ENVIRONMENT;
    for variable in sorted {
        match admit(variable, rules, room) {
            Ok((name, value)) => {
                room -= size(&name, value);
                environment.variables.insert(name, value.clone());
            }
            Err(why) => environment.skipped.push(Skipped { name: variable.name.clone(), why }),
        }
    }
    environment
}

fn admit<'a>(
    variable: &'a AccountVariable,
    rules: &Rules,
    room: usize,
) -> Result<(EnvName, &'a Secret), Why> {
    let name = EnvName::parse(&variable.name).map_err(Why::BadName)?;
    if let Some(group) = names::refusal(&name).filter(|_| !rules.allowed.contains(name.as_str())) {
        return Err(Why::Refused(group));
    }
    let value = variable.value.as_ref().ok_or(Why::Masked)?;
    if value.expose().contains('\0') {
        return Err(Why::HoldsNul);
    }
    if name.as_str().len() + 1 + value.expose().len() > LONGEST_ENTRY - 1 {
        return Err(Why::TooLong);
    }
    if size(&name, value) > room {
        return Err(Why::NoRoom);
    }
    Ok((name, value))
}

fn size(name: &EnvName, value: &Secret) -> usize {
    name.as_str().len() + value.expose().len() + ENTRY_OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str, value: impl Into<Option<&'static str>>) -> AccountVariable {
        AccountVariable { name: name.to_owned(), value: value.into().map(Secret::new) }
    }

    fn why(environment: &Environment, name: &str) -> Option<Why> {
        environment.skipped.iter().find(|skipped| skipped.name == name).map(|skipped| skipped.why)
    }

    #[test]
    fn only_what_a_shell_may_hold_is_loaded() {
        let account = [
            variable("HF_TOKEN", "hf"),
            variable("EMPTY", ""),
            variable("HIDDEN", None),
            variable("PATH", "/tmp"),
            variable("A;touch x", "y"),
            variable("NUL", "a\0b"),
        ];
        let environment = resolve(&account, &Rules::default());
        let names: Vec<_> = environment.variables.keys().map(EnvName::as_str).collect();
        assert_eq!(names, ["EMPTY", "HF_TOKEN"]);
        assert_eq!(why(&environment, "HIDDEN"), Some(Why::Masked));
        assert_eq!(why(&environment, "PATH"), Some(Why::Refused(Group::Shell)));
        assert_eq!(why(&environment, "A;touch x"), Some(Why::BadName(NameError::Character)));
        assert_eq!(why(&environment, "NUL"), Some(Why::HoldsNul));
    }

    #[test]
    fn the_config_lets_a_name_load_and_nothing_else() {
        let rules = Rules { allowed: BTreeSet::from(["PAGER".to_owned()]) };
        let environment = resolve(&[variable("PAGER", "less"), variable("EDITOR", "ed")], &rules);
        assert!(environment.variables.contains_key(&EnvName::parse("PAGER").expect("a name")));
        assert_eq!(why(&environment, "EDITOR"), Some(Why::Refused(Group::Command)));
    }

    #[test]
    fn what_the_system_cannot_pass_on_is_not_loaded() {
        let long =
            AccountVariable { name: "LONG".into(), value: Some(Secret::new("x".repeat(LONGEST_ENTRY))) };
        assert_eq!(why(&resolve(&[long], &Rules::default()), "LONG"), Some(Why::TooLong));
        let many: Vec<_> = (0..20)
            .map(|number| AccountVariable {
                name: format!("V{number:02}"),
                value: Some(Secret::new("x".repeat(100_000))),
            })
            .collect();
        let environment = resolve(&many, &Rules::default());
        assert_eq!(environment.variables.len(), 15);
        assert_eq!(why(&environment, "V15"), Some(Why::NoRoom));
    }
}
