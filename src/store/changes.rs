//! Changes without a known end: noted before they are sent, so that no older value passes for the new
//! one. Names only, in the state folder, which needs no keyring.

use super::{Slot, Store};
use crate::domain::{AccountId, Doubts, Result};

impl Store {
    /// The changes of `account` without a known end.
    pub fn changes(&self, account: &AccountId) -> Result<Doubts> {
        let then = ", then give what changed since: vastenv remember env-var NAME";
        Ok(self.changes_slot(account).load(then)?.unwrap_or_default())
    }

    /// Changes these notes, one process at a time.
    pub fn edit_changes<T>(&self, account: &AccountId, edit: impl FnOnce(&mut Doubts) -> T) -> Result<T> {
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

    fn changes_slot(&self, account: &AccountId) -> Slot<'_, Doubts> {
        self.slot(self.state.join("changes").join(format!("{}.json", account.as_str())))
    }
}
