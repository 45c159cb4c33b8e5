//! Whose a key is, and that it was refused.

use std::time::Duration;

use super::remote::Remote;
use crate::domain::{Failure, Identity, Kind, Result, Timestamp, format_duration};

impl Remote<'_> {
    /// Whose the key is: asked once for each key, then remembered.
    pub(in crate::account) async fn identify(&self) -> Result<Identity> {
        let account = &self.account;
        if let Some(identity) =
            account.identity()?.filter(|known| known.user.is_some() && known.refused_at.is_none())
        {
            return Ok(identity);
        }
        let identity = match self.client.current_user().await {
            Ok(user) => {
                Identity { user: Some(user.id), email: user.email.or(user.username), refused_at: None }
            }
            // A server that does not tell, or not this key: the key stands for its user.
            Err(failure) if failure.kind() == Kind::Failed || failure.is_right_missing() => {
                Identity::unnamed(&account.key)
            }
            Err(failure) => return Err(failure),
        };
        account.store().identities.of(&account.key).save_if_possible(&identity)?;
        Ok(identity)
    }

    /// Asks the server whose the key is, whatever was known before.
    pub async fn verify(&self) -> Result<Identity> {
        let account = &self.account;
        let asked = self.client.current_user().await;
        let user = match asked {
            Err(failure) if failure.is_right_missing() => {
                let known =
                    account.identity()?.filter(|known| known.is_named() && known.refused_at.is_none());
                if known.is_none() {
                    account
                        .store()
                        .identities
                        .of(&account.key)
                        .save_if_possible(&Identity::unnamed(&account.key))?;
                }
                account.store().backoffs.of(&account.key).clear();
                return Err(failure);
            }
            asked => asked?,
        };
        let identity =
            Identity { user: Some(user.id), email: user.email.or(user.username), refused_at: None };
        account.store().backoffs.of(&account.key).clear();
        account.store().identities.of(&account.key).save_if_possible(&identity)?;
        Ok(identity)
    }

    /// Like [`Self::verify`], given up after `limit`.
    pub async fn verify_within(&self, limit: Duration) -> Result<Identity> {
        tokio::time::timeout(limit, self.verify()).await.unwrap_or_else(|_| {
            let (host, limit) = (self.account.server.host(), format_duration(limit.as_secs()));
            Err(Failure::unavailable(format!("no answer from {host}{} within {limit}", self.client.via())))
        })
    }

    /// Deletes the snapshot and the lists of keys, and remembers that the key was refused; shells follow at once.
    pub(super) fn remember_refusal(&self, now: Timestamp) -> Result<()> {
        let account = &self.account;
        if let Some(id) = account.id() {
            account.store().snapshots.delete(&id)?;
            account.store().key_lists.delete(&id)?;
        }
        let known = account.identity().ok().flatten();
        let identity = Identity {
            user: known.as_ref().and_then(|known| known.user.clone()),
            email: known.and_then(|known| known.email),
            refused_at: Some(now),
        };
        account.store().identities.of(&account.key).save_if_possible(&identity)?;
        account.store().generation.publish(now).map(drop)
    }
}
