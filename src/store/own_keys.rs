//! Which API keys of an account this machine has seen made, by number: with that, and the list of
//! all, the key in use can be told although the server never lists keys themselves.

use std::collections::BTreeMap;

use super::Store;
use crate::domain::{AccountId, Digest, Failure, Result};

impl Store {
    /// The keys of `account` that were made through here: their numbers, with their digests.
    pub fn own_keys(&self, account: &AccountId) -> BTreeMap<u64, Digest> {
        let bytes = self.read(&self.own_keys_path(account)).ok().flatten();
        let texts: BTreeMap<u64, String> =
            bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        texts.into_iter().filter_map(|(id, text)| Some((id, Digest::parse(&text)?))).collect()
    }

    /// Remembers (or, with `None`, forgets) the digest of the key with the number `id`.
    pub fn remember_own_key(&self, account: &AccountId, id: u64, key: Option<&Digest>) -> Result<()> {
        let mut texts: BTreeMap<u64, String> =
            self.own_keys(account).into_iter().map(|(id, digest)| (id, digest.as_str().to_owned())).collect();
        match key {
            Some(digest) => texts.insert(id, digest.as_str().to_owned()),
            None => texts.remove(&id),
        };
        let bytes = serde_json::to_vec(&texts)
            .map_err(|error| Failure::failed(format!("cannot note the key: {error}")))?;
        self.write(&self.own_keys_path(account), &bytes)
    }

    fn own_keys_path(&self, account: &AccountId) -> std::path::PathBuf {
        self.state.join("own-keys").join(format!("{}.json", account.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DigestKey, ServerUrl};

    #[test]
    fn keys_are_remembered_and_forgotten_by_number() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path(), folder.path(), folder.path());
        let account = AccountId::new(&ServerUrl::default(), "1");
        let digest = DigestKey::new([1; 32]).digest(&[b"key"]);
        store.remember_own_key(&account, 7, Some(&digest)).expect("written");
        assert_eq!(store.own_keys(&account), BTreeMap::from([(7, digest)]));
        store.remember_own_key(&account, 7, None).expect("written");
        assert!(store.own_keys(&account).is_empty());
    }
}
