//! Changes to the account, written through to the snapshot so that every shell follows at once.

use super::intent::Intent;
use super::remote::Remote;
use super::turn::Turn;
use crate::account::local::Known;
use crate::domain::{
    Doubt, EnvName, Failure, Kind, Remembered, RememberedFrom, Result, Secret, ServerVariable, Snapshot,
    Timestamp,
};

/// What becomes of a value that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// It is remembered here, because the server may hide it from now on.
    Remembered,
    /// It is not kept here at all: shells have it once the server tells it.
    Nowhere,
}

/// What a change did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Changed {
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
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edit<'a> {
    Put(&'a Secret, Keeping),
    Remove,
}

/// A change that nobody else interferes with: its turn, its note, and what was known before.
struct Begun<'r, 'a> {
    /// The name as the account has it.
    saved: String,
    turn: Turn,
    intent: Intent<'r, 'a>,
    /// What the server showed of it before.
    before: Option<ServerVariable>,
}

impl<'a> Remote<'a> {
    /// Creates a variable.
    pub(crate) async fn create(&self, name: &EnvName, value: &Secret, keeping: Keeping) -> Result<Changed> {
        let edit = Edit::Put(value, keeping);
        let begun = self.begin(name.as_str(), edit).await?;
        let sent = self.client.create_secret(name, value).await.map_err(|error| match error.code() {
            Some("existing_key") => {
                error.hint(format!("change it with `vastenv update env-var {name}`, or use `set`"))
            }
            Some("max_secrets") => error
                .of_kind(Kind::AccountFull)
                .hint("delete one you do not need: `vastenv delete env-var NAME`"),
            _ => error,
        });
        self.written(begun, name.as_str(), edit, sent.map(|reply| (reply.message, true)))
    }

    /// Changes the value of a variable.
    pub(crate) async fn update(&self, name: &EnvName, value: &Secret, keeping: Keeping) -> Result<Changed> {
        let edit = Edit::Put(value, keeping);
        let begun = self.begin(name.as_str(), edit).await?;
        let sent = self.client.update_secret(name, value).await.map_err(|error| match error.code() {
            Some("nonexistent_key") => error.hint(format!("create it with `vastenv create env-var {name}`")),
            _ => error,
        });
        self.written(begun, name.as_str(), edit, sent.map(|reply| (reply.message, false)))
    }

    /// Creates a variable, or changes it if the account has it already.
    pub(crate) async fn set(&self, name: &EnvName, value: &Secret, keeping: Keeping) -> Result<Changed> {
        let edit = Edit::Put(value, keeping);
        let begun = self.begin(name.as_str(), edit).await?;
        let sent = if self.is_known(name) {
            self.update_or_create(name, value).await
        } else {
            self.create_or_update(name, value).await
        };
        self.written(begun, name.as_str(), edit, sent)
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

    /// Deletes a variable, whatever its name is.
    pub(crate) async fn delete(&self, name: &str) -> Result<Changed> {
        let begun = self.begin(name, Edit::Remove).await?;
        let sent = self.client.delete_secret(name).await.map_err(|error| match error.code() {
            Some("nonexistent_key") => error.hint("list the names: vastenv show env-vars"),
            _ => error,
        });
        self.written(begun, name, Edit::Remove, sent.map(|reply| (reply.message, false)))
    }

    /// Learns whose the key is where that matters, takes the turn and notes the change.
    async fn begin<'r>(&'r self, name: &str, edit: Edit<'_>) -> Result<Begun<'r, 'a>> {
        let (doubt, must_keep) = match edit {
            Edit::Put(_, keeping) => (Doubt::Put, keeping == Keeping::Remembered),
            Edit::Remove => (Doubt::Removal, false),
        };
        let account = &self.account;
        // A value is to be remembered, or an older one may be here: another key may have told of the account.
        let matters = must_keep || !account.store().disk.accounts().is_empty();
        if matters && account.id().is_none() && !self.only_shown {
            self.identify().await?;
        }
        let turn = self.change_turn().await;
        let known = match account.known() {
            Ok(Known::Variables(known)) => known.find(name).map(|variable| {
                let value = variable.shown().cloned();
                (variable.name.to_owned(), ServerVariable { value, changed_at: known.changed_at(&variable) })
            }),
            _ => None,
        };
        // A name that is new: the server saves it in capitals.
        let (saved, before) =
            known.map_or_else(|| (name.to_ascii_uppercase(), None), |(name, known)| (name, Some(known)));
        let intent = self.note_intent(&saved, doubt, must_keep)?;
        Ok(Begun { saved, turn, intent, before })
    }

    /// Keeps a refresh from overwriting what is about to change. A lock that cannot be had (its
    /// holder was stopped, say) holds up no change.
    pub(in crate::account) async fn change_turn(&self) -> Turn {
        if self.only_shown {
            return Turn::default();
        }
        self.await_turn().await.ok().flatten().unwrap_or_default()
    }

