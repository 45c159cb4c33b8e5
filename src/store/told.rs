//! Which hidden variables the user was told of, so that each is told once and not at every prompt.

use std::collections::BTreeSet;

use super::Store;
use crate::domain::AccountId;

impl Store {
    /// Whether `by` (a command, or the hook) has something new to tell in `names`; from then on they
    /// are told. Where that cannot be written down, silence is better than a line at every prompt.
    pub fn tells_hidden(&self, account: &AccountId, by: &str, names: &[&str]) -> bool {
        let path = self.state.join("hidden").join(format!("{}-{by}.json", account.as_str()));
        let slot = self.slot::<BTreeSet<String>>(path);
        let told = slot.get().unwrap_or_default();
        let now: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
        now != told && slot.save(&now).is_ok() && !now.is_subset(&told)
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
