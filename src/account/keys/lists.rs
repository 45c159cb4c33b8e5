//! The lists of the account's keys, kept beside its variables so that a TAB can offer their numbers:
//! filled when a command lists them, patched by every change, fetched in the background when a TAB
//! finds them old. Nothing here ever fails a command: a list that is lost is fetched anew.

use std::time::Duration;

use crate::account::local::Account;
use crate::account::sync::remote::Remote;
use crate::api::{ApiKey, KeyListing, SshKey};
use crate::domain::{Digest, Failure, KeyKind, KeyList, Kind, ListedKey, Result, printable_capped};
use crate::keypair::PublicKey;

/// The longest that a command which has its answer waits to be told whose the key is.
const OWNER_TIMEOUT: Duration = Duration::from_secs(5);

/// The most of a name or comment that is kept, in characters.
const LONGEST_NAME: usize = 200;

impl Account<'_> {
    /// The list as last known; nothing where the server refused the key.
    pub fn key_list(&self, kind: KeyKind) -> Option<KeyList> {
        let identity = self.identity().ok()??;
        if identity.refused_at.is_some() {
            return None;
        }
        self.store().key_lists.of(&identity.account(&self.server)?, kind).get()
    }

    /// Whether a TAB should have the list fetched: it is old or missing, nobody is at it, and neither
    /// a refusal nor a back-off speaks against it.
    pub fn should_fetch(&self, kind: KeyKind, known: Option<&KeyList>) -> bool {
        self.is_list_wanted(kind, known) && {
            let lock = self.store().disk.try_lock(&self.list_lock(kind));
            lock.is_ok_and(|lock| lock.is_some())
        }
    }

    fn is_list_wanted(&self, kind: KeyKind, known: Option<&KeyList>) -> bool {
        let now = self.now();
        let is_refused =
            || self.identity().map_or(true, |known| known.is_some_and(|known| known.refused_at.is_some()));
        let is_fresh = known.is_some_and(|list| {
            !list.doubtful && now.since(list.fetched_at).is_some_and(|age| age < self.config.max_age)
        });
        !is_fresh && !is_refused() && !self.list_waits(kind)
    }

    /// Whether the server or this list of it failed a moment ago.
    fn list_waits(&self, kind: KeyKind) -> bool {
        let now = self.now();
        let waits =
            |key: &Digest| self.store().backoffs.of(key).get().is_some_and(|backoff| backoff.wait(now) > 0);
        waits(&self.key) || self.list_digest(kind).is_ok_and(|digest| waits(&digest))
    }

    /// Names the back-off of a list: that of the variables must not depend on it.
    fn list_digest(&self, kind: KeyKind) -> Result<Digest> {
        Ok(self.store().digest_key()?.digest(&[
            b"list",
            kind.name().as_bytes(),
            self.key.as_str().as_bytes(),
        ]))
    }

    fn list_lock(&self, kind: KeyKind) -> String {
        format!("{}.{}", self.key.as_str(), kind.name())
    }

    /// Changes the list, if there is one.
    fn patch_list(&self, kind: KeyKind, patch: impl FnOnce(&mut KeyList)) {
        let Some(mut list) = self.key_list(kind) else { return };
        patch(&mut list);
        // Where it cannot be written, a TAB offers what is old.
        let _ = self.keep_list(kind, &list);
    }

    fn keep_list(&self, kind: KeyKind, list: &KeyList) -> Result<()> {
        self.id().map_or(Ok(()), |account| self.store().key_lists.of(&account, kind).save(list))
    }
}

