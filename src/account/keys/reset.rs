//! The reset of an API key, from the question to the key file, and what a later command finds of
//! one that was cut off.
//!
//! The server kills the old key with its answer, so the order is: note what is asked, ask, note the
//! new key, put it in its place. Each step can be the last one before a crash.

use super::save::{SavedKey, check_place, save_key};
use crate::account::local::Account;
use crate::account::machine::Machine;
use crate::account::sync::change::may_be_done;
use crate::account::sync::remote::Remote;
use crate::account::sync::turn::Turn;
use crate::credentials::{self, Credential, Source};
use crate::domain::{Digest, Failure, Kind, Result, Secret};
use crate::files::Lock;
use crate::sealing::Storage;
use crate::store::BegunReset;

/// Held by the command that resets, so that no other takes its journal for a dead one's.
const LOCK: &str = "reset-api-key";

/// A new key that has no place yet but the journal.
#[derive(Debug)]
pub(crate) struct NewKey {
    /// The key.
    pub key: Secret,
    /// The dead one, and where it is.
    pub old: Credential,
    /// Why the journal does not hold the new key, if it does not.
    pub not_kept: Option<Failure>,
    /// Until the new key has a place, nobody is refused with the dead one.
    _held: (Turn, Lock),
}

/// What was found of an earlier reset.
#[derive(Debug)]
pub(crate) enum EarlierReset {
    /// Nothing.
    None,
    /// It is finished now: the new key and where it is.
    Finished(Secret, SavedKey),
    /// The new key still waits in the journal; why, and what to do.
    Waits(Failure),
    /// It was cut off before the answer: nobody knows whether the old key is dead.
    Unknown,
}

impl Remote<'_> {
    /// Gets a new API key in place of the one in use, and notes at once that it is the same
    /// account's, so that no shell takes it for another one's. `place` is where the saved key is.
    ///
    /// # Errors
    /// The server refused or gave no clear answer; or nothing can be noted: then it is not asked.
    pub(crate) async fn reset_api_key(&self, place: Storage) -> Result<NewKey> {
        let Account { machine, server, credential, .. } = &self.account;
        let store = &machine.store;
        if self.only_shown {
            // Never answered.
            self.client.reset_api_key().await?;
        }
        let turn = self.change_turn().await;
        let lock = self.account.begin_reset(place)?;
        let known = self.account.identity().ok().flatten().filter(|known| known.refused_at.is_none());
        // If nobody hears the end, shells ask whether the key still opens the account.
        let before = self.invalidate();
        let reinstate = || before.map(|snapshot| store.snapshots.save(&snapshot));
        let key = match self.client.reset_api_key().await {
            Ok(key) => key,
            Err(failure) => {
                machine.journal().end();
                if may_be_done(&failure) {
                    return Err(unclear(machine, failure));
                }
                reinstate();
                return Err(failure);
            }
        };
        let not_kept = machine.journal().keep_key(&key).err();
        if let (Some(identity), Ok(digest)) = (known, machine.key_digest(server, &key)) {
            // Where this cannot be written, the next refresh asks the server whose the key is.
            let _ = store.identities.of(&digest).save_if_possible(&identity);
            self.rename_own_key(&digest);
        }
        // Where this cannot be written, shells ask once more than they need.
        reinstate();
        Ok(NewKey { key, old: credential.clone(), not_kept, _held: (turn, lock) })
    }

    /// The server keeps a key's number when it resets the key.
    fn rename_own_key(&self, new: &Digest) {
        let Some(account) = self.account.id() else { return };
        let own = self.account.store().own_keys.of(&account);
        if own.get().is_some_and(|own| own.values().any(|digest| *digest == self.account.key())) {
            // Forgotten, it is only not told from other keys any more.
            let _ = own.edit(|own| {
                own.values_mut()
                    .filter(|digest| **digest == self.account.key())
                    .for_each(|digest| *digest = new.clone());
            });
        }
    }
}

fn unclear(machine: &Machine, failure: Failure) -> Failure {
    failure.hint(format!(
        "if the server refuses the key from now on, copy the new one from https://cloud.vast.ai/manage-keys/ \
         and save it with `{}`",
        machine.selection.set_command()
    ))
}

impl Account<'_> {
    fn begin_reset(&self, place: Storage) -> Result<Lock> {
        let lock = self.store().disk.try_lock(LOCK)?;
        let lock =
            lock.ok_or_else(|| Failure::unavailable("another `vastenv reset api-key` is under way"))?;
        if let Some(BegunReset { new: Some(_), .. }) = self.machine.journal().begun()? {
            return Err(waits(self.machine, "the new key of an earlier reset is not saved yet"));
        }
        self.machine.journal().begin(&self.server, &self.key(), place == Storage::Keyring)?;
        Ok(lock)
    }
}

/// Puts the key of an unfinished reset where the old one was, if that place holds the dead key or none. What is
/// [`EarlierReset::Unknown`] is told once: not where nobody `is_heard`.
pub(crate) fn finish_reset(machine: &Machine, is_heard: bool) -> EarlierReset {
    let store = &machine.store;
    let begun = match machine.journal().begun() {
        Ok(Some(begun)) => begun,
        Ok(None) => return EarlierReset::None,
        Err(failure) => return EarlierReset::Waits(failure),
    };
    // Whoever holds it is about to do just this.
    let Ok(Some(_lock)) = store.disk.try_lock(LOCK) else { return EarlierReset::None };
    let Some(key) = begun.new.clone() else {
        if is_heard {
            machine.journal().end();
        }
        return EarlierReset::Unknown;
    };
    if let Err(why) = credentials::check_key(key.expose()) {
        return EarlierReset::Waits(waits(machine, &format!("it {why}")));
    }
    let place = if begun.in_keyring { Storage::Keyring } else { Storage::File };
    match has_room(machine, &begun, &key).and_then(|()| save_key(machine, &key, place)) {
        Ok(saved) => {
            machine.journal().end();
            EarlierReset::Finished(key, saved)
        }
        Err(failure) => EarlierReset::Waits(failure),
    }
}

/// Whether the saved key may be replaced: never where it is another key than the dead one.
fn has_room(machine: &Machine, begun: &BegunReset, new: &Secret) -> Result<()> {
    let saved = match machine.saved_credential() {
        // The entry is gone: there is room.
        Err(failure) if begun.in_keyring && failure.kind() == Kind::NotAuthenticated => None,
        saved => saved?,
    };
    check_place(machine, if begun.in_keyring { Storage::Keyring } else { Storage::File })?;
    match saved {
        Some(Credential { key: Some(key), source })
            if key != *new && machine.key_digest(&begun.server, &key)? != begun.old =>
        {
            let place = match source {
                Source::Keyring | Source::Profile(..) => source.to_string(),
                _ => machine.selection.paths.api_key().display().to_string(),
            };
            Err(waits(machine, &format!("{place} holds another key by now")))
        }
        _ => Ok(()),
    }
}

fn waits(machine: &Machine, why: &str) -> Failure {
    let path = machine.journal().key_path();
    let shown = shell_escape::escape(path.to_string_lossy());
    let set = machine.selection.set_command();
    Failure::failed(why)
        .hint(format!("take the new key with `{set} < {shown}`, then (or to forget it) `rm {shown}`"))
}
