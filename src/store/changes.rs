//! Changes without a known end: noted before they are sent, so that no older value passes for the new
//! one. Names only, in the state folder, which needs no keyring.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::domain::{AccountId, Result};
use crate::files::{Disk, Slots};

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

/// The changes of every account.
pub struct ChangeSlots {
    disk: Rc<Disk>,
    slots: Slots<AccountId, Changes>,
}

impl ChangeSlots {
    pub(super) fn new(disk: &Rc<Disk>) -> Self {
        Self { disk: Rc::clone(disk), slots: Slots::new(disk, "changes") }
    }

    /// The changes of `account` without a known end.
    pub fn load(&self, account: &AccountId) -> Result<Changes> {
        let hint =
            |file: &str| format!("rm {file}, then give what changed since: vastenv remember env-var NAME");
        Ok(self.slots.of(account).load(hint)?.unwrap_or_default())
    }

    /// Changes these notes, one process at a time.
    pub fn edit<T>(&self, account: &AccountId, edit: impl FnOnce(&mut Changes) -> T) -> Result<T> {
        let _lock = self.disk.lock_values(account)?;
        let before = self.load(account)?;
        let mut changes = before.clone();
        let edited = edit(&mut changes);
        if changes.is_empty() && !before.is_empty() {
            // Works on a full disk too.
            self.slots.of(account).remove()?;
        } else if changes != before {
            self.slots.of(account).save(&changes)?;
        }
        Ok(edited)
    }
}
