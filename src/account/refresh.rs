//! Asking the server what the account holds: once at a time.

use std::collections::BTreeMap;
use std::time::Duration;

use super::reconcile::{hide_changed, reconcile, settle};
use super::turn::Turn;
use super::{Known, Remote};
use crate::api::Listed;
use crate::domain::{AccountId, Failure, Kind, Remedy, Result, Secret, Timestamp, format_duration};
use crate::store::{Identity, Origin, Remembered, Snapshot, Values, Version};

/// Who wants the refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Nobody waits: give up where somebody else is at it, a back-off holds, or the snapshot is fresh.
    Background,
    /// Somebody needs an answer: one that another process got in the last seconds will do.
    Needed,
    /// The user asked for it: the server is asked, and the back-off ends.
    Asked,
}

/// Seconds for which an answer serves all who [need](Urgency::Needed) one: shells that start at once.
const RECENT: u64 = 5;

/// Whether a refresh needs the server.
enum Enough {
    /// It does.
    No,
    /// The snapshot will do.
    Known(Box<Snapshot>),
    /// Nobody needs anything.
    Nothing,
}

/// The outcome of a refresh.
#[derive(Debug)]
pub struct Refreshed {
    /// What the account holds.
    pub snapshot: Snapshot,
    /// Names that are new since the last snapshot.
    pub added: Vec<String>,
    /// Names with another value.
    pub changed: Vec<String>,
    /// Names that are gone.
    pub removed: Vec<String>,
    /// Names whose remembered values may not be the account's any more, as of this answer.
    pub outdated: Vec<String>,
    /// Why the snapshot could not be kept, if that is so: it is only known to this process.
    pub unsaved: Option<Failure>,
}

