//! Whose a key is, and that it was refused.

use std::time::Duration;

use super::remote::Remote;
use crate::domain::{Identity, Kind, Result, Timestamp};

impl Remote<'_> {
    /// Whose the key is: asked once for each key, then remembered.
    pub(in crate::account) async fn identify(&self) -> Result<Identity> {
        let account = &self.account;
        if let Some(identity) =
            account.identity()?.filter(|known| known.user.is_some() && known.refused_at.is_none())
        {
            account.note_last_key();
            return Ok(identity);
        }
        let identity = match self.ask_user().await {
            Ok(identity) => identity,
            // A server that does not tell, or not this key: the key stands for its user.
            Err(failure) if failure.kind() == Kind::Failed || failure.is_right_missing() => {
                Identity::unnamed(&account.key())
            }
            Err(failure) => return Err(failure),
        };
        account.save_identity(&identity)?;
        Ok(identity)
    }

    async fn ask_user(&self) -> Result<Identity> {
        let user = self.client.current_user().await?;
        Ok(Identity { user: Some(user.id), email: user.email.or(user.username), refused_at: None })
    }

    /// Asks the server whose the key is, whatever was known before.
    pub(crate) async fn verify(&self) -> Result<Identity> {
        let account = &self.account;
        let asked = self.ask_user().await;
        let identity = match &asked {
            Ok(identity) => Some(identity.clone()),
            Err(failure) if failure.is_right_missing() => {
                let known =
                    account.identity()?.filter(|known| known.is_named() && known.refused_at.is_none());
                known.is_none().then(|| Identity::unnamed(&account.key()))
            }
            Err(_) => return asked,
        };
        account.store().backoffs.of(&account.key()).clear();
        identity.map_or(Ok(()), |identity| account.save_identity(&identity))?;
        asked
    }

    /// Like [`Self::verify`], given up after `limit`.
    pub(crate) async fn verify_within(&self, limit: Duration) -> Result<Identity> {
        tokio::time::timeout(limit, self.verify()).await.unwrap_or_else(|_| Err(self.no_answer_within(limit)))
    }

    /// Deletes the snapshot and the lists of keys, and remembers that the key was refused; shells follow at once.
    pub(super) fn remember_refusal(&self, now: Timestamp) -> Result<()> {
        let account = &self.account;
        if let Some(id) = account.id() {
            account.store().snapshots.delete(&id)?;
            account.store().lists.delete(&id)?;
        }
        let known = account.identity().ok().flatten();
        let (user, email) = known.map_or((None, None), |known| (known.user, known.email));
        let identity = Identity { user, email, refused_at: Some(now) };
        account.save_identity(&identity)?;
        account.store().generation.publish(now).map(drop)
    }
}
