//! Changes without a known end: noted before they are sent, so that no older value passes for the new
//! one. Names only, in the state folder, which needs no keyring.

use std::rc::Rc;

use crate::domain::{AccountId, Doubts, Result};
use crate::files::{Disk, Slot};

/// The changes of every account.
pub(crate) struct ChangeSlots(pub(super) Rc<Disk>);

impl ChangeSlots {
    /// The changes of `account` without a known end.
    pub(crate) fn load(&self, account: &AccountId) -> Result<Doubts> {
        let hint =
            |file: &str| format!("rm {file}, then give what changed since: vastenv remember env-var NAME");
        Ok(self.slot(account).load(hint)?.unwrap_or_default())
    }

    /// Changes these notes, one process at a time.
    pub(crate) fn edit<T>(&self, account: &AccountId, edit: impl FnOnce(&mut Doubts) -> T) -> Result<T> {
        let _lock = self.0.lock_values(account)?;
        let before = self.load(account)?;
        let mut changes = before.clone();
        let edited = edit(&mut changes);
        if changes.is_empty() && !before.is_empty() {
            // Works on a full disk too.
            self.slot(account).remove()?;
        } else if changes != before {
            self.slot(account).save(&changes)?;
        }
        Ok(edited)
    }
    fn slot(&self, account: &AccountId) -> Slot<'_, Doubts> {
        Slot::new(&self.0, self.0.state.join("changes").join(format!("{account}.json")))
    }
}