impl Remote<'_> {
    /// Brings the snapshot up to date. `None` only for [`Urgency::Background`], when there was
    /// nothing to do.
    ///
    /// # Errors
    /// The server could not be asked or refused; the old snapshot stays, unless the key itself was
    /// refused: then it is deleted.
    pub async fn refresh(&self, urgency: Urgency) -> Result<Option<Refreshed>> {
        if self.only_shown {
            // Not even whose key it is would be asked.
            return self.client.secrets().await.map(|_| None);
        }
        let Some(mut turn) = self.turn_for(urgency).await? else { return Ok(None) };
        let before = self.before()?;
        match self.is_enough(urgency, before.as_ref()) {
            Enough::Nothing => return Ok(None),
            Enough::Known(snapshot) => return Ok(Some(Refreshed::unasked(*snapshot))),
            Enough::No => {}
        }
        match self.ask(&mut turn).await {
            Ok(Refreshed { unsaved: Some(failure), .. }) if urgency == Urgency::Background => {
                self.note_failure(&failure);
                Err(failure)
            }
            Ok(refreshed) => {
                let store = self.account.store;
                // What cannot be written may be another user's, and is not ours to clear up.
                if store.is_kept() {
                    store.backoff(&self.account.key).clear();
                    // Values that still cannot be read, or do not fit, are no news.
                    let lasting = if refreshed.snapshot.unread.is_some() {
                        &["unfit", "values", "keyring"][..]
                    } else {
                        &["unfit"]
                    };
                    store.forget_told(lasting);
                    store.sweep_sessions();
                    store.sweep_leftovers();
                }
                Ok(Some(refreshed))
            }
            Err(failure) => {
                self.note_failure(&failure);
                Err(failure)
            }
        }
    }

    /// Like [`Self::refresh`], given up after `limit`.
    pub async fn refresh_within(&self, urgency: Urgency, limit: Duration) -> Result<Option<Refreshed>> {
        tokio::time::timeout(limit, self.refresh(urgency)).await.unwrap_or_else(|_| {
            let (host, limit) = (self.account.server.host(), format_duration(limit.as_secs()));
            let failure =
                Failure::unavailable(format!("no answer from {host}{} within {limit}", self.client.via()))
                    .hint("check the network, or the address given with --url or VAST_URL");
            self.note_failure(&failure);
            Err(failure)
        })
    }

    async fn turn_for(&self, urgency: Urgency) -> Result<Option<Turn>> {
        if urgency == Urgency::Background {
            let waiting =
                self.account.backoff().is_some_and(|backoff| backoff.wait((self.account.now)()) > 0);
            return if waiting { Ok(None) } else { self.take_turn() };
        }
        match self.await_turn().await? {
            Some(turn) => Ok(Some(turn)),
            None => Err(self.kept_waiting()),
        }
    }

    fn kept_waiting(&self) -> Failure {
        self.account.store.held_too_long(&self.account.lock_name())
    }

    /// The snapshot so far. A damaged one counts as none: it is about to be replaced.
    fn before(&self) -> Result<Option<Snapshot>> {
        match self.account.known() {
            Ok(Known::Snapshot(snapshot)) => Ok(Some(*snapshot)),
            Ok(Known::Refused(_) | Known::Nothing) => Ok(None),
            Err(failure) if failure.kind() == Kind::Unavailable => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Whether there is no need to ask.
    fn is_enough(&self, urgency: Urgency, before: Option<&Snapshot>) -> Enough {
        let Some(snapshot) = before else { return Enough::No };
        let just_asked = (self.account.now)().since(snapshot.fetched_at).is_some_and(|age| age < RECENT);
        match urgency {
            // Even in doubt, nobody waits: the next shell that asks is soon enough.
            Urgency::Background if just_asked || self.account.is_fresh(snapshot) => Enough::Nothing,
            Urgency::Needed if just_asked && !snapshot.doubtful => Enough::Known(Box::new(snapshot.clone())),
            _ => Enough::No,
        }
    }

    /// Asks the server and keeps the answer. Whoever calls this has taken the turn.
    async fn ask(&self, turn: &mut Turn) -> Result<Refreshed> {
        let account = &self.account;
        let was_known = account.id().is_some();
        let identity = self.identify().await?;
        if !self.complete(turn).await? {
            return Err(self.kept_waiting());
        }
        let before = self.before()?;
        let Listed { variables, odd } = self.client.secrets().await?;
        account.store.note(odd);
        let refreshed = self.keep(variables, before.as_ref(), identity)?;
        if !was_known && before.is_some() {
            // Another key told of the account already. To shells it is news whose this one is.
            self.publish(refreshed.snapshot.fetched_at)?;
        }
        Ok(refreshed)
    }

    /// Keeps what the server said: what it hides with the remembered values, the rest as a snapshot.
    fn keep(
        &self,
        said: BTreeMap<String, Option<Secret>>,
        before: Option<&Snapshot>,
        identity: Identity,
    ) -> Result<Refreshed> {
        let account = &self.account;
        let user = identity.user.or(Identity::unnamed(&account.key).user).unwrap_or_default();
        let fetched_at = (account.now)();
        let id = AccountId::new(&account.server, &user);
        let changes = account.store.changes(&id);
        let readable = changes.as_ref().map_err(Clone::clone).map(drop);
        let edit = |values: &mut Values| {
            let variables = reconcile(said.clone(), before, values, fetched_at);
            let is_news = |value: &Remembered| value.made_anew_at == Some(fetched_at);
            let news = values.iter().filter(|(_, value)| is_news(value)).map(|(name, _)| name.clone());
            Ok((variables, news.collect()))
        };
        let remembered = readable.and_then(|()| account.store.try_to_edit_values(&id, edit));
        // A snapshot without the values that only the server told so far would lose them.
        let mut keeps = true;
        let (mut variables, outdated, unread) = match remembered {
            Ok(((variables, outdated), Ok(()))) => (variables, outdated, None),
            Ok(((variables, outdated), Err(failure))) if account.store.go_without(&failure) => {
                keeps = false;
                (variables, outdated, None)
            }
            Ok((_, Err(failure))) | Err(failure) => {
                let variables = reconcile(said, before, &mut Values::new(), fetched_at);
                if variables.values().any(|variable| variable.origin == Origin::Local) {
                    // The snapshot has what the server hides from now on, and nothing else has it.
                    return Err(failure);
                }
                let is_missing = variables.values().any(|variable| variable.value.is_none());
                (variables, Vec::new(), is_missing.then_some(failure))
            }
        };
        let mut changes = changes.unwrap_or_default();
        settle(&mut changes, &variables);
        hide_changed(&mut variables, &changes);
        let snapshot = Snapshot {
            version: Version,
            server: account.server.clone(),
            user,
            email: identity.email,
            fetched_at,
            doubtful: false,
            variables,
            unread,
        };
        let refreshed = Refreshed { outdated, ..Refreshed::compare(before, snapshot) };
        if !keeps {
            return Ok(refreshed);
        }
        if let Err(failure) = account.store.save_snapshot(&refreshed.snapshot) {
            // Without the keyring it cannot be sealed, and is never written in clear.
            if account.store.vault().trouble().is_some() {
                return Ok(Refreshed { unsaved: Some(failure), ..refreshed });
            }
            return if account.store.go_without(&failure) { Ok(refreshed) } else { Err(failure) };
        }
        // What stays noted hides a value until the next answer.
        let _ = account.store.edit_changes(&id, |changes| settle(changes, &refreshed.snapshot.variables));
        if before.is_none() || refreshed.differs() {
            self.publish(fetched_at)?;
        }
        Ok(refreshed)
    }

    fn publish(&self, now: Timestamp) -> Result<()> {
        match self.account.store.publish_generation(now) {
            Err(failure) if !self.account.store.go_without(&failure) => Err(failure),
            _ => Ok(()),
        }
    }

    /// Whose the key is: asked once for each key, then remembered.
    pub(super) async fn identify(&self) -> Result<Identity> {
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
        account.store.save_identity(&account.key, &identity)?;
        Ok(identity)
    }

    /// Remembers a failure: a refused key is the server's word, anything else is only a wait.
    fn note_failure(&self, failure: &Failure) {
        let account = &self.account;
        let now = (account.now)();
        // Where this cannot be written down, the failure itself is what the user must hear of.
        let _ = match failure.kind() {
            // The session's end is not the account's: the API key comes next.
            Kind::SessionOver if account.is_session() => Ok(()),
            _ if failure.is_refusal() => {
                account.store.backoff(&account.key).clear();
                self.remember_refusal(now)
            }
            _ => account.store.backoff(&account.key).record(&with_right(failure), now).map(drop),
        };
    }

    /// Deletes the snapshot and the lists of keys, and remembers that the key was refused; shells follow at once.
    pub(super) fn remember_refusal(&self, now: Timestamp) -> Result<()> {
        let account = &self.account;
        if let Some(id) = account.id() {
            account.store.delete_snapshot(&id)?;
            account.store.delete_lists(&id)?;
        }
        let known = account.identity().ok().flatten();
        let identity = Identity {
            user: known.as_ref().and_then(|known| known.user.clone()),
            email: known.and_then(|known| known.email),
            refused_at: Some(now),
        };
        account.store.save_identity(&account.key, &identity)?;
        account.store.publish_generation(now).map(drop)
    }
}

/// The failure with the missing right in its message, where the server did not name it.
fn with_right(failure: &Failure) -> Failure {
    let message = failure.message();
    match failure.remedy() {
        Some(Remedy::GrantRights { missing, .. })
            if missing.rsplit(' ').next().is_some_and(|right| !message.contains(right)) =>
        {
            let message = format!("{message} (the key lacks {missing})");
            Failure::new(failure.kind(), message).status(failure.status_code())
        }
        _ => failure.clone(),
    }
}

impl Refreshed {
    fn unasked(snapshot: Snapshot) -> Self {
        let (added, changed, removed) = (Vec::new(), Vec::new(), Vec::new());
        Self { snapshot, added, changed, removed, outdated: Vec::new(), unsaved: None }
    }

    fn compare(before: Option<&Snapshot>, snapshot: Snapshot) -> Self {
        let empty = BTreeMap::new();
        let old = before.map_or(&empty, |before| &before.variables);
        let new = &snapshot.variables;
        let names = |names: Vec<&String>| names.into_iter().cloned().collect::<Vec<_>>();
        let added = names(new.keys().filter(|name| !old.contains_key(*name)).collect());
        let removed = names(old.keys().filter(|name| !new.contains_key(*name)).collect());
        let differs = |name: &&String| old.get(*name).is_some_and(|was| was.value != new[*name].value);
        let changed = names(new.keys().filter(differs).collect());
        Self { snapshot, added, changed, removed, outdated: Vec::new(), unsaved: None }
    }

    /// Whether the variables are other ones than before.
    pub fn differs(&self) -> bool {
        !(self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ServerUrl;
    use crate::store::{Origin, Variable};

    fn snapshot(variables: &[(&str, Option<&str>)]) -> Snapshot {
        let variable = |value: Option<&str>| Variable {
            value: value.map(Secret::new),
            origin: Origin::Account,
            changed_at: Timestamp(1),
        };
        Snapshot {
            version: Version,
            server: ServerUrl::default(),
            user: "1".into(),
            email: None,
            fetched_at: Timestamp(1),
            doubtful: false,
            variables: variables.iter().map(|(name, value)| ((*name).to_owned(), variable(*value))).collect(),
            unread: None,
        }
    }

    #[test]
    fn changes_are_named() {
        let before = snapshot(&[("GONE", Some("1")), ("SAME", Some("1")), ("OTHER", Some("1"))]);
        let after = snapshot(&[("NEW", Some("1")), ("SAME", Some("1")), ("OTHER", Some("2"))]);
        let refreshed = Refreshed::compare(Some(&before), after.clone());
        assert_eq!(
            (refreshed.added.as_slice(), refreshed.changed.as_slice(), refreshed.removed.as_slice()),
            (["NEW".to_owned()].as_slice(), ["OTHER".to_owned()].as_slice(), ["GONE".to_owned()].as_slice())
        );
        assert!(!Refreshed::compare(Some(&after), after.clone()).differs());
    }
}
