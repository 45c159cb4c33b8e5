//! One at a time: what a refresh or a change holds so that no other process asks or changes too.

use super::remote::Remote;
use crate::domain::Result;
use crate::files::{Lock, PATIENCE, pauses};

/// Keeps others away until it is dropped: the lock of the key, of its account, or of both where the
/// account became known on the way.
#[derive(Debug, Default)]
pub(in crate::account) struct Turn(Vec<(String, Lock)>);

impl Remote<'_> {
    /// Takes the turn if nobody has it.
    pub(in crate::account) fn take_turn(&self) -> Result<Option<Turn>> {
        let mut turn = Turn::default();
        while let Some(name) = self.missing_from(&turn) {
            match self.account.store().disk.try_lock(&name)? {
                Some(lock) => turn.0.push((name, lock)),
                None => return Ok(None),
            }
        }
        Ok(Some(turn))
    }

    /// Waits for the turn; `None` if that takes too long.
    pub(in crate::account) async fn await_turn(&self) -> Result<Option<Turn>> {
        let mut turn = Turn::default();
        Ok(self.complete(&mut turn).await?.then_some(turn))
    }

    /// Adds to `turn` what it lacks, as the account's own lock once the key's user is known: keys
    /// of one account share it, and so does who comes later and knows the account from the start.
    /// `false` if somebody else has it for too long.
    pub(in crate::account) async fn complete(&self, turn: &mut Turn) -> Result<bool> {
        let mut pauses = pauses().enumerate();
        while let Some(name) = self.missing_from(turn) {
            if let Some(lock) = self.account.store().disk.try_lock(&name)? {
                turn.0.push((name, lock));
                continue;
            }
            let Some((number, pause)) = pauses.next() else { return Ok(false) };
            if number == 0 {
                self.listener.waiting("another vastenv is running", PATIENCE);
            }
            tokio::time::sleep(pause).await;
        }
        Ok(true)
    }

    /// The lock that `turn` should have and has not. Another process may have learned meanwhile
    /// whose the key is.
    fn missing_from(&self, turn: &Turn) -> Option<String> {
        let wanted = self.account.lock_name();
        turn.0.iter().all(|(name, _)| *name != wanted).then_some(wanted)
    }
}