    fn is_known(&self, name: &EnvName) -> bool {
        matches!(self.account.known(), Ok(Known::Variables(known)) if known.find(name.as_str()).is_some())
    }

    /// Writes the end of a change through to the snapshot.
    fn written(
        &self,
        begun: Begun<'_, '_>,
        name: &str,
        edit: Edit<'_>,
        sent: Result<(String, bool)>,
    ) -> Result<Changed> {
        let Begun { saved, turn: _turn, intent, before } = begun;
        let (message, created) = match sent {
            Ok(answer) => answer,
            Err(failure) => {
                if may_be_done(&failure) {
                    intent.leave();
                    self.invalidate();
                }
                return Err(failure);
            }
        };
        let account = &self.account;
        let now = account.now();
        // First, as nobody can tell this value a second time.
        let mut remembered = self.remember_change(&saved, edit, before.as_ref(), now);
        // Where there is none yet, nobody needs one now: the first shell that looks has it fetched.
        let stored = account.id().and_then(|id| account.store().snapshots.load(&id).ok().flatten());
        let followed = stored.map_or(Ok(()), |snapshot| self.patch(snapshot, &saved, name, edit, now));
        let was_shown = before.is_some_and(|before| before.value.is_some());
        if (remembered.is_err() && edit != Edit::Remove) || (followed.is_err() && was_shown) {
            intent.leave();
        } else if let Err(failure) = intent.end() {
            remembered = Err(failure);
        }
        // Shells look again in any case, as the note counts too.
        let published = account.store().generation.publish(now).map(drop);
        let not_followed = followed.and(published).err();
        let (remembered, not_remembered) = match remembered {
            Ok(remembered) => (remembered, None),
            Err(failure) => (false, Some(failure)),
        };
        Ok(Changed { name: saved, message, created, not_followed, not_remembered, remembered })
    }

    /// Keeps what was sent, or notes that its variable is gone. Gives whether a value is remembered.
    fn remember_change(
        &self,
        name: &str,
        edit: Edit<'_>,
        before: Option<&ServerVariable>,
        now: Timestamp,
    ) -> Result<bool> {
        // Nothing to keep, and nothing older here.
        let Some(id) = self.account.id() else { return Ok(false) };
        if matches!(edit, Edit::Put(_, Keeping::Remembered)) {
            self.account.store().values.move_lost(&id)?;
        }
        self.account.store().values.edit(&id, |values| {
            match edit {
                Edit::Put(value, Keeping::Remembered) => {
                    values.insert(name.to_owned(), Remembered::new(value.clone(), RememberedFrom::Sent, now));
                }
                Edit::Put(_, Keeping::Nowhere) => {
                    // An older value would pass for this one.
                    values.remove(name);
                }
                Edit::Remove => {
                    // The snapshot loses it now: kept, so that a mistake can be undone.
                    if let Some(ServerVariable { value: Some(value), changed_at }) = before {
                        let known = || Remembered::new(value.clone(), RememberedFrom::Shown, *changed_at);
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

    /// Writes the change into the snapshot.
    fn patch(
        &self,
        mut snapshot: Snapshot,
        saved: &str,
        name: &str,
        edit: Edit<'_>,
        now: Timestamp,
    ) -> Result<()> {
        match edit {
            Edit::Put(_, keeping) => {
                snapshot.gone.remove(saved);
                // Only what the server tells is kept in the snapshot.
                snapshot.variables.insert(saved.to_owned(), ServerVariable { value: None, changed_at: now });
                // Who does not want it remembered waits for the server to tell it.
                snapshot.doubtful |= keeping == Keeping::Nowhere;
            }
            Edit::Remove => {
                snapshot.variables.remove(saved);
                snapshot.gone.insert(saved.to_owned());
            }
        }
        // Whether this server did change the letters' case, only its own list can tell.
        snapshot.doubtful |= saved != name;
        self.account.store().snapshots.save(&snapshot)
    }

    /// Makes the snapshot be fetched anew, because nobody knows what the account holds now; gives it as it was.
    pub(in crate::account) fn invalidate(&self) -> Option<Snapshot> {
        let account = &self.account;
        let snapshot = account.id().and_then(|id| account.store().snapshots.load(&id).ok().flatten())?;
        // Where this cannot be written, max_age bounds the doubt.
        let _ = account.store().snapshots.save(&Snapshot { doubtful: true, ..snapshot.clone() });
        let _ = account.store().generation.publish(account.now());
        Some(snapshot)
    }
}

/// Whether the server may have made the change that ended with `failure`.
pub(in crate::account) fn may_be_done(failure: &Failure) -> bool {
    failure.kind() == Kind::Ambiguous || (failure.status_code() >= 500 && failure.status_code() != 503)
}
