//! Changes without a known end: noted before they are sent, so that no older value passes for the new
//! one. Names only, in the state folder, which needs no keyring.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Store;
use crate::domain::{AccountId, Failure, Result};
use crate::files;

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
    ///
    /// # Errors
    /// The file is there but cannot be read or understood.
    pub fn changes(&self, account: &AccountId) -> Result<Changes> {
        let path = self.changes_path(account);
        let Some(bytes) = self.read(&path)? else { return Ok(Changes::new()) };
        serde_json::from_slice(&bytes).map_err(|_| {
            let shown = shell_escape::escape(path.to_string_lossy());
            Failure::unavailable(format!("{} is damaged: it names stale values", path.display()))
                .hint(format!("rm {shown}, then enter what changed since: vastenv remember env-var NAME"))
        })
    }

    /// Changes these notes, one process at a time.
    ///
    /// # Errors
    /// They cannot be read or written.
    pub fn edit_changes<T>(&self, account: &AccountId, edit: impl FnOnce(&mut Changes) -> T) -> Result<T> {
        let _lock = self.lock_values(account)?;
        let before = self.changes(account)?;
        let mut changes = before.clone();
        let edited = edit(&mut changes);
        if changes.is_empty() && !before.is_empty() {
            // Works on a full disk too.
            files::remove(&self.changes_path(account))?;
        } else if changes != before {
            let bytes = serde_json::to_vec(&changes)
                .map_err(|error| Failure::failed(format!("cannot note the change: {error}")))?;
            self.write(&self.changes_path(account), &bytes)?;
        }
        Ok(edited)
    }

    fn changes_path(&self, account: &AccountId) -> PathBuf {
        self.state.join("changes").join(format!("{}.json", account.as_str()))
    }
}
