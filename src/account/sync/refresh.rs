//! Asking the server what the account holds: once at a time.

use std::collections::BTreeSet;
use std::time::Duration;

use super::reconcile::{Said, reconcile, settle};
use super::remote::Remote;
use super::turn::Turn;
use crate::account::local::{Known, RECENT};
use crate::api::Listed;
use crate::domain::{
    AccountId, Doubts, Failure, Identity, Kind, Remedy, Remembered, Result, Snapshot, Timestamp, Values,
    Version,
};
use crate::environment::KnownVariables;

/// Who wants the refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// Nobody waits: give up where somebody else is at it, a back-off holds, or the snapshot is fresh.
    Background,
    /// Somebody needs an answer: one that another process got in the last seconds will do.
    Needed,
    /// The user asked for it: the server is asked, and the back-off ends.
    Asked,
}

/// The outcome of a refresh.
#[derive(Debug)]
pub(crate) struct Refreshed {
    /// What the account holds.
    pub known: KnownVariables,
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
    pub(crate) async fn refresh(&self, urgency: Urgency) -> Result<Option<Refreshed>> {
        if self.only_shown {
            // Not even whose key it is would be asked.
            return self.client.secrets().await.map(|_| None);
        }
        let Some(mut turn) = self.turn_for(urgency).await? else { return Ok(None) };
        if let Some(before) = self.before()? {
            let age = self.account.now().since(before.snapshot.fetched_at);
            let just_asked = age.is_some_and(|age| age < RECENT);
            match urgency {
                // Even in doubt, nobody waits: the next shell that asks is soon enough.
                Urgency::Background if just_asked || self.account.is_fresh(&before) => return Ok(None),
                Urgency::Needed if just_asked && !before.is_doubtful() => {
                    return Ok(Some(Refreshed::unasked(before)));
                }
                _ => {}
            }
        }
        match self.ask(&mut turn).await {
            Ok(Refreshed { unsaved: Some(failure), .. }) if urgency == Urgency::Background => {
                self.note_failure(&failure);
                Err(failure)
            }
            Ok(refreshed) => {
                let store = self.account.store();
                // What cannot be written may be another user's, and is not ours to clear up.
                if store.disk.is_kept() {
                    store.backoffs.of(&self.account.key()).clear();
                    // Values that still cannot be read, or do not fit, are no news; nor are the settings.
                    let lasting = if refreshed.known.unread.is_some() {
                        &["unfit", "run-only", "selected", "values", "keyring"][..]
                    } else {
                        &["unfit", "run-only", "selected"]
                    };
                    store.notices.forget(lasting);
                    store.sessions.sweep();
                    if store.stamps.sweep(self.account.now()) {
                        // A shell that is not told keeps comparing with less, until it loads.
                        let _ = store.generation.publish(self.account.now());
                    }
                    store.disk.sweep_leftovers();
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
    pub(crate) async fn refresh_within(
        &self,
        urgency: Urgency,
        limit: Duration,
    ) -> Result<Option<Refreshed>> {
        tokio::time::timeout(limit, self.refresh(urgency)).await.unwrap_or_else(|_| {
            let failure = self
                .no_answer_within(limit)
                .hint("check the network, or the address given with --url or VAST_URL");
            self.note_failure(&failure);
            Err(failure)
        })
    }

    async fn turn_for(&self, urgency: Urgency) -> Result<Option<Turn>> {
        if urgency == Urgency::Background {
            let waiting = self.account.backoff().is_some_and(|backoff| backoff.wait(self.account.now()) > 0);
            return if waiting { Ok(None) } else { self.take_turn() };
        }
        match self.await_turn().await? {
            Some(turn) => Ok(Some(turn)),
            None => Err(self.kept_waiting()),
        }
    }

    fn kept_waiting(&self) -> Failure {
        self.account.store().disk.held_too_long(&self.account.lock_name())
    }

    /// What is known so far. A damaged snapshot counts as none: it is about to be replaced.
    fn before(&self) -> Result<Option<KnownVariables>> {
        match self.account.known() {
            Ok(Known::Variables(known)) => Ok(Some(*known)),
            Ok(Known::Refused(_) | Known::Nothing) => Ok(None),
            Err(failure) if failure.kind() == Kind::Unavailable => Ok(None),
            Err(failure) => Err(failure),
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
        account.store().disk.note(odd);
        let refreshed = self.keep(variables, before.as_ref(), identity)?;
        if !was_known && before.is_some() {
            // Another key told of the account already. To shells it is news whose this one is.
            self.publish(refreshed.known.snapshot.fetched_at)?;
        }
        Ok(refreshed)
    }

    /// Keeps what the server said: what it hides with the remembered values, the rest as a snapshot.
    fn keep(&self, said: Said, before: Option<&KnownVariables>, identity: Identity) -> Result<Refreshed> {
        let account = &self.account;
        let user = identity.user.or(Identity::unnamed(&account.key()).user).unwrap_or_default();
        let fetched_at = account.now();
        let id = AccountId::new(&account.server, &user);
        let changes = account.store().changes.load(&id);
        let readable = changes.as_ref().map_err(Clone::clone).map(drop);
        let edit = |values: &mut Values| {
            let variables = reconcile(said.clone(), before, values, fetched_at);
            Ok((variables, values.clone()))
        };
        let remembered = readable.and_then(|()| account.store().values.try_to_edit(&id, edit));
        // A snapshot without the values that only the server told so far would lose them.
        let mut keeps = true;
        let (variables, remembered, unread) = match remembered {
            Ok(((variables, remembered), Ok(()))) => (variables, remembered, None),
            Ok(((variables, remembered), Err(failure))) if account.store().disk.go_without(&failure) => {
                keeps = false;
                (variables, remembered, None)
            }
            Ok((_, Err(failure))) | Err(failure) => {
                let variables = reconcile(said, before, &mut Values::new(), fetched_at);
                let is_hidden = |name: &str| variables.get(name).is_some_and(|now| now.value.is_none());
                let mut known = before.into_iter().flat_map(KnownVariables::iter);
                if known.any(|was| was.account_value().is_some() && is_hidden(was.name)) {
                    // The snapshot has what the server hides from now on, and nothing else has it.
                    return Err(failure);
                }
                let is_missing = variables.values().any(|variable| variable.value.is_none());
                (variables, Values::new(), is_missing.then_some(failure))
            }
        };
        let mut doubts = changes.unwrap_or_default();
        settle(&mut doubts, &variables);
        let mut snapshot = Snapshot {
            version: Version,
            server: account.server.clone(),
            user,
            email: identity.email,
            fetched_at,
            doubtful: false,
            variables,
            gone: BTreeSet::new(),
        };
        if let Some(before) = before.map(|before| &before.snapshot).filter(|before| before.account() == id) {
            snapshot.note_gone(before);
        }
        let launch = account.launch();
        let known = KnownVariables { snapshot, remembered, doubts, launch, unread };
        let refreshed = Refreshed::compare(before, known);
        if !keeps {
            return Ok(refreshed);
        }
        if let Err(failure) = account.store().snapshots.save(&refreshed.known.snapshot) {
            // Without the keyring it cannot be sealed, and is never written in clear.
            if account.store().sealing.vault.trouble().is_some() {
                return Ok(Refreshed { unsaved: Some(failure), ..refreshed });
            }
            return if account.store().disk.go_without(&failure) { Ok(refreshed) } else { Err(failure) };
        }
        // What stays noted hides a value until the next answer.
        let settle = |changes: &mut Doubts| settle(changes, &refreshed.known.snapshot.variables);
        let _ = account.store().changes.edit(&id, settle);
        if before.is_none() || refreshed.differs() {
            self.publish(fetched_at)?;
        }
        Ok(refreshed)
    }

    fn publish(&self, now: Timestamp) -> Result<()> {
        match self.account.store().generation.publish(now) {
            Err(failure) if !self.account.store().disk.go_without(&failure) => Err(failure),
            _ => Ok(()),
        }
    }

    /// Remembers a failure: a refused key is the server's word, anything else is only a wait.
    fn note_failure(&self, failure: &Failure) {
        let account = &self.account;
        let now = account.now();
        // Where this cannot be written down, the failure itself is what the user must hear of.
        let _ = match failure.kind() {
            // The session's end is not the account's: the API key comes next.
            Kind::SessionOver if account.is_session() => Ok(()),
            _ if failure.is_refusal() => {
                account.store().backoffs.of(&account.key()).clear();
                self.remember_refusal(now)
            }
            _ => self.note_backoff(&with_right(failure), now),
        };
    }
}

impl Remote<'_> {
    /// Also for those who know of the key only what its command printed last.
    fn note_backoff(&self, failure: &Failure, now: Timestamp) -> Result<()> {
        let account = &self.account;
        let backoffs = &account.store().backoffs;
        if account.opened != account.key() {
            backoffs.of(&account.opened).record(failure, now)?;
        }
        backoffs.of(&account.key()).record(failure, now).map(drop)
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
    fn unasked(known: KnownVariables) -> Self {
        let (added, changed, removed) = (Vec::new(), Vec::new(), Vec::new());
        Self { known, added, changed, removed, outdated: Vec::new(), unsaved: None }
    }

    /// The outcome of a refresh that turned `before` into `known`.
    pub(crate) fn compare(before: Option<&KnownVariables>, known: KnownVariables) -> Self {
        let (mut added, mut changed, mut outdated) = (Vec::new(), Vec::new(), Vec::new());
        for now in known.iter() {
            match before.and_then(|before| before.get(now.name)) {
                None => added.push(now.name.to_owned()),
                Some(was) if was.value != now.value => changed.push(now.name.to_owned()),
                Some(_) => {}
            }
        }
        let old = before.into_iter().flat_map(KnownVariables::iter);
        let removed =
            old.filter(|was| known.get(was.name).is_none()).map(|was| was.name.to_owned()).collect();
        let is_news = |value: &Remembered| value.made_anew_at == Some(known.snapshot.fetched_at);
        outdated.extend(
            known.remembered.iter().filter(|(_, value)| is_news(value)).map(|(name, _)| name.clone()),
        );
        Self { known, added, changed, removed, outdated, unsaved: None }
    }

    /// Whether the variables are other ones than before.
    pub(crate) fn differs(&self) -> bool {
        !(self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn changes_are_named() {
        let before = KnownVariables::said(&[("GONE", Some("1")), ("SAME", Some("1")), ("OTHER", Some("1"))]);
        let after = KnownVariables::said(&[("NEW", Some("1")), ("SAME", Some("1")), ("OTHER", Some("2"))]);
        let refreshed = Refreshed::compare(Some(&before), after.clone());
        assert_eq!(
            (refreshed.added.as_slice(), refreshed.changed.as_slice(), refreshed.removed.as_slice()),
            (["NEW".to_owned()].as_slice(), ["OTHER".to_owned()].as_slice(), ["GONE".to_owned()].as_slice())
        );
        assert!(!Refreshed::compare(Some(&after), after.clone()).differs());
    }
}
