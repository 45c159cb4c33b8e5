//! Changes without a known end: noted before they are sent, so that no older value passes for the new
//! one. Names only, in the state folder, which needs no keyring.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Slot, Store};
use crate::domain::{AccountId, Result};

/// The variables whose known values are not to be relied on, by name.
pub type Changes = BTreeMap<String, Change>;

/// Why a value is not to be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// A new value was about to be sent.
    Put,
    /// The variable was about to be deleted.
    Removal,
    /// A new value was sent, and the server hides it: what is remembered is older.
    Superseded,
}

impl Store {
    /// The changes of `account` without a known end.
    pub fn changes(&self, account: &AccountId) -> Result<Changes> {
        let then = ", then give what changed since: vastenv remember env-var NAME";
        Ok(self.changes_slot(account).load(then)?.unwrap_or_default())
    }

    /// Changes these notes, one process at a time.
    pub fn edit_changes<T>(&self, account: &AccountId, edit: impl FnOnce(&mut Changes) -> T) -> Result<T> {
        let _lock = self.lock_values(account)?;
        let before = self.changes(account)?;
        let mut changes = before.clone();
        let edited = edit(&mut changes);
        if changes.is_empty() && !before.is_empty() {
            // Works on a full disk too.
            self.changes_slot(account).remove()?;
        } else if changes != before {
            self.changes_slot(account).save(&changes)?;
        }
        Ok(edited)
    }

    fn changes_slot(&self, account: &AccountId) -> Slot<'_, Changes> {
        self.slot(self.state.join("changes").join(format!("{}.json", account.as_str())))
    }
}
