//! Changes to the account, written through to the snapshot so that every shell follows at once.

use super::turn::Turn;
use super::{Known, Remote};
use crate::api::ApiError;
use crate::domain::{EnvName, Failure, Kind, Result, Secret};
use crate::store::{Origin, Variable};

/// What a change did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The name as the account has it now.
    pub name: String,
    /// The server's own words.
    pub message: String,
    /// Whether the variable is new (and not one that had another value).
    pub created: bool,
    /// Why shells will follow later than at their next prompt, if the change could not be written
    /// through here.
    pub not_followed: Option<Failure>,
}

/// What to do to a variable.
#[derive(Clone, Copy)]
enum Edit<'a> {
    Put(&'a Secret),
    Remove,
}

impl Remote<'_> {
    /// Creates a variable.
    ///
    /// # Errors
    /// The server refused (the name is taken, say), or could not be asked.
    pub async fn create(&self, name: &EnvName, value: &Secret) -> Result<Changed> {
        let turn = self.change_turn().await;
        let sent = self.client.create_secret(name, value).await.map_err(|error| match error.code() {
            Some("existing_key") => Failure::from(error)
                .hint(format!("change it with `vastenv update env-var {name}`, or use `set`")),
            Some("max_secrets") => Failure::from(error)
                .of_kind(Kind::AccountFull)
                .hint("delete a variable that nobody needs: `vastenv delete env-var NAME`"),
            _ => error.into(),
        });
        self.written(turn, name, Edit::Put(value), sent.map(|reply| (reply.message, true))).await
    }

    /// Changes the value of a variable.
    ///
    /// # Errors
    /// The server refused (there is none of this name, say), or could not be asked.
    pub async fn update(&self, name: &EnvName, value: &Secret) -> Result<Changed> {
        let turn = self.change_turn().await;
        let sent = self.client.update_secret(name, value).await.map_err(|error| match error.code() {
            Some("nonexistent_key") => {
                Failure::from(error).hint(format!("create it with `vastenv create env-var {name}`"))
            }
            _ => error.into(),
        });
        self.written(turn, name, Edit::Put(value), sent.map(|reply| (reply.message, false))).await
    }

    /// Creates a variable, or changes it if the account has it already.
    ///
    /// # Errors
    /// The server refused or could not be asked.
    pub async fn set(&self, name: &EnvName, value: &Secret) -> Result<Changed> {
        let turn = self.change_turn().await;
        let sent = if self.is_known(name) {
            self.update_or_create(name, value).await
        } else {
            self.create_or_update(name, value).await
        };
        self.written(turn, name, Edit::Put(value), sent.map_err(Failure::from)).await
    }

    async fn update_or_create(
        &self,
        name: &EnvName,
        value: &Secret,
    ) -> std::result::Result<(String, bool), ApiError> {
        match self.client.update_secret(name, value).await {
            Err(error) if error.code() == Some("nonexistent_key") => {
                self.client.create_secret(name, value).await.map(|reply| (reply.message, true))
            }
            other => other.map(|reply| (reply.message, false)),
        }
    }

    async fn create_or_update(
        &self,
        name: &EnvName,
        value: &Secret,
    ) -> std::result::Result<(String, bool), ApiError> {
        match self.client.create_secret(name, value).await {
            Err(error) if error.code() == Some("existing_key") => {
                self.client.update_secret(name, value).await.map(|reply| (reply.message, false))
            }
            other => other.map(|reply| (reply.message, true)),
        }
    }

    /// Deletes a variable.
    ///
    /// # Errors
    /// The server refused (there is none of this name, say), or could not be asked.
    pub async fn delete(&self, name: &EnvName) -> Result<Changed> {
        let turn = self.change_turn().await;
        let sent = self.client.delete_secret(name.as_str()).await.map_err(|error| match error.code() {
            Some("nonexistent_key") => {
                Failure::from(error).hint("see the names with `vastenv show env-vars`")
            }
            _ => error.into(),
        });
        self.written(turn, name, Edit::Remove, sent.map(|reply| (reply.message, false))).await
    }

    /// Keeps a refresh from overwriting what is about to change. A lock that cannot be had (its
    /// holder was stopped, say) holds up no change.
    async fn change_turn(&self) -> Turn {
        if self.only_shown {
            return Turn::default();
        }
        self.await_turn().await.ok().flatten().unwrap_or_default()
    }

    fn is_known(&self, name: &EnvName) -> bool {
        matches!(self.account.known(), Ok(Known::Snapshot(snapshot)) if snapshot.variables.contains_key(&saved_name(name)))
    }

    /// Writes the end of a change through to the snapshot.
    async fn written(
        &self,
        turn: Turn,
        name: &EnvName,
        edit: Edit<'_>,
        sent: Result<(String, bool)>,
    ) -> Result<Changed> {
        match sent {
            Ok((message, created)) => {
                let not_followed = self.write_through(turn, name, edit).await.err();
                Ok(Changed { name: saved_name(name), message, created, not_followed })
            }
            Err(failure) => {
                if failure.kind() == Kind::Ambiguous {
                    self.invalidate();
                }
                Err(failure)
            }
        }
    }

    async fn write_through(&self, mut turn: Turn, name: &EnvName, edit: Edit<'_>) -> Result<()> {
        let account = &self.account;
        let mut snapshot = match account.known() {
            Ok(Known::Snapshot(snapshot)) => *snapshot,
            // Nothing to patch yet: the first snapshot is fetched. Its values may be masked, so what
            // was sent is patched in all the same.
            _ => self.ask(&mut turn).await?.snapshot,
        };
        let now = (account.now)();
        let saved = saved_name(name);
        match edit {
            Edit::Put(value) => {
                let value = Some(value.clone());
                snapshot.variables.insert(saved, Variable { value, origin: Origin::Local, changed_at: now });
            }
            Edit::Remove => {
                snapshot.variables.remove(&saved);
            }
        }
        if saved_name(name) != name.as_str() {
            // Whether this server did change the letters' case, only its own list can tell.
            snapshot.doubtful = true;
        }
        account.store.save_snapshot(&snapshot)?;
        account.store.publish_generation(now).map(drop)
    }

    /// Makes the snapshot be fetched anew, because nobody knows what the account holds now.
    pub(super) fn invalidate(&self) {
        if let Ok(Known::Snapshot(mut snapshot)) = self.account.known() {
            snapshot.doubtful = true;
            // Where this cannot be written, max_age bounds the doubt.
            let _ = self.account.store.save_snapshot(&snapshot);
            let _ = self.account.store.publish_generation((self.account.now)());
        }
    }
}

/// The name as the server saves it: upper-cased.
fn saved_name(name: &EnvName) -> String {
    name.as_str().to_ascii_uppercase()
}
