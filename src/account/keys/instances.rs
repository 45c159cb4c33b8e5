//! The account's instances: read, never changed.

use super::lists::Listed as _;
use crate::account::local::Account;
use crate::account::machine::Machine;
use crate::account::sync::remote::Remote;
use crate::api::Listing;
use crate::container;
use crate::domain::{AccountId, CachedList, Instance, ListEntry, ListKind, RUNNING, Result};
use crate::environment::ContainerSource;

impl Account<'_> {
    /// The instances that ran when they were last listed.
    pub fn running_instances(&self) -> Vec<ListEntry> {
        running(self.cached_list(ListKind::Instances))
    }
}

impl Machine {
    /// The instances of `account` that ran when they were last listed, but that which this may be; none where
    /// the key in use may not read them.
    pub fn other_running_instances(&self, account: &AccountId) -> Vec<ListEntry> {
        if self.may_not_list_instances() {
            return Vec::new();
        }
        let this = container::launch(ContainerSource::Auto).and_then(|launch| launch.instance_id());
        let mut instances = running(self.store.lists.of(account, ListKind::Instances).get());
        instances.retain(|instance| Some(instance.id) != this);
        instances
    }

    fn may_not_list_instances(&self) -> bool {
        let digest = || {
            let key = self.key_digest(&self.selection.server()?, &self.credential()?.key)?;
            self.list_digest(&key, ListKind::Instances)
        };
        let backoff = digest().ok().and_then(|digest| self.store.backoffs.of(&digest).get());
        backoff.is_some_and(|backoff| backoff.may_not(self.now()))
    }
}

fn running(list: Option<CachedList>) -> Vec<ListEntry> {
    let mut entries = list.map_or(Vec::new(), |list| list.entries);
    entries.retain(|entry| entry.status.as_deref() == Some(RUNNING));
    entries
}

impl Remote<'_> {
    /// One instance as the server has it now.
    pub async fn instance(&self, id: u64) -> Result<Instance> {
        let instance = self.client.instance(id).await?;
        self.put_in_list(ListKind::Instances, Some(instance.listed()));
        Ok(instance)
    }

    #[allow(dead_code, reason = "for commands that list instances")]
    /// All instances, kept for a TAB and for hints.
    pub async fn instances(&self) -> Result<Listing<Instance>> {
        let listing = self.client.instances().await?;
        self.identify_owner().await;
        Ok(self.keep_listing(listing))
    }
}
