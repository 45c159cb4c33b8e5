//! What must change in a shell, so that it holds what it should and gives back what it had.
//!
//! Three things meet here: what the shell should hold, the ledger of what was loaded before, and
//! the shell's own environment, which the user may have changed since. The rule is to look before
//! touching: only a variable that still has the value vastenv gave it is changed or taken away.

use std::collections::{BTreeMap, BTreeSet};

use super::{Entry, Environment, Ledger, Shadow};
use crate::domain::{Digest, DigestKey, EnvName, Secret};

/// What is known when a shell asks.
pub struct Input<'a> {
    /// What the shell should hold.
    pub desired: &'a Environment,
    /// What was loaded so far.
    pub ledger: &'a Ledger,
    /// What loading hid, by name, as the session's file keeps it.
    pub previous: &'a Previous,
    /// The shell's exported variables: the bytes of one, if it is set.
    pub current: &'a dyn Fn(&EnvName) -> Option<Vec<u8>>,
    /// Variables that the shell has but does not export (and exported for this question alone).
    pub unexported: &'a BTreeSet<EnvName>,
    /// Variables that the shell cannot assign to (readonly, an array …): they stay as they are.
    pub kept: &'a BTreeSet<EnvName>,
    /// The key of the ledger's digests.
    pub key: &'a DigestKey,
    /// Whether the shell has just started: what it inherited was not changed by its user but by
    /// its own start-up files, if it equals what was there before loading.
    pub starting: bool,
    /// Whether the account wins over a variable that was there before.
    pub override_existing: bool,
}

/// Values that loading hid, by name. Bytes, because an environment may hold any.
pub type Previous = BTreeMap<EnvName, Vec<u8>>;

/// One step for the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Set and export a variable.
    Set {
        /// Its name.
        name: EnvName,
        /// Its value.
        value: Secret,
        /// Whether the shell was not seen to have it: what it has all the same is not exported.
        is_new: bool,
    },
    /// Take a variable away.
    Unset(EnvName),
    /// Give back what was there before.
    Restore {
        /// Its name.
        name: EnvName,
        /// Its value before vastenv set it.
        value: Vec<u8>,
        /// Whether it was exported.
        exported: bool,
    },
}

/// The steps, and what to remember of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diff {
    /// The steps, sorted by name.
    pub changes: Vec<Change>,
    /// The entries of the new ledger.
    pub entries: BTreeMap<EnvName, Entry>,
    /// What the session must keep from now on.
    pub previous: Previous,
    /// What to tell the user.
    pub report: Report,
}

/// Names for the line that tells the user what happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// New in this shell.
    pub added: Vec<EnvName>,
    /// Got another value.
    pub changed: Vec<EnvName>,
    /// Taken away or given back.
    pub removed: Vec<EnvName>,
}

/// Compares and decides.
pub fn diff(input: &Input<'_>) -> Diff {
    let mut decided = Diff {
        changes: Vec::new(),
        entries: BTreeMap::new(),
        previous: Previous::new(),
        report: Report::default(),
    };
    let names: BTreeSet<&EnvName> =
        input.ledger.entries.keys().chain(input.desired.variables.keys()).collect();
    for name in names {
        decide(input, name, &mut decided);
    }
    decided
}

fn decide(input: &Input<'_>, name: &EnvName, decided: &mut Diff) {
    let desired = input.desired.variables.get(name);
    let current = (input.current)(name);
    // What was just found unexported in the shell is the user's own, whatever the ledger hoped.
    let entry = input.ledger.entries.get(name).filter(|_| !input.unexported.contains(name));
    let kept = input.kept.contains(name);
    if kept || (entry.is_some() && input.desired.held.contains(name)) {
        decided.entries.extend(entry.map(|entry| (name.clone(), entry.clone())));
        decided.previous.extend(input.previous.get(name).map(|before| (name.clone(), before.clone())));
        return;
    }
    match (entry, desired) {
        (None | Some(Entry::Edited), None) => {}
        (None, Some(value)) => load(input, name, value, current, decided),
        (Some(Entry::Edited), Some(_)) => {
            decided.entries.insert(name.clone(), Entry::Edited);
        }
        (Some(Entry::Loaded { digest, shadow }), desired) => {
            let loaded = Loaded { name, digest, shadow: *shadow };
            follow(input, loaded, desired, current, decided);
        }
    }
}

