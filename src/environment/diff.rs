//! What must change in a shell, so that it holds what it should and gives back what it had.
//!
//! Three things meet here: what the shell should hold, the ledger of what was loaded before, and
//! the shell's own environment, which the user may have changed since. The rule is to look before
//! touching: only a variable that has a value that vastenv gave it is changed or taken away. One that
//! has another is somebody else's, until it has such a value again: tools put back what they borrowed.
//!
//! direnv is asked for by name. In its folder it may have set a variable before vastenv saw it, and on
//! leaving it takes that away, whatever vastenv has made of it meanwhile: nobody's edit.

use std::collections::{BTreeMap, BTreeSet};

use super::{Entry, Environment, Ledger, Patterns, Shadow};
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
    /// Variables of vastenv's that the shell took away by itself, as it could start nothing.
    pub taken: &'a BTreeSet<EnvName>,
    /// The key of the ledger's digests.
    pub key: &'a DigestKey,
    /// Whether a shell held the value with this digest earlier, and got another one since.
    pub earlier: &'a dyn Fn(&EnvName, &Digest) -> bool,
    /// Whether the shell has just started: what it inherited was not changed by its user but by
    /// its own start-up files, if it equals what was there before loading.
    pub starting: bool,
    /// Whether the account wins over a variable that was there before.
    pub override_existing: bool,
    /// Names of which the shell's own value wins.
    pub keep: &'a Patterns,
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
    /// Digests of values that are loaded no more: a tool may put them back.
    pub replaced: BTreeMap<EnvName, Digest>,
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

/// Names the folder whose `.envrc` direnv has loaded. Beside what loading hid, the session keeps where the
/// shell was then.
const DIRENV_DIR: &str = "DIRENV_DIR";

impl Input<'_> {
    fn keeps(&self, name: &EnvName) -> bool {
        !self.keep.is_empty() && self.keep.matches(name.as_str())
    }
}

/// Compares and decides.
pub fn diff(input: &Input<'_>) -> Diff {
    let mut decided = Diff {
        changes: Vec::new(),
        entries: BTreeMap::new(),
        previous: Previous::new(),
        replaced: BTreeMap::new(),
        report: Report::default(),
    };
    let names: BTreeSet<&EnvName> =
        input.ledger.entries.keys().chain(input.desired.variables.keys()).collect();
    let direnv = EnvName::parse(DIRENV_DIR).ok();
    let folder = direnv.as_ref().and_then(input.current);
    let was_in = direnv.as_ref().and_then(|name| input.previous.get(name));
    let left_direnv = was_in.is_some() && was_in != folder.as_ref();
    for name in names {
        decide(input, name, left_direnv, &mut decided);
    }
    if let (false, Some(name), Some(folder)) = (decided.previous.is_empty(), direnv, folder) {
        decided.previous.insert(name, folder);
    }
    decided
}

fn decide(input: &Input<'_>, name: &EnvName, left_direnv: bool, decided: &mut Diff) {
    let desired = input.desired.variables.get(name);
    let current = (input.current)(name);
    let taken_by_direnv = |entry: &Entry| {
        let is_ours = |value: &Vec<u8>| is_ours(input, name, entry, desired, value);
        left_direnv && entry.shadow == Shadow::Exported && !current.as_ref().is_some_and(is_ours)
    };
    // What was just found unexported in the shell is the user's own, whatever the ledger hoped.
    let entry = input.ledger.entries.get(name).filter(|_| !input.unexported.contains(name));
    let entry = entry.filter(|entry| !taken_by_direnv(entry));
    let kept = input.kept.contains(name);
    if kept || (entry.is_some() && input.desired.unavailable.contains(name)) {
        decided.entries.extend(entry.map(|entry| (name.clone(), entry.clone())));
        decided.previous.extend(input.previous.get(name).map(|before| (name.clone(), before.clone())));
        return;
    }
    match (entry, desired) {
        (None, None) => {}
        (None, Some(value)) => load(input, name, value, current, decided),
        // What it has of its own comes back from under vastenv's.
        (Some(entry), Some(_)) if entry.shadow != Shadow::Nothing && input.keeps(name) => {
            follow(input, (name, entry), None, current, decided);
        }
        (Some(entry), desired) => follow(input, (name, entry), desired, current, decided),
    }
}

