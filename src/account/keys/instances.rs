//! The account's instances: read, never changed.

use super::lists::Listed as _;
use crate::account::local::Account;
use crate::account::sync::remote::Remote;
use crate::api::Listing;
use crate::domain::{Instance, ListEntry, ListKind, RUNNING, Result};

impl Account<'_> {
    /// The instances that ran when they were last listed.
    pub fn running_instances(&self) -> Vec<ListEntry> {
        let mut entries = self.cached_list(ListKind::Instances).map_or(Vec::new(), |list| list.entries);
        entries.retain(|entry| entry.status.as_deref() == Some(RUNNING));
        entries
    }
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
