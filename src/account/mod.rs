//! The account: the one place that joins the API and the store.
//!
//! [`Account`] sees files only: it is all that a prompt needs. [`Remote`] is an account with a way
//! to its server: it refreshes and changes.

mod batch;
mod change;
mod compare;
mod follow;
mod instances;
mod intent;
mod keys;
mod lists;
mod reconcile;
mod refresh;
mod remember;
mod remote;
mod reset;
mod sign_in;
mod storage;
mod turn;

use reconcile::{hide_changed, overlay};

use crate::config::{Config, Paths};
use crate::credentials::{self, Credential, Source};
use crate::domain::{AccountId, Digest, EnvName, Kind, Result, Secret, ServerUrl, Timestamp};
use crate::environment::{Environment, Room, Rules, resolve};
use crate::files::remove;
use crate::store::Change;

pub use crate::api::{ApiKey, CreatedApiKey, Inspect, Listener, Outstanding, SshKey, block_on};
pub use crate::environment::SessionId;
pub use crate::store::{
    Backoff, Identity, KEPT_AFTER_DELETION, ListEntry, ListKind, Means, Origin, Remembered, SecretFile,
    Snapshot, Store, Variable,
};
pub use crate::vault::Trouble;
pub use batch::{Batch, Ended};
pub use change::{Changed, Keeping};
pub use compare::age_of_root;
pub use follow::{Answer, Question, follow};
pub use keys::InUse;
pub use refresh::{Refreshed, Urgency};
pub use remote::{Connection, Remote};
pub use reset::{EarlierReset, NewKey, finish_reset};
pub use sign_in::{KeyPlace, SavedKey, save_key};
pub use storage::{StorageReport, convert as convert_storage, describe_storage};

/// One key on one server, as the files on this machine know it.
#[derive(Clone, Debug)]
pub struct Account<'a> {
    /// What rests on this machine.
    pub store: &'a Store,
    /// The user's settings.
    pub config: &'a Config,
    /// The server.
    pub server: ServerUrl,
    /// The key and where it was found.
    pub credential: Credential,
    /// The key's digest, which names its files.
    pub key: Digest,
    /// The clock.
    pub now: fn() -> Timestamp,
    /// What the environment can still take.
    pub room: Room,
}

/// What is known of an account without asking its server.
#[derive(Debug)]
pub enum Known {
    /// Its variables, as last told.
    Snapshot(Box<Snapshot>),
    /// The server refused the key, and that was its last word.
    Refused(Timestamp),
    /// Nothing.
    Nothing,
}

impl<'a> Account<'a> {
    /// The account that `credential` opens on `server`.
    pub fn open(
        store: &'a Store,
        config: &'a Config,
        server: ServerUrl,
        credential: Credential,
        now: fn() -> Timestamp,
    ) -> Result<Self> {
        let key = key_digest(store, &server, &credential.key)?;
        Ok(Self { store, config, server, credential, key, now, room: Room::default() })
    }

    /// What the files say of this account.
    pub fn known(&self) -> Result<Known> {
        let Some(identity) = self.store.identity(&self.key)? else { return Ok(Known::Nothing) };
        if let Some(refused_at) = identity.refused_at {
            return Ok(Known::Refused(refused_at));
        }
        let Some(account) = identity.account(&self.server) else { return Ok(Known::Nothing) };
        let Some(mut snapshot) = self.store.snapshot(&account)? else { return Ok(Known::Nothing) };
        let changes = self.store.changes(&account);
        let is_hidden = snapshot.variables.values().any(|variable| variable.told().is_none());
        let values = if is_hidden { self.store.values(&account) } else { Ok(crate::store::Values::new()) };
        match changes.and_then(|changes| Ok((changes, values?))) {
            Ok((changes, values)) => {
                overlay(&mut snapshot, &values);
                hide_changed(&mut snapshot.variables, &changes);
                snapshot.doubtful |= changes.values().any(|change| *change != Change::Superseded);
            }
            // What the server told is as good as ever.
            Err(failure) => snapshot.unread = Some(failure),
        }
        Ok(Known::Snapshot(Box::new(snapshot)))
    }