/// A variable that vastenv has not touched in this shell so far.
fn load(input: &Input<'_>, name: &EnvName, value: &Secret, current: Option<Vec<u8>>, decided: &mut Diff) {
    if current.is_some() && !input.override_existing {
        return;
    }
    let hides_unexported = input.unexported.contains(name);
    let shadow = match (&current, hides_unexported) {
        (None, _) => Shadow::Nothing,
        (Some(_), true) => Shadow::Unexported,
        (Some(_), false) => Shadow::Exported,
    };
    let same = current.as_deref() == Some(value.expose().as_bytes()) && !hides_unexported;
    let is_new = current.is_none();
    if let Some(before) = current {
        decided.previous.insert(name.clone(), before);
    }
    if !same {
        decided.changes.push(Change::Set { name: name.clone(), value: value.clone(), is_new });
        decided.report.added.push(name.clone());
    }
    decided.entries.insert(
        name.clone(),
        Entry::Loaded { digest: digest(input.key, name, value.expose().as_bytes()), shadow },
    );
}

#[derive(Clone, Copy)]
struct Loaded<'a> {
    name: &'a EnvName,
    digest: &'a Digest,
    shadow: Shadow,
}

/// A variable that vastenv set before.
fn follow(
    input: &Input<'_>,
    loaded: Loaded<'_>,
    desired: Option<&Secret>,
    current: Option<Vec<u8>>,
    decided: &mut Diff,
) {
    let name = loaded.name;
    let before = input.previous.get(name);
    // A shell inherits nothing that was not exported: in a new one there is nothing to give back.
    let inherited_nothing = input.starting && loaded.shadow == Shadow::Unexported;
    let shadow = if inherited_nothing { Shadow::Nothing } else { loaded.shadow };
    // Equal to what should be there counts too: the digests' key may have been lost since.
    let ours = current.as_ref().is_some_and(|bytes| {
        digest(input.key, name, bytes) == *loaded.digest
            || desired.is_some_and(|value| value.expose().as_bytes() == bytes.as_slice())
    });
    if !ours {
        let set_again_by_start_up_files = input.starting && current.as_ref() == before;
        match desired {
            Some(value) if set_again_by_start_up_files => {
                load(input, name, value, current, decided);
                // Assigned without `export`; only that vastenv had exported it made it exported here.
                if let (Shadow::Unexported, Some(Entry::Loaded { shadow, .. })) =
                    (loaded.shadow, decided.entries.get_mut(name))
                {
                    *shadow = Shadow::Unexported;
                }
            }
            Some(_) => {
                decided.entries.insert(name.clone(), Entry::Edited);
            }
            None => {}
        }
        return;
    }
    let Some(value) = desired else {
        decided.changes.push(give_back(name, shadow, before));
        decided.report.removed.push(name.clone());
        return;
    };
    if let Some(before) = before.filter(|_| !inherited_nothing) {
        decided.previous.insert(name.clone(), before.clone());
    }
    let now = digest(input.key, name, value.expose().as_bytes());
    if now != *loaded.digest {
        decided.changes.push(Change::Set {
            name: name.clone(),
            value: value.clone(),
            is_new: current.is_none(),
        });
        decided.report.changed.push(name.clone());
    }
    decided.entries.insert(name.clone(), Entry::Loaded { digest: now, shadow });
}

fn give_back(name: &EnvName, shadow: Shadow, before: Option<&Vec<u8>>) -> Change {
    match (shadow, before) {
        (Shadow::Nothing, _) | (_, None) => Change::Unset(name.clone()),
        (shadow, Some(value)) => {
            Change::Restore { name: name.clone(), value: value.clone(), exported: shadow == Shadow::Exported }
        }
    }
}

