//! What importing a file would do to an account.

use std::collections::{BTreeMap, BTreeSet};

use super::settle::Settled;
use crate::domain::{EnvName, NameError, Secret, is_mask};
use crate::environment::{Rules, Skipped, Variable, resolve};

/// What is to be sent, and what not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Variables that the account does not have.
    pub create: Vec<Pending>,
    /// Variables that the account has, with another value or one that nobody knows here.
    pub update: Vec<Pending>,
    /// What is not sent: a name, or a line whose name is none, with the reason.
    pub skip: Vec<(String, Reason)>,
    /// Those of the variables to be sent that the account will hold and no shell will load.
    pub not_loaded: Vec<Skipped>,
}

/// A variable that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its name in the account.
    pub name: EnvName,
    /// Its value.
    pub value: Secret,
}

/// Why something is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The account has the variable with this very value.
    SameValue,
    /// The value is empty, which no account can hold.
    Empty,
    /// The value is what a server shows in place of one.
    Mask,
    /// The value holds a NUL byte.
    HoldsNul,
    /// The name is none that a variable can have.
    BadName(NameError),
}

impl Reason {
    /// What a person reads.
    pub fn text(self) -> String {
        match self {
            Self::SameValue => "same value".to_owned(),
            Self::Empty => "empty, which an account cannot hold".to_owned(),
            Self::Mask => "a mask, not a value".to_owned(),
            Self::HoldsNul => "the value holds a NUL byte, which an environment cannot hold".to_owned(),
            Self::BadName(error) => format!("not a variable name: {error}"),
        }
    }
}

/// Compares a file with the variables of an account as they are known here.
///
/// A name that `rules` do not let into shells is sent all the same: the account's instances may need
/// it, and the user is told before anything happens.
pub fn plan<'a>(file: &'a Settled, account: impl IntoIterator<Item = Variable<'a>>, rules: &Rules) -> Plan {
    let mut after: BTreeMap<&str, Variable<'a>> =
        account.into_iter().map(|variable| (variable.name, variable)).collect();
    let mut plan = Plan::default();
    for (name, value) in &file.variables {
        let sent = Variable::new(name.as_str(), Some(value));
        let known = after.get(sent.name);
        let is_same = known.is_some_and(|known| known.account_value() == sent.value);
        if let Some(reason) = obstacle(value).or(is_same.then_some(Reason::SameValue)) {
            plan.skip.push((name.to_string(), reason));
            continue;
        }
        let pending = Pending { name: name.clone(), value: value.clone() };
        if known.is_some() {
            plan.update.push(pending);
        } else {
            plan.create.push(pending);
        }
        after.insert(sent.name, sent);
    }
    plan.skip
        .extend(file.misnamed.iter().map(|(line, error)| (format!("line {line}"), Reason::BadName(*error))));
    // Beside all else that the account has.
    plan.not_loaded = resolve(after.into_values(), rules).skipped;
    let sent = plan.create.iter().chain(&plan.update);
    let sent: BTreeSet<&str> = sent.map(|sent| sent.name.as_str()).collect();
    plan.not_loaded.retain(|skipped| sent.contains(skipped.name.as_str()));
    plan
}

/// Why a file's value is none for an account.
pub fn obstacle(value: &Secret) -> Option<Reason> {
    let text = value.expose();
    if text.is_empty() {
        Some(Reason::Empty)
    } else if is_mask(text) {
        Some(Reason::Mask)
    } else {
        text.contains('\0').then_some(Reason::HoldsNul)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{read_dotenv, settle};
    use super::*;
    use crate::environment::Provenance;

    fn planned(text: &str, account: &[(&str, Option<&str>)]) -> Plan {
        let owned: Vec<_> = account.iter().map(|(name, value)| (*name, value.map(Secret::new))).collect();
        let account = owned.iter().map(|(name, value)| Variable::new(name, value.as_ref()));
        plan(&settle(&read_dotenv(text).expect("a file")), account, &Rules::default())
    }

    #[test]
    fn what_only_a_container_has_may_be_older_and_is_sent() {
        let value = Secret::new("1");
        let account = [Variable { provenance: Provenance::Instance, ..Variable::new("A", Some(&value)) }];
        let plan = plan(&settle(&read_dotenv("A=1").expect("a file")), account, &Rules::default());
        assert_eq!(names(&plan.update), ["A"]);
    }

    fn names(pending: &[Pending]) -> Vec<&str> {
        pending.iter().map(|pending| pending.name.as_str()).collect()
    }

    #[test]
    fn each_variable_is_created_updated_or_skipped_for_a_reason() {
        let plan = planned(
            "NEW=1\nOTHER=2\nMASKED=3\nSAME=4\nsame_too=5\nEMPTY=\nSTARS=***\nTWO=**\nNUL=a\0b\na.b=6\n",
            &[
                ("OTHER", Some("1")),
                ("MASKED", None),
                ("SAME", Some("4")),
                ("SAME_TOO", Some("5")),
                ("EMPTY", Some("x")),
                ("STARS", Some("x")),
                ("ELSE", Some("x")),
            ],
        );
        assert_eq!(names(&plan.create), ["NEW", "TWO"]);
        assert_eq!(names(&plan.update), ["MASKED", "OTHER"]);
        let skipped: Vec<_> = plan.skip.iter().map(|(name, reason)| (name.as_str(), reason.text())).collect();
        assert_eq!(
            skipped,
            [
                ("EMPTY", "empty, which an account cannot hold".to_owned()),
                ("NUL", "the value holds a NUL byte, which an environment cannot hold".to_owned()),
                ("SAME", "same value".to_owned()),
                ("SAME_TOO", "same value".to_owned()),
                ("STARS", "a mask, not a value".to_owned()),
                (
                    "line 10",
                    "not a variable name: it has a character other than letters, digits and _".to_owned()
                ),
            ]
        );
        assert_eq!(plan.not_loaded, []);
    }

    #[test]
    fn what_no_shell_will_load_is_sent_and_told() {
        let long = "x".repeat(200_000);
        let plan =
            planned(&format!("PATH=/tmp\nhttp_proxy=x\nLONG={long}\nGOOD=1\n"), &[("EDITOR", Some("ed"))]);
        assert_eq!(names(&plan.create), ["GOOD", "HTTP_PROXY", "LONG", "PATH"]);
        let told: Vec<_> = plan.not_loaded.iter().map(|skipped| skipped.name.as_str()).collect();
        assert_eq!(told, ["HTTP_PROXY", "LONG", "PATH"]);
    }

    #[test]
    fn a_plan_shows_no_value() {
        let shown = format!("{:?}", planned("A=hidden\nB=hidden\n", &[("B", None)]));
        assert!(!shown.contains("hidden"), "{shown}");
    }
}
