//! The lists of the account's keys and instances, kept beside its variables so that a TAB can offer their
//! numbers: filled when a command lists them, patched by every change, fetched in the background when a
//! TAB finds them old. Nothing here ever fails a command: a list that is lost is fetched anew.

use std::time::Duration;

use crate::account::local::Account;
use crate::account::sync::refresh::Urgency;
use crate::account::sync::remote::Remote;
use crate::api::{ApiKey, Listing, SshKey};
use crate::domain::{
    CachedList, Digest, Failure, Instance, Kind, ListEntry, ListKind, Result, printable_capped,
};
use crate::keypair::PublicKey;
use crate::store::Backoff;

/// The longest that a command which has its answer waits to be told whose the key is.
const OWNER_TIMEOUT: Duration = Duration::from_secs(5);

/// The most of a name or comment that is kept, in characters.
const LONGEST_NAME: usize = 200;

impl Account<'_> {
    /// The list as last known; nothing where the server refused the key.
    pub(crate) fn cached_list(&self, kind: ListKind) -> Option<CachedList> {
        let identity = self.identity().ok()??;
        if identity.refused_at.is_some() {
            return None;
        }
        self.store().lists.of(&identity.account(&self.server)?, kind).get()
    }

    /// Whether a TAB should have the list fetched: it is old or missing, nobody is at it, and neither
    /// a refusal nor a back-off speaks against it.
    pub(crate) fn should_fetch(&self, kind: ListKind, known: Option<&CachedList>) -> bool {
        self.is_list_wanted(kind, known) && {
            let lock = self.store().disk.try_lock(&self.list_lock(kind));
            lock.is_ok_and(|lock| lock.is_some())
        }
    }

    fn is_list_wanted(&self, kind: ListKind, known: Option<&CachedList>) -> bool {
        let now = self.now();
        let is_refused =
            || self.identity().map_or(true, |known| known.is_some_and(|known| known.refused_at.is_some()));
        let is_fresh = known.is_some_and(|list| {
            !list.doubtful && now.since(list.fetched_at).is_some_and(|age| age < self.config.max_age)
        });
        !is_fresh && !is_refused() && !self.list_waits(kind)
    }

    /// Whether the server or this list of it failed a moment ago, or the key may not read the list.
    fn list_waits(&self, kind: ListKind) -> bool {
        let now = self.now();
        let backoff = |key: &Digest| self.store().backoffs.of(key).get();
        let waits = |backoff: &Backoff| backoff.wait(now) > 0;
        backoff(&self.key()).as_ref().is_some_and(waits)
            || (self.list_digest(kind).ok().and_then(|digest| backoff(&digest)))
                .is_some_and(|list| waits(&list) || list.may_not(now))
    }

    /// Names the back-off of a list: that of the variables must not depend on it.
    fn list_digest(&self, kind: ListKind) -> Result<Digest> {
        let key = self.key();
        let parts: [&[u8]; 3] = [b"list", kind.name().as_bytes(), key.as_str().as_bytes()];
        Ok(self.store().digest_key()?.digest(&parts))
    }

    fn list_lock(&self, kind: ListKind) -> String {
        format!("{}.{}", self.key().as_str(), kind.name())
    }

    /// Changes the list, if there is one.
    fn patch_list(&self, kind: ListKind, patch: impl FnOnce(&mut CachedList)) {
        let Some(mut list) = self.cached_list(kind) else { return };
        patch(&mut list);
        // Where it cannot be written, a TAB offers what is old.
        let _ = self.keep_list(kind, &list);
    }

    fn keep_list(&self, kind: ListKind, list: &CachedList) -> Result<()> {
        self.id().map_or(Ok(()), |account| self.store().lists.of(&account, kind).save(list))
    }
}

