//! What this machine keeps, each thing in its own slot.
//!
//! Everything lies in three private folders (0700) as private files (0600), and every write is atomic.

mod backoff;
mod changes;
mod digest_key;
mod generation;
mod journal;
mod lists;
mod loaded;
mod notice;
mod session;
mod snapshot;
mod stamp;
mod trust;
mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;

pub(crate) use backoff::Backoff;
pub(crate) use generation::newest as newest_generation;
pub(crate) use journal::{BegunReset, ResetJournal};
pub(crate) use session::Session;
pub(crate) use stamp::NEXT;
pub(crate) use trust::{Decision, Trust, Trusted};

use crate::domain::{AccountId, Digest, DigestKey, Identity, Result, Timestamp};
use crate::files::{Disk, Slots};
use crate::sealing::{Keyring, Kind, Sealing, Storage};

/// The kinds of files that hold values.
const SECRETS: [Kind; 2] = [snapshot::KIND, values::KIND];

pub(crate) struct Store {
    pub disk: Rc<Disk>,
    pub sealing: Rc<Sealing>,
    pub snapshots: snapshot::Snapshots,
    pub values: values::RememberedValues,
    pub changes: changes::ChangeSlots,
    /// Whose each key is, by its digest.
    pub identities: Slots<Digest, Identity>,
    /// The digests of the keys that were made through here, by id: by them the key in use is known,
    /// although the server never lists keys themselves.
    pub own_keys: Slots<AccountId, BTreeMap<u64, Digest>>,
    pub lists: lists::Lists,
    /// The key of which a server last said whose it is, for each place of a key, by its digest.
    pub last_keys: Slots<Digest, Digest>,
    /// There while the last refresh with a key failed.
    pub backoffs: Slots<Digest, Backoff>,
    pub sessions: session::Sessions,
    pub loaded: loaded::LoadedSlot,
    pub notices: notice::Notices,
    pub generation: generation::Generation,
    pub stamps: stamp::Stamps,
    pub deadlines: stamp::Deadlines,
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Store").field(&self.disk).finish()
    }
}

impl Store {
    /// The store in these folders, with the keys of sealed files in `keyring`. `storage` is what a setting
    /// of an earlier version says; generations are dated just after the file `dated_after`.
    pub(crate) fn open(
        disk: Disk,
        keyring: Keyring,
        storage: Option<Storage>,
        dated_after: Option<PathBuf>,
        now: fn() -> Timestamp,
    ) -> Self {
        let disk = Rc::new(disk);
        let sealing = Rc::new(Sealing::new(&disk, keyring, storage, &SECRETS));
        Self {
            snapshots: snapshot::Snapshots(Rc::clone(&sealing)),
            values: values::RememberedValues { sealing: Rc::clone(&sealing), now },
            changes: changes::ChangeSlots(Rc::clone(&disk)),
            identities: Slots::new(&disk, "identities"),
            own_keys: Slots::new(&disk, "own-keys"),
            lists: lists::Lists(Rc::clone(&disk)),
            last_keys: Slots::new(&disk, "last-keys"),
            backoffs: Slots::new(&disk, "backoff"),
            sessions: session::Sessions { disk: Rc::clone(&disk), now },
            loaded: loaded::LoadedSlot(Rc::clone(&disk)),
            notices: notice::Notices(Rc::clone(&disk)),
            generation: generation::Generation { disk: Rc::clone(&disk), dated_after },
            stamps: stamp::Stamps(Rc::clone(&disk)),
            deadlines: stamp::Deadlines(Rc::clone(&disk)),
            disk,
            sealing,
        }
    }

    /// The journal of a reset of this profile's key, or of that of none.
    pub(crate) fn reset<'d>(&'d self, profile: Option<&'d str>) -> ResetJournal<'d> {
        ResetJournal { disk: &self.disk, profile }
    }

    /// The key of all digests, made on the first call on this machine.
    pub(crate) fn digest_key(&self) -> Result<DigestKey> {
        digest_key::load(&self.disk)
    }

    /// Plain files in one folder, for tests.
    #[cfg(test)]
    pub(crate) fn in_folder(folder: &std::path::Path) -> Self {
        let disk = Disk::new(folder, &folder.join("cache"), &folder.join("data"));
        Self::open(disk, Keyring::default(), None, None, test_clock)
    }
}

#[cfg(test)]
pub(crate) fn test_clock() -> Timestamp {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    Timestamp(since_1970.as_secs())
}
