//! Remembered values that are known to be wrong: the variable was changed from here, and the new value
//! could not be kept (no keyring, say). Names only, in the state folder, which needs no keyring.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{Store, Values};
use crate::domain::{AccountId, Failure, Result};

impl Store {
    /// The names whose remembered values are not the account's any more.
    pub fn superseded(&self, account: &AccountId) -> BTreeSet<String> {
        let bytes = self.read(&self.superseded_path(account)).ok().flatten();
        bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// Notes that what is remembered of `name` is not the account's value any more; gives whether that
    /// is new.
    ///
    /// # Errors
    /// The state folder cannot be written.
    pub fn supersede(&self, account: &AccountId, name: &str) -> Result<bool> {
        let _lock = self.lock_values(account)?;
        let mut names = self.superseded(account);
        let is_new = names.insert(name.to_owned());
        self.save_superseded(account, &names).map(|()| is_new)
    }

    /// What is remembered of `name` is in force again.
    ///
    /// # Errors
    /// The state folder cannot be written.
    pub fn withdraw_supersession(&self, account: &AccountId, name: &str) -> Result<()> {
        let _lock = self.lock_values(account)?;
        let mut names = self.superseded(account);
        if names.remove(name) { self.save_superseded(account, &names) } else { Ok(()) }
    }

    /// What was remembered anew, or forgotten, is in force again.
    pub(super) fn reinstate(&self, account: &AccountId, before: &Values, after: &Values) {
        let names = self.superseded(account);
        let still: BTreeSet<String> =
            names.iter().filter(|name| before.get(*name) == after.get(*name)).cloned().collect();
        if still != names {
            // A name that stays here hides a value that could be given once more: no harm.
            let _ = self.save_superseded(account, &still);
        }
    }

    fn save_superseded(&self, account: &AccountId, names: &BTreeSet<String>) -> Result<()> {
        let bytes = serde_json::to_vec(names)
            .map_err(|error| Failure::failed(format!("cannot note the change: {error}")))?;
        self.write(&self.superseded_path(account), &bytes)
    }

    fn superseded_path(&self, account: &AccountId) -> PathBuf {
        self.state.join("superseded").join(format!("{}.json", account.as_str()))
    }
}
