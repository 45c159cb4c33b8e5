//! Changes to the account, written through to the snapshot so that every shell follows at once.

use super::turn::Turn;
use super::{Known, Remote};
use crate::domain::{EnvName, Failure, Kind, Result, Secret, Timestamp};
use crate::store::{Means, Origin, Remembered, Snapshot, Variable};

/// What becomes of a value that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// It is remembered here, because the server may hide it from now on.
    Remembered,
    /// It is not kept here at all: shells have it once the server tells it.
    Nowhere,
}

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
    /// Why the value could not be remembered here (or marked as that of a deleted variable).
    pub not_remembered: Option<Failure>,
    /// Whether a value is remembered here, also one of a variable that is deleted by now.
    pub remembered: bool,
}

/// What to do to a variable.
#[derive(Clone, Copy)]
enum Edit<'a> {
    Put(&'a Secret, Keeping),
    Remove,
}

/// What became of a change on this machine.
struct Written {
    remembered: Result<bool>,
    followed: Result<()>,
}

impl Remote<'_> {
    /// Creates a variable.
    ///
    /// # Errors
    /// The server refused (the name is taken, say), or could not be asked.
    pub async fn create(&self, name: &EnvName, value: &Secret, keeping: Keeping) -> Result<Changed> {
        let turn = self.change_turn().await;
        let sent = self.client.create_secret(name, value).await.map_err(|error| match error.code() {
            Some("existing_key") => {
                error.hint(format!("change it with `vastenv update env-var {name}`, or use `set`"))
            }
            Some("max_secrets") => error
                .of_kind(Kind::AccountFull)
                .hint("delete a variable that nobody needs: `vastenv delete env-var NAME`"),
            _ => error,
        });
        self.written(turn, name, Edit::Put(value, keeping), sent.map(|reply| (reply.message, true))).await
    }

    /// Changes the value of a variable.
    ///
    /// # Errors
    /// The server refused (there is none of this name, say), or could not be asked.
    pub async fn update(&self, name: &EnvName, value: &Secret, keeping: Keeping) -> Result<Changed> {
        let turn = self.change_turn().await;
        let sent = self.client.update_secret(name, value).await.map_err(|error| match error.code() {
            Some("nonexistent_key") => error.hint(format!("create it with `vastenv create env-var {name}`")),
            _ => error,
        });
        self.written(turn, name, Edit::Put(value, keeping), sent.map(|reply| (reply.message, false))).await
    }

    /// Creates a variable, or changes it if the account has it already.
    ///
    /// # Errors
    /// The server refused or could not be asked.
    pub async fn set(&self, name: &EnvName, value: &Secret, keeping: Keeping) -> Result<Changed> {
        let turn = self.change_turn().await;
        let sent = if self.is_known(name) {
            self.update_or_create(name, value).await
        } else {
            self.create_or_update(name, value).await
        };
        self.written(turn, name, Edit::Put(value, keeping), sent).await
    }

    async fn update_or_create(&self, name: &EnvName, value: &Secret) -> Result<(String, bool)> {
        match self.client.update_secret(name, value).await {
            Err(error) if error.code() == Some("nonexistent_key") => {
                self.client.create_secret(name, value).await.map(|reply| (reply.message, true))
            }
            other => other.map(|reply| (reply.message, false)),
        }
    }

    async fn create_or_update(&self, name: &EnvName, value: &Secret) -> Result<(String, bool)> {
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
            Some("nonexistent_key") => error.hint("see the names with `vastenv show env-vars`"),
            _ => error,
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
                let written = self.write_through(turn, name, edit).await;
                let (remembered, not_remembered) = match written.remembered {
                    Ok(remembered) => (remembered, None),
                    Err(failure) => (false, Some(failure)),
                };
                let not_followed = written.followed.err();
                let name = saved_name(name);
                Ok(Changed { name, message, created, not_followed, not_remembered, remembered })
            }
            Err(failure) => {
                if failure.kind() == Kind::Ambiguous {
                    self.invalidate();
                }
                Err(failure)
            }
        }
    }

    async fn write_through(&self, mut turn: Turn, name: &EnvName, edit: Edit<'_>) -> Written {
        let account = &self.account;
        let snapshot = match account.known() {
            Ok(Known::Snapshot(snapshot)) => Ok(*snapshot),
            // Nothing to patch yet: the first snapshot is fetched. Its values may be masked, so what
            // was sent is patched in all the same.
            _ => self.ask(&mut turn).await.map(|refreshed| refreshed.snapshot),
        };
        let now = (account.now)();
        // First, as nobody can tell this value a second time.
        let before = snapshot.as_ref().ok().and_then(|snapshot| snapshot.variables.get(&saved_name(name)));
        let remembered = self.remember_change(&saved_name(name), edit, before, now);
        if remembered.is_err() && matches!(edit, Edit::Put(..)) {
            self.supersede(&saved_name(name));
        }
        let followed = snapshot.and_then(|snapshot| self.patch(snapshot, name, edit, now));
        Written { remembered, followed }
    }

    /// Keeps what was sent, or notes that its variable is gone. Gives whether a value is remembered.
    fn remember_change(
        &self,
        name: &str,
        edit: Edit<'_>,
        before: Option<&Variable>,
        now: Timestamp,
    ) -> Result<bool> {
        let Some(id) = self.account.id() else {
            return Err(Failure::unavailable("whose the key is could not be found out"));
        };
        if matches!(edit, Edit::Put(_, Keeping::Remembered)) {
            self.account.store.set_lost_values_aside(&id)?;
        }
        self.account.store.edit_values(&id, |values| {
            match edit {
                Edit::Put(value, Keeping::Remembered) => {
                    values.insert(name.to_owned(), Remembered::new(value.clone(), Means::Sent, now));
                }
                Edit::Put(_, Keeping::Nowhere) => {
                    // An older value would pass for this one.
                    values.remove(name);
                }
                Edit::Remove => {
                    // The snapshot loses it now: kept, so that a mistake can be undone.
                    if let Some(Variable { value: Some(value), changed_at, .. }) = before {
                        let known = || Remembered::new(value.clone(), Means::Told, *changed_at);
                        values.entry(name.to_owned()).or_insert_with(known);
                    }
                    if let Some(remembered) = values.get_mut(name) {
                        remembered.gone_at.get_or_insert(now);
                    }
                }
            }
            Ok(values.contains_key(name))
        })
    }

    /// What is remembered of `name` would pass for the new value from now on.
    fn supersede(&self, name: &str) {
        if let Some(id) = self.account.id() {
            // Where not even this can be written, the warning is all that tells.
            let _ = self.account.store.supersede(&id, name);
            let _ = self.account.store.publish_generation((self.account.now)());
        }
    }

    /// Writes the change into the snapshot, and lets every shell follow.
    fn patch(&self, mut snapshot: Snapshot, name: &EnvName, edit: Edit<'_>, now: Timestamp) -> Result<()> {
        let saved = saved_name(name);
        match edit {
            Edit::Put(value, keeping) => {
                // Only what the server tells is kept in the snapshot; until then it is unknown there.
                let value = (keeping == Keeping::Remembered).then(|| value.clone());
                let variable = Variable { value, origin: Origin::Local, changed_at: now, edition: None };
                snapshot.variables.insert(saved, variable);
                // Who does not want it remembered waits for the server to tell it.
                snapshot.doubtful |= keeping == Keeping::Nowhere;
            }
            Edit::Remove => {
                snapshot.variables.remove(&saved);
            }
        }
        if saved_name(name) != name.as_str() {
            // Whether this server did change the letters' case, only its own list can tell.
            snapshot.doubtful = true;
        }
        self.account.store.save_snapshot(&snapshot)?;
        self.account.store.publish_generation(now).map(drop)
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
