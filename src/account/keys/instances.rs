//! The account's instances: read, never changed.

use super::lists::Listed as _;
use crate::account::local::Account;
use crate::account::machine::Machine;
use crate::account::sync::remote::Remote;
use crate::container;
use crate::domain::{AccountId, Instance, ListEntry, ListKind, RUNNING, Result};
use crate::environment::ContainerSource;

impl Machine {
    /// The instances of an account that ran when they were last listed, the newest last.
    pub(crate) fn running_instances(&self, account: &AccountId) -> Vec<ListEntry> {
        let list = self.store.lists.of(account, ListKind::Instances).get();
        let mut entries = list.map_or(Vec::new(), |list| list.entries);
        entries.retain(|entry| entry.status.as_deref() == Some(RUNNING));
        entries
    }

    /// The same but the one that this is, if it is one.
    pub(crate) fn other_running_instances(&self, account: &AccountId) -> Vec<ListEntry> {
        let own = container::launch(ContainerSource::Auto).and_then(|launch| launch.instance_id());
        let mut entries = self.running_instances(account);
        entries.retain(|entry| Some(entry.id) != own);
        entries
    }
}

impl Account<'_> {
    /// Its instances that ran when they were last listed.
    pub(crate) fn running_instances(&self) -> Vec<ListEntry> {
        self.id().map_or(Vec::new(), |account| self.machine.running_instances(&account))
    }
}

impl Remote<'_> {
    /// One instance as the server has it now.
    pub(crate) async fn instance(&self, id: u64) -> Result<Instance> {
        let instance = self.client.instance(id).await?;
        self.put_in_list(ListKind::Instances, Some(instance.listed()));
        Ok(instance)
    }
}
