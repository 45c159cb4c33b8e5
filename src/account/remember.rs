//! What the user remembers and forgets: values kept on this machine, without a word to the server.

use super::local::Account;
use crate::domain::{Failure, Remembered, RememberedFrom, Result, Secret, Values};
use crate::environment::KnownVariables;

impl Account<'_> {
    /// All that is remembered of this account.
    pub(crate) fn remembered(&self) -> Result<Values> {
        self.id().map_or_else(|| Ok(Values::new()), |id| self.store().values.load(&id))
    }

    /// Drops the values whose variables have been gone for too long.
    pub(crate) fn drop_expired(&self) -> Result<()> {
        self.id().map_or(Ok(()), |id| self.store().values.edit(&id, |_| Ok(())))
    }

    /// Every value that is known of this account, also of deleted variables, as far as they can be
    /// read: for who takes them out of a text.
    pub(crate) fn all_values(&self) -> Vec<Secret> {
        let snapshot = self.id().and_then(|id| self.store().snapshots.load(&id).ok().flatten());
        let told = snapshot.into_iter().flat_map(|snapshot| snapshot.variables.into_values());
        let remembered = self.remembered().unwrap_or_default().into_values();
        told.filter_map(|variable| variable.value).chain(remembered.map(|one| one.value)).collect()
    }

    /// Makes room for what the user is about to give: values whose key is lost are moved.
    pub(crate) fn move_lost_values(&self) -> Result<()> {
        self.id().map_or(Ok(()), |id| self.store().values.move_lost(&id))
    }

    /// Remembers `values` by name, as the user's own word; every shell follows. `known` is what is known
    /// of the account.
    pub(crate) fn remember(&self, known: &KnownVariables, given: &[(String, Secret)]) -> Result<()> {
        let now = self.now();
        let account = known.snapshot.account();
        self.store().values.edit(&account, |values| {
            for (name, value) in given {
                values.insert(name.clone(), Remembered::new(value.clone(), RememberedFrom::Given, now));
            }
            Ok(())
        })?;
        self.store().changes.edit(&account, |changes| {
            for (name, _) in given {
                changes.remove(name);
            }
        })?;
        self.store().generation.publish(now).map(drop)
    }

    /// Forgets the value remembered of `name`, or all values of this account; every shell follows. Gives how
    /// many there were.
    pub(crate) fn forget(&self, name: Option<&str>) -> Result<usize> {
        let id = self.id().ok_or_else(|| {
            Failure::failed("nothing is cached for the account yet").hint("ask the server: vastenv refresh")
        })?;
        let forgotten = self.store().values.edit(&id, |values| {
            let before = values.len();
            values.retain(|known, _| name.is_some_and(|name| name != known));
            match (name, before - values.len()) {
                (Some(name), 0) => Err(Failure::failed(format!("no remembered value of {name}"))
                    .hint("`vastenv show env-vars` says where values come from")),
                (_, forgotten) => Ok(forgotten),
            }
        })?;
        self.store().disk.sweep_leftovers();
        self.store().generation.publish(self.now())?;
        Ok(forgotten)
    }
}
