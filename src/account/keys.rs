//! The account's keys: the API's calls, with what this machine remembers of them.

use serde_json::Value;

use super::lists::{Listed, listed_ssh_key, short};
use super::{Account, Remote, key_digest};
use crate::api::{ApiKey, CreatedApiKey, KeyListing, Reply, SavedSshKey, SshKey};
use crate::domain::{Failure, Result};
use crate::store::{KeyKind, ListedKey};

impl Remote<'_> {
    /// All API keys.
    pub async fn api_keys(&self) -> Result<KeyListing<ApiKey>> {
        Ok(self.keep_listing(self.client.api_keys().await?))
    }

    /// All API keys, kept for a TAB even where nobody knew yet whose the key is.
    pub async fn api_keys_to_show(&self) -> Result<KeyListing<ApiKey>> {
        let listing = self.client.api_keys().await?;
        self.identify_owner().await;
        Ok(self.keep_listing(listing))
    }

    /// One API key.
    pub async fn api_key(&self, id: u64) -> Result<ApiKey> {
        let key = self.client.api_key(id).await?;
        self.put_in_list(KeyKind::Api, Some(key.listed()));
        Ok(key)
    }

    /// Makes an API key, and remembers its number.
    pub async fn create_api_key(
        &self,
        name: Option<&str>,
        permissions: Option<&Value>,
        key_params: Option<&Value>,
    ) -> Result<CreatedApiKey> {
        let sent = self.client.create_api_key(name, permissions, key_params).await;
        let created = sent.map_err(|error| self.mark_list_stale(KeyKind::Api, error))?;
        self.put_in_list(KeyKind::Api, Some(listed_created(&created, name)));
        // Forgotten, it is only not told from other keys any more; the new key must be shown.
        let _ = self.remember_created(&created).await;
        Ok(created)
    }

    async fn remember_created(&self, created: &CreatedApiKey) -> Result<()> {
        let Account { store, server, .. } = &self.account;
        let identity = self.identify().await?;
        let Some(account) = identity.account(server) else { return Ok(()) };
        let digest = key_digest(store, server, &created.key)?;
        store.save_identity(&digest, &identity)?;
        store.remember_own_key(&account, created.id, Some(&digest))
    }

    /// Deletes an API key.
    pub async fn delete_api_key(&self, id: u64) -> Result<Reply> {
        let sent = self.client.delete_api_key(id).await;
        let reply = sent.map_err(|error| self.mark_list_stale(KeyKind::Api, error))?;
        self.remove_from_list(KeyKind::Api, id);
        if let Some(account) = self.account.id() {
            // A number is never used twice: what stays in the list harms nobody.
            let _ = self.account.store.remember_own_key(&account, id, None);
        }
        Ok(reply)
    }

    /// All SSH keys.
    pub async fn ssh_keys(&self) -> Result<KeyListing<SshKey>> {
        Ok(self.keep_listing(self.client.ssh_keys().await?))
    }

    /// All SSH keys, kept for a TAB even where nobody knew yet whose the key is.
    pub async fn ssh_keys_to_show(&self) -> Result<KeyListing<SshKey>> {
        let listing = self.client.ssh_keys().await?;
        self.identify_owner().await;
        Ok(self.keep_listing(listing))
    }

    /// Adds an SSH public key.
    pub async fn create_ssh_key(&self, line: &str) -> Result<SavedSshKey> {
        let sent = self.client.create_ssh_key(line).await;
        let saved = sent.map_err(|error| self.mark_list_stale(KeyKind::Ssh, error))?;
        self.put_in_list(KeyKind::Ssh, saved.id.map(|id| listed_ssh_key(id, line)));
        Ok(saved)
    }

    /// Puts another SSH public key in the place of one.
    pub async fn update_ssh_key(&self, id: u64, line: &str) -> Result<SavedSshKey> {
        let sent = self.client.update_ssh_key(id, line).await;
        let saved = sent.map_err(|error| self.mark_list_stale(KeyKind::Ssh, unknown_ssh_key(error)))?;
        self.put_in_list(KeyKind::Ssh, Some(listed_ssh_key(id, line)));
        Ok(saved)
    }

    /// Deletes an SSH key; gives the answer as it came.
    pub async fn delete_ssh_key(&self, id: u64) -> Result<Value> {
        let sent = self.client.delete_ssh_key(id).await;
        let raw = sent.map_err(|error| self.mark_list_stale(KeyKind::Ssh, unknown_ssh_key(error)))?;
        self.remove_from_list(KeyKind::Ssh, id);
        Ok(raw)
    }
}

