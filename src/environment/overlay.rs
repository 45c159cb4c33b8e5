//! What lies over the server's words: the one place that decides which value a variable has here.

use std::fmt;

use super::Launch;
use crate::domain::{
    Doubt, Doubts, Failure, Remembered, Secret, ServerVariable, Snapshot, Timestamp, Values,
};

/// A variable of an account: its name, the best value that this machine has, and where that is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable<'a> {
    /// Any name at all, as the server gave it.
    pub name: &'a str,
    /// `None` where nobody here knows it.
    pub value: Option<&'a Secret>,
    pub provenance: Provenance,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provenance {
    Account,
    Remembered,
    /// What the container was launched with.
    Instance,
    /// What the project file sets.
    Project,
}

impl fmt::Display for Provenance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Account => "account",
            Self::Remembered => "remembered",
            Self::Instance => "instance",
            Self::Project => "project",
        })
    }
}

/// An account's variables as known here: the server's words, and what lies over them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownVariables {
    pub snapshot: Snapshot,
    /// Left out where the server hides nothing.
    pub remembered: Values,
    /// Changes from here whose end is not known.
    pub doubts: Doubts,
    /// Empty outside of a container.
    pub launch: Launch,
    /// Why remembered values could not be read, if that is so.
    pub unread: Option<Failure>,
}

impl<'a> Variable<'a> {
    /// One that the account has, or is about to have.
    pub fn new(name: &'a str, value: Option<&'a Secret>) -> Self {
        Self { name, value, provenance: Provenance::Account }
    }

    /// Its value, as far as it is that of the account: a container's is as old as the container.
    pub fn account_value(&self) -> Option<&'a Secret> {
        self.value.filter(|_| self.provenance != Provenance::Instance)
    }

    /// Its value, if the server itself shows it.
    pub fn shown(&self) -> Option<&'a Secret> {
        self.value.filter(|_| self.provenance == Provenance::Account)
    }
}

impl KnownVariables {
    /// Each variable, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = Variable<'_>> {
        self.snapshot.variables.iter().map(|variable| self.overlay(variable))
    }

    /// The variable of this very name.
    pub fn get(&self, name: &str) -> Option<Variable<'_>> {
        self.snapshot.variables.get_key_value(name).map(|variable| self.overlay(variable))
    }

    /// The server's value wins over a remembered one, and that over the container's, which is as old as the
    /// container. A change without a known end may have replaced any; a removal leaves the value right as long
    /// as the variable is there, which only the server's next answer tells.
    fn overlay<'a>(&'a self, (name, variable): (&'a String, &'a ServerVariable)) -> Variable<'a> {
        match (&variable.value, self.remembered.get(name), self.doubts.get(name)) {
            (_, _, Some(Doubt::Put)) | (None, _, Some(Doubt::Superseded)) => Variable::new(name, None),
            (None, Some(Remembered { value, .. }), _) => {
                Variable { provenance: Provenance::Remembered, ..Variable::new(name, Some(value)) }
            }
            // What is remembered, and cannot be read now, may be newer.
            (None, None, _) if self.unread.is_none() => {
                let value = self.launch.value(name);
                let provenance = value.map_or(Provenance::Account, |_| Provenance::Instance);
                Variable { name, value, provenance }
            }
            (value, ..) => Variable::new(name, value.as_ref()),
        }
    }

    /// Whether a name is the account's, or was: of an earlier answer.
    pub fn is_accounts(&self, name: &str) -> bool {
        self.snapshot.variables.contains_key(name) || self.snapshot.gone.contains(name)
    }

    /// The variable of this name, or of this name in capitals, as the server saves it.
    pub fn find(&self, name: &str) -> Option<Variable<'_>> {
        self.get(name).or_else(|| self.get(&name.to_ascii_uppercase()))
    }

    /// When this machine first saw a variable so.
    pub fn changed_at(&self, variable: &Variable<'_>) -> Timestamp {
        match variable.provenance {
            Provenance::Remembered => self.remembered[variable.name].at,
            _ => self.snapshot.variables[variable.name].changed_at,
        }
    }

    /// Whether the account may hold something else by now, for all that is known here.
    pub fn is_doubtful(&self) -> bool {
        self.snapshot.doubtful || self.doubts.values().any(|doubt| *doubt != Doubt::Superseded)
    }
}

