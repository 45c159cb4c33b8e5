//! Which hidden variables the user was told of, so that each is told once and not at every prompt.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::Store;
use crate::domain::AccountId;

impl Store {
    /// Whether `by` (a command, or the hook) has something new to tell in `names`; from then on they
    /// are told. Where that cannot be written down, silence is better than a line at every prompt.
    pub fn tells_hidden(&self, account: &AccountId, by: &str, names: &[&str]) -> bool {
        let told = self.told_hidden(account, by);
        let now: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
        if now == told {
            return false;
        }
        let written = serde_json::to_vec(&now)
            .is_ok_and(|bytes| self.write(&self.told_hidden_path(account, by), &bytes).is_ok());
        written && !now.is_subset(&told)
    }

    fn told_hidden(&self, account: &AccountId, by: &str) -> BTreeSet<String> {
        let bytes = self.read(&self.told_hidden_path(account, by)).ok().flatten();
        bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    fn told_hidden_path(&self, account: &AccountId, by: &str) -> PathBuf {
        self.state.join("hidden").join(format!("{}-{by}.json", account.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ServerUrl;

    #[test]
    fn only_a_name_that_is_new_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path(), folder.path(), folder.path());
        let account = AccountId::new(&ServerUrl::default(), "1");
        assert!(!store.tells_hidden(&account, "hook", &[]));
        assert!(store.tells_hidden(&account, "hook", &["A", "B"]));
        assert!(store.tells_hidden(&account, "refresh", &["A"]));
        assert!(!store.tells_hidden(&account, "hook", &["A", "B"]));
        assert!(!store.tells_hidden(&account, "hook", &["A"]));
        assert!(store.tells_hidden(&account, "hook", &["A", "B"]));
    }
}