impl Remote<'_> {
    /// Fetches the instances where the variables were fetched just now, unless it was of no use lately.
    pub(crate) async fn refresh_instances_within(&self, limit: Duration) -> Result<()> {
        if self.account.list_waits(ListKind::Instances) {
            return Ok(());
        }
        self.refresh_list_within(ListKind::Instances, Urgency::Asked, limit).await
    }

    /// Fetches a list, unless another process is at it; given up after `limit`. In the background only
    /// one that is wanted.
    pub(crate) async fn refresh_list_within(
        &self,
        kind: ListKind,
        urgency: Urgency,
        limit: Duration,
    ) -> Result<()> {
        let account = &self.account;
        let Some(_lock) = account.store().disk.try_lock(&account.list_lock(kind))? else { return Ok(()) };
        // Another process may have been at it just now.
        if urgency == Urgency::Background && !account.is_list_wanted(kind, account.cached_list(kind).as_ref())
        {
            return Ok(());
        }
        let fetched = tokio::time::timeout(limit, self.fetch_list(kind)).await;
        let fetched = fetched.unwrap_or_else(|_| Err(Failure::unavailable("no answer in time")));
        let digest = account.list_digest(kind)?;
        match &fetched {
            Ok(()) => account.store().backoffs.of(&digest).clear(),
            // A key that may not list is not a dead key: that, only the refresh of the variables tells.
            Err(failure) => {
                let backoff = account.store().backoffs.of(&digest).record(failure, account.now())?;
                if let (true, Some(id)) = (backoff.may_not(account.now()), account.id()) {
                    // Nothing is offered that this key may not read.
                    account.store().lists.of(&id, kind).remove()?;
                }
            }
        }
        fetched
    }

    async fn fetch_list(&self, kind: ListKind) -> Result<()> {
        let account = &self.account;
        let before = account.cached_list(kind);
        if account.id().is_none() {
            self.identify().await?;
        }
        let keys = match kind {
            ListKind::ApiKeys => listed(&self.client.api_keys().await?),
            ListKind::SshKeys => listed(&self.client.ssh_keys().await?),
            ListKind::Instances => listed(&self.client.instances().await?),
        };
        let mut list = CachedList::new(keys, account.now());
        // What a command changed meanwhile may be missing in the answer.
        list.doubtful = account.cached_list(kind) != before;
        account.keep_list(kind, &list)
    }

    /// Asks whose the key is, where that is not known: a list belongs to an account. What is asked for
    /// is known already, so a failure is none of the command's.
    pub(super) async fn identify_owner(&self) {
        let _ = tokio::time::timeout(OWNER_TIMEOUT, self.identify()).await;
    }

    /// Keeps what a command was told, and notes what is odd about it. Where the list cannot be
    /// written, a TAB offers what is old.
    pub(super) fn keep_listing<K: Listed>(&self, mut listing: Listing<K>) -> Listing<K> {
        self.account.store().disk.note(std::mem::take(&mut listing.odd));
        let _ = self.account.keep_list(K::KIND, &CachedList::new(listed(&listing), self.account.now()));
        if let Ok(digest) = self.account.list_digest(K::KIND) {
            self.account.store().backoffs.of(&digest).clear();
        }
        listing
    }

    /// Takes a key into its list; one whose number the server did not tell makes the list doubtful.
    pub(super) fn put_in_list(&self, kind: ListKind, key: Option<ListEntry>) {
        self.account.patch_list(kind, |list| match key {
            Some(key) => list.put(key),
            None => list.doubtful = true,
        });
    }

    pub(super) fn remove_from_list(&self, kind: ListKind, id: u64) {
        self.account.patch_list(kind, |list| list.remove(id));
    }

    /// After a change whose end is not known, the list is not to be relied on.
    pub(super) fn mark_list_stale(&self, kind: ListKind, failure: Failure) -> Failure {
        if failure.kind() == Kind::Ambiguous {
            self.account.patch_list(kind, |list| list.doubtful = true);
        }
        failure
    }
}

/// What is kept in a list.
pub(super) trait Listed {
    const KIND: ListKind;
    fn listed(&self) -> ListEntry;
}

impl Listed for ApiKey {
    const KIND: ListKind = ListKind::ApiKeys;

    fn listed(&self) -> ListEntry {
        ListEntry { id: self.id, name: short(&self.name), detail: short(&self.rights_text()), status: None }
    }
}

impl Listed for SshKey {
    const KIND: ListKind = ListKind::SshKeys;

    fn listed(&self) -> ListEntry {
        listed_ssh_key(self.id, &self.key)
    }
}

impl Listed for Instance {
    const KIND: ListKind = ListKind::Instances;

    fn listed(&self) -> ListEntry {
        ListEntry {
            id: self.id,
            name: short(self.label.as_deref().unwrap_or_default()),
            detail: short(&self.gpus()),
            status: self.status.as_deref().map(short),
        }
    }
}

fn listed<K: Listed>(listing: &Listing<K>) -> Vec<ListEntry> {
    listing.items.iter().map(K::listed).collect()
}

/// What a list shows of a public key; of a text that is none, nothing: it may be anything.
pub(super) fn listed_ssh_key(id: u64, line: &str) -> ListEntry {
    PublicKey::parse(line).map_or_else(
        |_| ListEntry { id, name: String::new(), detail: String::new(), status: None },
        |key| ListEntry {
            id,
            name: short(key.comment()),
            detail: key.fingerprint().to_owned(),
            status: None,
        },
    )
}

pub(super) fn short(text: &str) -> String {
    printable_capped(text, LONGEST_NAME)
}
