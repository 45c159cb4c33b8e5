//! A change is noted before it is sent: whatever happens then, no older value passes for the new one.

use super::remote::Remote;
use crate::domain::{AccountId, Doubt, Failure, Result};

/// What to do where a note cannot be written.
const MAKE_ROOM: &str = "free disk space or make the folder writable, then try again";

/// A noted change. Dropped while no request is out, the note is withdrawn: nothing was changed.
#[must_use]
pub(super) struct Intent<'r, 'a> {
    remote: &'r Remote<'a>,
    noted: Option<Noted>,
}

/// What is noted, and what was noted of the variable before.
struct Noted {
    id: AccountId,
    name: String,
    before: Option<Doubt>,
}

impl<'a> Remote<'a> {
    /// Notes that what is known of `name` is about to be wrong. Without `must_keep`, nothing that is known
    /// needs no note.
    ///
    /// # Errors
    /// The note cannot be written: then the change must not be sent.
    pub(super) fn note_intent<'r>(
        &'r self,
        name: &str,
        doubt: Doubt,
        must_keep: bool,
    ) -> Result<Intent<'r, 'a>> {
        let store = self.account.store();
        let unnoted = Intent { remote: self, noted: None };
        if self.only_shown {
            return Ok(unnoted);
        }
        let Some(id) = self.account.id() else { return Ok(unnoted) };
        let noted = store.changes.edit(&id, |changes| changes.insert(name.to_owned(), doubt));
        let failure = match noted {
            Ok(before) => {
                let noted = Some(Noted { id, name: name.to_owned(), before });
                let intent = Intent { noted, ..unnoted };
                match store.generation.publish(self.account.now()) {
                    Ok(_) => return Ok(intent),
                    Err(failure) => failure,
                }
            }
            Err(_) if !must_keep && self.knows_nothing_of(&id, name) => return Ok(unnoted),
            Err(failure) if self.knows_nothing_of(&id, name) => {
                let step = failure.next_step().unwrap_or(MAKE_ROOM);
                let step = format!("{step}; or keep no copy here: --no-remember");
                failure.hint(step)
            }
            Err(failure) => failure,
        };
        let why = failure.message();
        let message = format!("nothing was sent: the change of {name} cannot be recorded here: {why}");
        Err(Failure::failed(message).hint(failure.next_step().unwrap_or(MAKE_ROOM)))
    }

    /// Whether no value of `name` is here that could be out of date.
    fn knows_nothing_of(&self, id: &AccountId, name: &str) -> bool {
        let store = self.account.store();
        let is_untold = store.snapshots.load(id).is_ok_and(|snapshot| {
            snapshot.is_none_or(|known| known.variables.get(name).is_none_or(|known| known.value.is_none()))
        });
        is_untold && store.values.load(id).is_ok_and(|values| !values.contains_key(name))
    }
}

impl Intent<'_, '_> {
    /// The change was made, and is known here.
    pub(super) fn end(mut self) -> Result<()> {
        let Some(Noted { id, name, .. }) = self.noted.take() else { return Ok(()) };
        self.remote.account.store().changes.edit(&id, |changes| changes.remove(&name)).map(drop)
    }

    /// The change may have been made, or is not known here.
    pub(super) fn leave(mut self) {
        self.noted = None;
    }
}

impl Drop for Intent<'_, '_> {
    fn drop(&mut self) {
        let Some(Noted { id, name, before }) = self.noted.take() else { return };
        if self.remote.out.change().is_some() {
            return;
        }
        let account = &self.remote.account;
        // Where this fails the value stays unknown, and can be given again.
        let _ = account.store().changes.edit(&id, |changes| match before {
            Some(before) => changes.insert(name, before),
            None => changes.remove(&name),
        });
        let _ = account.store().generation.publish(account.now());
    }
}
