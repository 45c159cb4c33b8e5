//! The account's keys: the API's calls, with what this machine remembers of them.

use serde_json::Value;

use super::lists::{Listed, listed_ssh_key, short};
use crate::account::local::Account;
use crate::account::sync::remote::Remote;
use crate::api::{ApiKey, CreatedApiKey, Listing, Reply, SavedSshKey, SshKey};
use crate::domain::{Failure, ListEntry, ListKind, Result};

impl Remote<'_> {
    /// All API keys, kept for a TAB even where nobody knew yet whose the key is.
    pub(crate) async fn api_keys(&self) -> Result<Listing<ApiKey>> {
        let listing = self.client.api_keys().await?;
        self.identify_owner().await;
        Ok(self.keep_listing(listing))
    }

    /// One API key.
    pub(crate) async fn api_key(&self, id: u64) -> Result<ApiKey> {
        let key = self.client.api_key(id).await?;
        self.put_in_list(ListKind::ApiKeys, Some(key.listed()));
        Ok(key)
    }

    /// Makes an API key, and remembers its number.
    pub(crate) async fn create_api_key(
        &self,
        name: Option<&str>,
        permissions: Option<&Value>,
        key_params: Option<&Value>,
    ) -> Result<CreatedApiKey> {
        let sent = self.client.create_api_key(name, permissions, key_params).await;
        let created = sent.map_err(|error| self.mark_list_stale(ListKind::ApiKeys, error))?;
        self.put_in_list(ListKind::ApiKeys, Some(listed_created(&created, name)));
        // Forgotten, it is only not told from other keys any more; the new key must be shown.
        let _ = self.remember_created(&created).await;
        Ok(created)
    }

    async fn remember_created(&self, created: &CreatedApiKey) -> Result<()> {
        let Account { machine, server, .. } = &self.account;
        let identity = self.identify().await?;
        let Some(account) = identity.account(server) else { return Ok(()) };
        let (store, digest) = (&machine.store, machine.key_digest(server, &created.key)?);
        store.identities.of(&digest).save_if_possible(&identity)?;
        store.own_keys.of(&account).edit(|own| drop(own.insert(created.id, digest)))
    }

    /// Deletes an API key.
    pub(crate) async fn delete_api_key(&self, id: u64) -> Result<Reply> {
        let sent = self.client.delete_api_key(id).await;
        let reply = sent.map_err(|error| self.mark_list_stale(ListKind::ApiKeys, error))?;
        self.remove_from_list(ListKind::ApiKeys, id);
        if let Some(account) = self.account.id() {
            // A number is never used twice: what stays in the list harms nobody.
            let _ = self.account.store().own_keys.of(&account).edit(|own| drop(own.remove(&id)));
        }
        Ok(reply)
    }

    /// All SSH keys.
    pub(crate) async fn ssh_keys(&self) -> Result<Listing<SshKey>> {
        Ok(self.keep_listing(self.client.ssh_keys().await?))
    }

    /// All SSH keys, kept for a TAB even where nobody knew yet whose the key is.
    pub(crate) async fn ssh_keys_to_show(&self) -> Result<Listing<SshKey>> {
        let listing = self.client.ssh_keys().await?;
        self.identify_owner().await;
        Ok(self.keep_listing(listing))
    }

    /// Adds an SSH public key.
    pub(crate) async fn create_ssh_key(&self, line: &str) -> Result<SavedSshKey> {
        let sent = self.client.create_ssh_key(line).await;
        let saved = sent.map_err(|error| self.mark_list_stale(ListKind::SshKeys, error))?;
        self.put_in_list(ListKind::SshKeys, saved.id.map(|id| listed_ssh_key(id, line)));
        Ok(saved)
    }

    /// Puts another SSH public key in the place of one.
    pub(crate) async fn update_ssh_key(&self, id: u64, line: &str) -> Result<SavedSshKey> {
        let sent = self.client.update_ssh_key(id, line).await;
        let saved = sent.map_err(|error| self.mark_list_stale(ListKind::SshKeys, unknown_ssh_key(error)))?;
        self.put_in_list(ListKind::SshKeys, Some(listed_ssh_key(id, line)));
        Ok(saved)
    }

    /// Deletes an SSH key; gives the answer as it came.
    pub(crate) async fn delete_ssh_key(&self, id: u64) -> Result<Value> {
        let sent = self.client.delete_ssh_key(id).await;
        let raw = sent.map_err(|error| self.mark_list_stale(ListKind::SshKeys, unknown_ssh_key(error)))?;
        self.remove_from_list(ListKind::SshKeys, id);
        Ok(raw)
    }
}

fn listed_created(created: &CreatedApiKey, name: Option<&str>) -> ListEntry {
    let permissions = created.permissions.get("api").unwrap_or(&created.permissions).as_object();
    let rights = permissions.map(|rights| rights.keys().cloned().collect::<Vec<_>>().join(", "));
    ListEntry {
        id: created.id,
        name: short(name.unwrap_or_default()),
        detail: short(&rights.unwrap_or_default()),
        status: None,
    }
}

fn unknown_ssh_key(failure: Failure) -> Failure {
    match failure.code() {
        Some("no_ssh_key") => failure.hint("list their ids: vastenv show ssh-keys"),
        _ => failure,
    }
}

/// Whether an API key is the one in use. The server does not tell: this machine knows the ids of keys
/// that were made here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InUse {
    Yes,
    No,
    Perhaps,
}

impl Account<'_> {
    /// Tells of each id whether it is that of the key in use.
    pub(crate) fn in_use(&self) -> impl Fn(u64) -> InUse {
        let own = self.id().and_then(|id| self.store().own_keys.of(&id).get()).unwrap_or_default();
        let mine = own.iter().find(|(_, digest)| **digest == self.key()).map(|(id, _)| *id);
        // After the session the API key takes over, which may be any of them.
        let is_session = self.is_session();
        move |id| match mine {
            Some(mine) if mine == id => InUse::Yes,
            Some(_) => InUse::No,
            None if own.contains_key(&id) && !is_session => InUse::No,
            None => InUse::Perhaps,
        }
    }
}
