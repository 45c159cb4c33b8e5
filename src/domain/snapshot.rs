//! The snapshot: what the account's server last said, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{AccountId, Secret, ServerUrl, Timestamp, Version};

/// The version of the file's format.
const VERSION: u32 = 2;

/// An account's variables as its server last told them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    pub version: Version<VERSION>,
    pub server: ServerUrl,
    /// The user's id there.
    pub user: String,
    pub email: Option<String>,
    pub fetched_at: Timestamp,
    /// Whether a change since then ended so that nobody knows what the account holds now.
    pub doubtful: bool,
    /// The variables by name, as the server names them.
    pub variables: BTreeMap<String, ServerVariable>,
    /// Names that it had in an earlier answer, and no more: a container that runs may still have them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub gone: BTreeSet<String>,
}

/// One variable as the server last told it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerVariable {
    /// `None` where the server sends a mask.
    #[serde(serialize_with = "Secret::write_down_some")]
    pub value: Option<Secret>,
    /// When this machine first saw it so.
    pub changed_at: Timestamp,
}

impl Snapshot {
    /// The version of the file's format; another one is fetched anew.
    pub const VERSION: u32 = VERSION;

    /// The account that this is of.
    pub fn account(&self) -> AccountId {
        AccountId::new(&self.server, &self.user)
    }

    /// Notes which names the account had `before`, and has no more.
    pub fn note_gone(&mut self, before: &Self) {
        let names = before.variables.keys().chain(&before.gone);
        self.gone = names.filter(|name| !self.variables.contains_key(*name)).cloned().collect();
    }

    /// How many values it holds.
    pub fn values(&self) -> usize {
        self.variables.values().filter(|variable| variable.value.is_some()).count()
    }
}