/// A variable that vastenv has not touched in this shell so far.
fn load(input: &Input<'_>, name: &EnvName, value: &Secret, current: Option<Vec<u8>>, decided: &mut Diff) {
    if current.is_some() && (!input.override_existing || input.keeps(name)) {
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
    let digest = digest(input.key, name, value.expose().as_bytes());
    let length = value.expose().len();
    decided.entries.insert(name.clone(), Entry { digest, length, shadow, edited: false });
}

/// A variable that vastenv set before.
fn follow(
    input: &Input<'_>,
    (name, entry): (&EnvName, &Entry),
    desired: Option<&Secret>,
    current: Option<Vec<u8>>,
    decided: &mut Diff,
) {
    let before = input.previous.get(name);
    // A shell inherits nothing that was not exported: in a new one there is nothing to give back.
    let inherited_nothing = input.starting && entry.shadow == Shadow::Unexported;
    let shadow = if inherited_nothing { Shadow::Nothing } else { entry.shadow };
    let keep_previous = |decided: &mut Diff| {
        if let Some(before) = before.filter(|_| !inherited_nothing) {
            decided.previous.insert(name.clone(), before.clone());
        }
    };
    let ours = match current.as_deref() {
        Some(value) => is_ours(input, name, entry, desired, value),
        None => input.taken.contains(name),
    };
    if !ours {
        let set_again_by_start_up_files = input.starting && !entry.edited && current.as_ref() == before;
        match desired {
            Some(value) if set_again_by_start_up_files => {
                load(input, name, value, current, decided);
                // Assigned without `export`; only that vastenv had exported it made it exported here.
                if let (Shadow::Unexported, Some(loaded)) = (entry.shadow, decided.entries.get_mut(name)) {
                    loaded.shadow = Shadow::Unexported;
                }
            }
            None if set_again_by_start_up_files => {}
            // Wanted or not: whoever has it may put back what vastenv loaded.
            _ => {
                let entry = Entry { shadow, edited: true, ..entry.clone() };
                decided.entries.insert(name.clone(), entry);
                keep_previous(decided);
            }
        }
        return;
    }
    let Some(value) = desired else {
        decided.changes.push(give_back(name, shadow, before));
        decided.report.removed.push(name.clone());
        return;
    };
    keep_previous(decided);
    let now = digest(input.key, name, value.expose().as_bytes());
    if now != entry.digest {
        decided.replaced.insert(name.clone(), entry.digest.clone());
    }
    if current.as_deref() != Some(value.expose().as_bytes()) {
        decided.changes.push(Change::Set {
            name: name.clone(),
            value: value.clone(),
            is_new: current.is_none(),
        });
        decided.report.changed.push(name.clone());
    }
    let length = value.expose().len();
    decided.entries.insert(name.clone(), Entry { digest: now, length, shadow, edited: false });
}

/// Whether vastenv gave the variable this value, now or earlier.
fn is_ours(input: &Input<'_>, name: &EnvName, entry: &Entry, desired: Option<&Secret>, value: &[u8]) -> bool {
    let found = digest(input.key, name, value);
    found == entry.digest
        // The digests' key may have been lost since.
        || desired.is_some_and(|desired| desired.expose().as_bytes() == value)
        || (input.earlier)(name, &found)
}

fn give_back(name: &EnvName, shadow: Shadow, before: Option<&Vec<u8>>) -> Change {
    match (shadow, before) {
        (Shadow::Nothing, _) | (_, None) => Change::Unset(name.clone()),
        (shadow, Some(value)) => {
            Change::Restore { name: name.clone(), value: value.clone(), exported: shadow == Shadow::Exported }
        }
    }
}

/// By which a ledger knows a value.
pub fn digest(key: &DigestKey, name: &EnvName, value: &[u8]) -> Digest {
    key.digest(&[b"variable", name.as_str().as_bytes(), value])
}

#[cfg(test)]
mod tests;