    /// Whether a change of `name` from here ended so that its value is not known any more.
    pub fn is_in_doubt(&self, name: &str) -> bool {
        let changes = self.id().and_then(|id| self.store.changes(&id).ok());
        changes.is_some_and(|changes| changes.contains_key(name))
    }

    /// Whose the key is, as far as known.
    pub fn identity(&self) -> Result<Option<Identity>> {
        self.store.identity(&self.key)
    }

    /// The account's id, as far as known.
    pub fn id(&self) -> Option<AccountId> {
        self.identity().ok()??.account(&self.server)
    }

    /// The seconds since the server last answered for `snapshot`; `None` if it is not to be relied
    /// on (a change with an unknown end, a clock set back).
    pub fn age(&self, snapshot: &Snapshot) -> Option<u64> {
        if snapshot.doubtful { None } else { (self.now)().since(snapshot.fetched_at) }
    }

    /// Whether `snapshot` is young enough to load without asking for a newer one.
    pub fn is_fresh(&self, snapshot: &Snapshot) -> bool {
        self.age(snapshot).is_some_and(|age| age < self.config.max_age)
    }

    /// What a shell should hold of `snapshot`.
    pub fn environment(&self, snapshot: &Snapshot) -> Environment {
        let mut environment = resolve(&snapshot.values(), &self.rules());
        if snapshot.unread.is_some() || self.is_being_changed(snapshot) {
            environment.held =
                environment.hidden().into_iter().filter_map(|name| EnvName::parse(name).ok()).collect();
        }
        environment
    }

    /// Whether what is doubtful is about to be known: shells keep what they have until then.
    fn is_being_changed(&self, snapshot: &Snapshot) -> bool {
        snapshot.doubtful && matches!(self.store.try_lock(&self.lock_name()), Ok(None))
    }

    /// What decides which variables a shell may hold.
    pub fn rules(&self) -> Rules {
        Rules { allowed: self.config.allow.clone(), room: self.room.clone() }
    }

    /// The failed refreshes of this key, if the last one failed.
    pub fn backoff(&self) -> Option<Backoff> {
        self.store.backoff(&self.key).get()
    }

    /// Whether a refresh may be tried now: nobody is at it, and no back-off holds it up.
    pub fn may_refresh(&self) -> bool {
        let waiting = self.backoff().is_some_and(|backoff| backoff.wait((self.now)()) > 0);
        !waiting && self.store.try_lock(&self.lock_name()).is_ok_and(|lock| lock.is_some())
    }

    /// One lock for an account, or for a key whose account is not known yet.
    fn lock_name(&self) -> String {
        self.id().map_or_else(|| self.key.as_str().to_owned(), |account| account.as_str().to_owned())
    }

    /// Whether the key is that of a two-factor session.
    pub fn is_session(&self) -> bool {
        matches!(self.credential.source, Source::TwoFactorFile(_))
    }

    /// What to go on with after the two-factor session ended: its file is removed, as the official
    /// client does, and the API key takes over (or a session that was started meanwhile).
    pub fn after_session(&self, paths: &Paths) -> Result<Self> {
        if let Source::TwoFactorFile(path) = &self.credential.source
            && credentials::find(None, None, paths, self.store.vault())? == self.credential
        {
            remove(path)?;
        }
        let vault = self.store.vault();
        let credential = credentials::find(None, None, paths, vault).map_err(|failure| match failure.kind() {
            Kind::NotAuthenticated => failure.hint("the two-factor session has expired: start another with `vastai tfa login`, or save a key with `vastenv set api-key`"),
            _ => failure,
        })?;
        let room = self.room.clone();
        Ok(Self { room, ..Self::open(self.store, self.config, self.server.clone(), credential, self.now)? })
    }
}

fn key_digest(store: &Store, server: &ServerUrl, key: &Secret) -> Result<Digest> {
    Ok(store.digest_key()?.digest(&[b"api key", server.as_str().as_bytes(), key.expose().as_bytes()]))
}
