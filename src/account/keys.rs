//! The account's keys: the API's calls, with what this machine remembers of them.

use serde_json::Value;

use super::{Account, Remote, key_digest};
use crate::api::{ApiError, ApiKey, ApiKeys, CreatedApiKey, Reply, SavedSshKey, SshKeys};
use crate::domain::{Digest, Failure, Result, Secret};

impl Remote<'_> {
    /// All API keys.
    pub async fn api_keys(&self) -> Result<ApiKeys> {
        Ok(self.client.api_keys().await?)
    }

    /// One API key.
    pub async fn api_key(&self, id: u64) -> Result<ApiKey> {
        Ok(self.client.api_key(id).await?)
    }

    /// Makes an API key, and remembers its number.
    pub async fn create_api_key(
        &self,
        name: &str,
        permissions: Option<&Value>,
        key_params: Option<&Value>,
    ) -> Result<CreatedApiKey> {
        let created = self.client.create_api_key(name, permissions, key_params).await?;
        let account = &self.account;
        if let Some(id) = account.id() {
            let digest = key_digest(account.store, &account.server, &created.key)?;
            // Forgotten, it is only not told from other keys any more.
            let _ = account.store.remember_own_key(&id, created.id, Some(&digest));
        }
        Ok(created)
    }

    /// Deletes an API key.
    pub async fn delete_api_key(&self, id: u64) -> Result<Reply> {
        let reply = self.client.delete_api_key(id).await?;
        if let Some(account) = self.account.id() {
            // A number is never used twice: what stays in the list harms nobody.
            let _ = self.account.store.remember_own_key(&account, id, None);
        }
        Ok(reply)
    }

    /// Gets a new API key in place of the one in use, and notes at once that it is the same
    /// account's, so that no shell takes it for another one's.
    pub async fn reset_api_key(&self) -> Result<Secret> {
        let known = self.account.identity().ok().flatten().filter(|known| known.refused_at.is_none());
        let key = self.client.reset_api_key().await?;
        if let Some(identity) = known {
            let digest = key_digest(self.account.store, &self.account.server, &key)?;
            // Where this cannot be written, the next refresh asks the server whose the key is.
            let _ = self.account.store.save_identity(&digest, &identity);
            self.rename_own_key(&digest);
        }
        Ok(key)
    }

    /// The server keeps a key's number when it resets the key.
    fn rename_own_key(&self, new: &Digest) {
        let Some(account) = self.account.id() else { return };
        let own = self.account.store.own_keys(&account);
        if let Some((id, _)) = own.iter().find(|(_, digest)| **digest == self.account.key) {
            // Forgotten, it is only not told from other keys any more.
            let _ = self.account.store.remember_own_key(&account, *id, Some(new));
        }
    }

    /// All SSH keys.
    pub async fn ssh_keys(&self) -> Result<SshKeys> {
        Ok(self.client.ssh_keys().await?)
    }

    /// Adds an SSH public key.
    pub async fn create_ssh_key(&self, line: &str) -> Result<SavedSshKey> {
        Ok(self.client.create_ssh_key(line).await?)
    }

    /// Puts another SSH public key in the place of one.
    pub async fn update_ssh_key(&self, id: u64, line: &str) -> Result<SavedSshKey> {
        self.client.update_ssh_key(id, line).await.map_err(unknown_ssh_key)
    }

    /// Deletes an SSH key; gives the answer as it came.
    pub async fn delete_ssh_key(&self, id: u64) -> Result<Value> {
        self.client.delete_ssh_key(id).await.map(|(_, raw)| raw).map_err(unknown_ssh_key)
    }
}

fn unknown_ssh_key(error: ApiError) -> Failure {
    let unknown = error.code() == Some("no_ssh_key");
    let failure = Failure::from(error);
    if unknown { failure.hint("see their ids with `vastenv show ssh-keys`") } else { failure }
}

impl Account<'_> {
    /// Which of `keys` is the one in use, if that can be told: the server lists it in clear, this
    /// machine saw it made, or every other one was made here.
    pub fn key_in_use(&self, keys: &[ApiKey]) -> Option<u64> {
        let mine = self.credential.key.expose();
        if let Some(key) = keys.iter().find(|key| key.raw["key"].as_str() == Some(mine)) {
            return Some(key.id);
        }
        let own = self.store.own_keys(&self.id()?);
        if let Some((id, _)) = own.iter().find(|(_, digest)| **digest == self.key) {
            return keys.iter().any(|key| key.id == *id).then_some(*id);
        }
        let mut strangers = keys.iter().filter(|key| !own.contains_key(&key.id));
        match (strangers.next(), strangers.next()) {
            (Some(only), None) => Some(only.id),
            _ => None,
        }
    }
}