fn listed_created(created: &CreatedApiKey, name: Option<&str>) -> ListedKey {
    let permissions = created.permissions.get("api").unwrap_or(&created.permissions).as_object();
    let rights = permissions.map(|rights| rights.keys().cloned().collect::<Vec<_>>().join(", "));
    ListedKey {
        id: created.id,
        name: short(name.unwrap_or_default()),
        detail: short(&rights.unwrap_or_default()),
    }
}

fn unknown_ssh_key(failure: Failure) -> Failure {
    match failure.code() {
        Some("no_ssh_key") => failure.hint("list their ids: vastenv show ssh-keys"),
        _ => failure,
    }
}

/// What can be told of which API key is the one in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InUse {
    /// The one with this number.
    Key(u64),
    /// One of these: each may be it.
    OneOf(Vec<u64>),
}

impl Account<'_> {
    /// Which of `keys` is the one in use: the server lists it in clear or by its ends, this machine
    /// saw it made, or every other one was made here.
    pub fn key_in_use(&self, keys: &[ApiKey]) -> InUse {
        let mine = self.credential.key.expose();
        let listed: Vec<&ApiKey> = keys
            .iter()
            .filter(|key| key.raw["key"].as_str().is_some_and(|shown| shows(shown, mine)))
            .collect();
        if let [only] = listed.as_slice() {
            return InUse::Key(only.id);
        }
        let ids: Vec<u64> = keys.iter().map(|key| key.id).collect();
        match self.key_in_use_of(&ids) {
            InUse::OneOf(strangers) if strangers.len() == 1 => InUse::Key(strangers[0]),
            known => known,
        }
    }

    /// Which of the keys with these numbers is the one in use, as far as this machine knows.
    pub fn key_in_use_of(&self, ids: &[u64]) -> InUse {
        let own = self.id().map(|id| self.store.own_keys(&id)).unwrap_or_default();
        match own.iter().find(|(id, digest)| **digest == self.key && ids.contains(id)) {
            Some((id, _)) => InUse::Key(*id),
            None => InUse::OneOf(ids.iter().copied().filter(|id| !own.contains_key(id)).collect()),
        }
    }
}

/// Whether `shown` is `key`, whole or with a part of it hidden (`ab…f9`, `****a3f9`).
fn shows(shown: &str, key: &str) -> bool {
    let is_mask = |character: char| matches!(character, '*' | '.' | '…' | '•');
    let head: &str = shown.split(is_mask).next().unwrap_or_default();
    let tail: &str = shown.rsplit(is_mask).next().unwrap_or_default();
    if head.len() == shown.len() {
        return shown == key;
    }
    head.len() + tail.len() >= 4 && key.starts_with(head) && key.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::shows;

    #[test]
    fn a_key_is_known_by_the_ends_that_are_shown() {
        let key = "0123456789abcdef";
        for shown in [key, "************cdef", "0123…cdef", "01...ef", "0123****"] {
            assert!(shows(shown, key), "{shown}");
        }
        for shown in ["", "********", "0123", "***f", "…cdee", "0123…cdee", "0123456789abcdeg"] {
            assert!(!shows(shown, key), "{shown}");
        }
    }
}
