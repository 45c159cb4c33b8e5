//! How much an environment can still take: what the operating system passes to a program, less what is
//! there already, less what the program's arguments need. Past that nothing can be started any more.

use std::collections::{BTreeMap, BTreeSet};

use super::Ledger;
use crate::domain::EnvName;

/// What a variable costs beyond its text: its `=`, its NUL and its pointer.
const ENTRY_OVERHEAD: usize = 10;

/// What a variable costs beyond its name in the exported ledger: `=`, digest, length, mark and comma.
const LEDGER_OVERHEAD: usize = 22;

/// The room of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    limit: usize,
    reserve: usize,
    /// The bytes that each variable takes which is there already.
    present: BTreeMap<Vec<u8>, usize>,
    /// What vastenv has loaded, be it changed since.
    loaded: BTreeSet<Vec<u8>>,
}

impl Default for Room {
    /// An empty environment under the usual limit.
    fn default() -> Self {
        Self::new(2 * 1024 * 1024, [])
    }
}

impl Room {
    /// `limit` bytes for arguments and environment, and `present` (name, length of the value) in it.
    pub fn new(limit: usize, present: impl IntoIterator<Item = (Vec<u8>, usize)>) -> Self {
        let size = |(name, length): (Vec<u8>, usize)| {
            let size = name.len() + length + ENTRY_OVERHEAD;
            (name, size)
        };
        Self {
            limit,
            reserve: limit / 4,
            present: present.into_iter().map(size).collect(),
            loaded: BTreeSet::new(),
        }
    }

    /// The same without what vastenv loaded: it is replaced, or taken away.
    #[must_use]
    pub fn without_loaded(mut self, ledger: &Ledger) -> Self {
        self.loaded = ledger.entries.keys().map(|name| name.as_str().as_bytes().to_vec()).collect();
        for (name, _) in ledger.entries.iter().filter(|(_, entry)| !entry.edited) {
            self.present.remove(name.as_str().as_bytes());
        }
        self
    }

    /// The same with room for arguments of so many bytes, if that is more than is left for them anyway.
    #[must_use]
    pub fn with_arguments(self, bytes: usize) -> Self {
        Self { reserve: self.reserve.max(bytes), ..self }
    }

    /// Whether a variable of the session's own has this name.
    pub(super) fn is_taken(&self, name: &EnvName) -> bool {
        let name = name.as_str().as_bytes();
        self.present.contains_key(name) && !self.loaded.contains(name)
    }

    /// The bytes that are left for variables.
    pub(super) fn left(&self) -> usize {
        let taken: usize = self.present.values().sum();
        self.limit.saturating_sub(self.reserve + taken)
    }

    /// What a variable takes of that.
    pub(super) fn cost(&self, name: &str, value: &str) -> usize {
        let replaced = self.present.get(name.as_bytes()).copied().unwrap_or(0);
        let size = name.len() + value.len() + ENTRY_OVERHEAD;
        size.saturating_sub(replaced) + name.len() + LEDGER_OVERHEAD
    }
}