impl Remote<'_> {
    /// Fetches a list in the background, unless another process is at it; given up after `limit`.
    pub async fn refresh_list_within(&self, kind: KeyKind, limit: Duration) -> Result<()> {
        let account = &self.account;
        let Some(_lock) = account.store().disk.try_lock(&account.list_lock(kind))? else { return Ok(()) };
        // Another process may have been at it just now.
        if !account.is_list_wanted(kind, account.key_list(kind).as_ref()) {
            return Ok(());
        }
        let fetched = tokio::time::timeout(limit, self.fetch_list(kind)).await;
        let fetched = fetched.unwrap_or_else(|_| Err(Failure::unavailable("no answer in time")));
        let digest = account.list_digest(kind)?;
        match &fetched {
            Ok(()) => account.store().backoffs.of(&digest).clear(),
            // A key that may not list is no dead key: that, only the refresh of the variables tells.
            Err(failure) => {
                account.store().backoffs.of(&digest).record(failure, account.now())?;
            }
        }
        fetched
    }

    async fn fetch_list(&self, kind: KeyKind) -> Result<()> {
        let account = &self.account;
        let before = account.key_list(kind);
        if account.id().is_none() {
            self.identify().await?;
        }
        let keys = match kind {
            KeyKind::Api => listed(&self.client.api_keys().await?),
            KeyKind::Ssh => listed(&self.client.ssh_keys().await?),
        };
        let mut list = KeyList::new(keys, account.now());
        // What a command changed meanwhile may be missing in the answer.
        list.doubtful = account.key_list(kind) != before;
        account.keep_list(kind, &list)
    }

    /// Asks whose the key is, where that is not known: a list belongs to an account. What is asked for
    /// is known already, so a failure is none of the command's.
    pub(super) async fn identify_owner(&self) {
        let _ = tokio::time::timeout(OWNER_TIMEOUT, self.identify()).await;
    }

    /// Keeps what a command was told, and notes what is odd about it. Where the list cannot be
    /// written, a TAB offers what is old.
    pub(super) fn keep_listing<K: Listed>(&self, mut listing: KeyListing<K>) -> KeyListing<K> {
        self.account.store().disk.note(std::mem::take(&mut listing.odd));
        let _ = self.account.keep_list(K::KIND, &KeyList::new(listed(&listing), self.account.now()));
        listing
    }

    /// Takes a key into its list; one whose number the server did not tell makes the list doubtful.
    pub(super) fn put_in_list(&self, kind: KeyKind, key: Option<ListedKey>) {
        self.account.patch_list(kind, |list| match key {
            Some(key) => list.put(key),
            None => list.doubtful = true,
        });
    }

    pub(super) fn remove_from_list(&self, kind: KeyKind, id: u64) {
        self.account.patch_list(kind, |list| list.remove(id));
    }

    /// After a change whose end is not known, the list is not to be relied on.
    pub(super) fn mark_list_stale(&self, kind: KeyKind, failure: Failure) -> Failure {
        if failure.kind() == Kind::Ambiguous {
            self.account.patch_list(kind, |list| list.doubtful = true);
        }
        failure
    }
}

/// A key of either kind, as it is kept in a list.
pub(super) trait Listed {
    const KIND: KeyKind;
    fn listed(&self) -> ListedKey;
}

impl Listed for ApiKey {
    const KIND: KeyKind = KeyKind::Api;

    fn listed(&self) -> ListedKey {
        ListedKey { id: self.id, name: short(&self.name), detail: short(&self.rights_text()) }
    }
}

impl Listed for SshKey {
    const KIND: KeyKind = KeyKind::Ssh;

    fn listed(&self) -> ListedKey {
        listed_ssh_key(self.id, &self.key)
    }
}

fn listed<K: Listed>(listing: &KeyListing<K>) -> Vec<ListedKey> {
    listing.keys.iter().map(K::listed).collect()
}

/// What a list shows of a public key; of a text that is none, nothing: it may be anything.
pub(super) fn listed_ssh_key(id: u64, line: &str) -> ListedKey {
    PublicKey::parse(line).map_or_else(
        |_| ListedKey { id, name: String::new(), detail: String::new() },
        |key| ListedKey { id, name: short(key.comment()), detail: key.fingerprint().to_owned() },
    )
}

pub(super) fn short(text: &str) -> String {
    printable_capped(text, LONGEST_NAME)
}