fn digest(key: &DigestKey, name: &EnvName, value: &[u8]) -> Digest {
    key.digest(&[b"variable", name.as_str().as_bytes(), value])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> EnvName {
        EnvName::parse(text).expect(text)
    }

    /// A shell as the tests see it: what it holds, and what vastenv remembers of it.
    #[derive(Default)]
    struct Shell {
        exported: BTreeMap<EnvName, Vec<u8>>,
        unexported: BTreeSet<EnvName>,
        ledger: Ledger,
        previous: Previous,
        preserve: bool,
        held: BTreeSet<EnvName>,
    }

    impl Shell {
        fn with(variables: &[(&str, &str)]) -> Self {
            let exported =
                variables.iter().map(|(key, value)| (name(key), value.as_bytes().to_vec())).collect();
            Self { exported, ..Self::default() }
        }

        fn ask(&mut self, account: &[(&str, &str)], starting: bool) -> Diff {
            let variables = account.iter().map(|(key, value)| (name(key), Secret::new(*value))).collect();
            let desired = Environment { variables, held: self.held.clone(), ..Environment::default() };
            let decided = diff(&Input {
                desired: &desired,
                ledger: &self.ledger,
                previous: &self.previous,
                current: &|name| self.exported.get(name).cloned(),
                unexported: &self.unexported,
                kept: &BTreeSet::new(),
                key: &DigestKey::new([9; 32]),
                starting,
                override_existing: !self.preserve,
            });
            for change in &decided.changes {
                match change {
                    Change::Set { name, value, .. } => {
                        self.unexported.remove(name);
                        self.exported.insert(name.clone(), value.expose().as_bytes().to_vec());
                    }
                    Change::Unset(name) => {
                        self.exported.remove(name);
                    }
                    Change::Restore { name, value, .. } => {
                        self.exported.insert(name.clone(), value.clone());
                    }
                }
            }
            self.ledger.entries.clone_from(&decided.entries);
            self.previous.clone_from(&decided.previous);
            decided
        }

        fn prompt(&mut self, account: &[(&str, &str)]) -> Diff {
            self.ask(account, false)
        }

        fn get(&self, key: &str) -> Option<&str> {
            self.exported.get(&name(key)).map(|bytes| std::str::from_utf8(bytes).expect("text"))
        }

        fn set(&mut self, key: &str, value: &str) {
            self.exported.insert(name(key), value.as_bytes().to_vec());
        }
    }

    #[test]
    fn variables_come_change_and_go() {
        let mut shell = Shell::default();
        let first = shell.prompt(&[("A", "1"), ("B", "2")]);
        assert_eq!(first.report.added, [name("A"), name("B")]);
        assert!(shell.prompt(&[("A", "1"), ("B", "2")]).changes.is_empty());
        let then = shell.prompt(&[("A", "new")]);
        assert_eq!((then.report.changed, then.report.removed), (vec![name("A")], vec![name("B")]));
        assert_eq!((shell.get("A"), shell.get("B")), (Some("new"), None));
        shell.prompt(&[]);
        assert!(shell.exported.is_empty() && shell.ledger.entries.is_empty());
    }

    #[test]
    fn what_is_not_known_at_this_moment_stays_as_it_is() {
        let mut shell = Shell::with(&[("A", "mine")]);
        shell.prompt(&[("A", "1"), ("B", "2")]);
        shell.held = BTreeSet::from([name("A"), name("NEVER")]);
        assert!(shell.prompt(&[("B", "2")]).changes.is_empty());
        assert_eq!(shell.get("A"), Some("1"));
        shell.held.clear();
        shell.prompt(&[("B", "2")]);
        assert_eq!(shell.get("A"), Some("mine"));
    }

    #[test]
    fn what_was_there_before_comes_back_even_after_updates() {
        let mut shell = Shell::with(&[("A", "mine"), ("EMPTY", "")]);
        shell.prompt(&[("A", "1"), ("EMPTY", "x")]);
        shell.prompt(&[("A", "2"), ("EMPTY", "y")]);
        assert_eq!(shell.get("A"), Some("2"));
        shell.prompt(&[]);
        assert_eq!((shell.get("A"), shell.get("EMPTY")), (Some("mine"), Some("")));
        assert!(shell.previous.is_empty());
    }

    #[test]
    fn a_value_equal_to_the_accounts_is_still_the_users() {
        let mut shell = Shell::with(&[("A", "same")]);
        assert!(shell.prompt(&[("A", "same")]).changes.is_empty());
        shell.prompt(&[("A", "other")]);
        shell.prompt(&[]);
        assert_eq!(shell.get("A"), Some("same"));
    }

    #[test]
    fn what_the_user_changed_is_left_alone() {
        let mut shell = Shell::default();
        shell.prompt(&[("A", "1"), ("B", "2")]);
        shell.set("A", "edited");
        shell.exported.remove(&name("B"));
        shell.prompt(&[("A", "1"), ("B", "2")]);
        shell.prompt(&[("A", "3"), ("B", "3")]);
        assert_eq!((shell.get("A"), shell.get("B")), (Some("edited"), None));
        shell.prompt(&[]);
        assert_eq!(shell.get("A"), Some("edited"));
    }

    #[test]
    fn a_nested_shell_whose_rc_file_set_the_old_value_again_is_loaded_anew() {
        let mut shell = Shell::with(&[("A", "from rc")]);
        shell.prompt(&[("A", "1")]);
        shell.set("A", "from rc");
        shell.ask(&[("A", "1")], true);
        assert_eq!(shell.get("A"), Some("1"));
        shell.prompt(&[]);
        assert_eq!(shell.get("A"), Some("from rc"));
    }

    #[test]
    fn a_nested_shell_that_was_given_another_value_keeps_it() {
        let mut shell = Shell::default();
        shell.prompt(&[("A", "1")]);
        shell.set("A", "given");
        shell.ask(&[("A", "1")], true);
        assert_eq!(shell.get("A"), Some("given"));
    }

    #[test]
    fn a_nested_shell_that_lost_a_variable_gets_it_again() {
        let mut shell = Shell::default();
        shell.prompt(&[("A", "1")]);
        shell.exported.remove(&name("A"));
        shell.ask(&[("A", "1")], true);
        assert_eq!(shell.get("A"), Some("1"));
    }

    #[test]
    fn an_unexported_variable_is_hidden_and_given_back_unexported() {
        let mut shell = Shell::default();
        shell.prompt(&[("A", "1")]);
        // The shell reports that it holds an unexported A, and asks again with its value.
        shell.set("A", "local");
        shell.unexported.insert(name("A"));
        let second = shell.prompt(&[("A", "1")]);
        assert_eq!(second.changes.len(), 1);
        let last = shell.prompt(&[]);
        assert_eq!(
            last.changes,
            [Change::Restore { name: name("A"), value: b"local".to_vec(), exported: false }]
        );
    }

    #[test]
    fn a_nested_shell_has_no_unexported_variable_to_give_back() {
        let mut shell = Shell::default();
        shell.prompt(&[("A", "1")]);
        shell.set("A", "local");
        shell.unexported.insert(name("A"));
        shell.prompt(&[("A", "1")]);
        // The nested shell inherits the ledger and the exported value, and nothing else.
        shell.ask(&[("A", "1")], true);
        assert!(shell.previous.is_empty());
        assert_eq!(shell.prompt(&[]).changes, [Change::Unset(name("A"))]);
    }

    #[test]
    fn preserving_leaves_what_was_there() {
        let mut shell = Shell { preserve: true, ..Shell::with(&[("A", "mine")]) };
        shell.prompt(&[("A", "1"), ("B", "2")]);
        assert_eq!((shell.get("A"), shell.get("B")), (Some("mine"), Some("2")));
    }
}