#[cfg(test)]
impl KnownVariables {
    /// What a server said at second 1, with nothing over it.
    pub fn said(variables: &[(&str, Option<&str>)]) -> Self {
        let variable = |(name, value): &(&str, Option<&str>)| {
            let variable = ServerVariable { value: value.map(Secret::new), changed_at: Timestamp(1) };
            ((*name).to_owned(), variable)
        };
        let snapshot = Snapshot {
            version: crate::domain::Version,
            server: crate::domain::ServerUrl::default(),
            user: "1".into(),
            email: None,
            fetched_at: Timestamp(1),
            doubtful: false,
            variables: variables.iter().map(variable).collect(),
            gone: std::collections::BTreeSet::new(),
        };
        let (remembered, doubts, launch) = (Values::new(), Doubts::new(), Launch::default());
        Self { snapshot, remembered, doubts, launch, unread: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::RememberedFrom;

    fn known(doubts: &[(&str, Doubt)]) -> KnownVariables {
        let remember = |(name, value): (&str, &str)| {
            (name.to_owned(), Remembered::new(Secret::new(value), RememberedFrom::Given, Timestamp(2)))
        };
        KnownVariables {
            remembered: [("A", "a"), ("B", "b"), ("GONE", "g")].map(remember).into(),
            doubts: doubts.iter().map(|(name, doubt)| ((*name).to_owned(), *doubt)).collect(),
            ..KnownVariables::said(&[("A", None), ("B", Some("shown")), ("C", None)])
        }
    }

    fn values(known: &KnownVariables) -> Vec<Option<&str>> {
        known.iter().map(|variable| variable.value.map(Secret::expose)).collect()
    }

    #[test]
    fn what_is_remembered_lies_over_what_the_server_hides() {
        let known = known(&[]);
        assert_eq!(values(&known), [Some("a"), Some("shown"), None]);
        let (a, b) = (known.find("a").expect("there"), known.find("B").expect("there"));
        assert_eq!((a.name, a.provenance, a.shown()), ("A", Provenance::Remembered, None));
        assert_eq!((b.provenance, b.shown()), (Provenance::Account, b.value));
        assert_eq!((known.changed_at(&a), known.changed_at(&b)), (Timestamp(2), Timestamp(1)));
        assert_eq!(known.find("GONE"), None);
    }

    #[test]
    fn what_the_container_was_launched_with_is_the_last_resort() {
        let launch = b"CONTAINER_ID=7\0A=launch\0B=launch\0C=launch\0D=launch\0";
        let launch = Launch::parse(launch).expect("an environment");
        let with = |known: KnownVariables| KnownVariables { launch: launch.clone(), ..known };
        let plain = with(known(&[]));
        assert_eq!(values(&plain), [Some("a"), Some("shown"), Some("launch")]);
        let c = plain.find("C").expect("there");
        assert_eq!((c.provenance, c.shown(), c.account_value()), (Provenance::Instance, None, None));
        for doubt in [Doubt::Put, Doubt::Superseded] {
            assert_eq!(values(&with(known(&[("C", doubt)])))[2], None, "{doubt:?}");
        }
        let unread = Some(Failure::unavailable("locked"));
        assert_eq!(values(&with(KnownVariables { unread, ..known(&[]) }))[2], None);
    }

    #[test]
    fn a_value_that_may_have_been_replaced_is_none() {
        for (doubt, expected) in [
            (Doubt::Put, [None, None, None]),
            (Doubt::Superseded, [None, Some("shown"), None]),
            (Doubt::Removal, [Some("a"), Some("shown"), None]),
        ] {
            let known = known(&[("A", doubt), ("B", doubt), ("GONE", doubt)]);
            assert_eq!(values(&known), expected, "{doubt:?}");
            assert_eq!(known.is_doubtful(), doubt != Doubt::Superseded);
        }
    }
}
