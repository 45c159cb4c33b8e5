//! The kernel's session keyring: what the operating system's keyring gave once, kept for hours in
//! memory that never reaches a disk, so that a new shell need not ask over D-Bus.
//!
//! It dies with the login session. Entries never change under their name, so what is kept here is
//! never out of date; it may only outlive an entry that was deleted, until its time is up. Where the
//! kernel does not let us (a container's filter, say), nothing is kept, and everything works slower.

use linux_keyutils::{Key, KeyRing, KeyRingIdentifier};
use zeroize::Zeroizing;

use crate::domain::Secret;

/// How long an entry is kept, in seconds.
const KEPT: usize = 8 * 3600;

/// The longest text that is kept, in bytes.
const LONGEST: usize = 1024;

/// The text kept under `entry`.
pub(super) fn get(entry: &str) -> Option<Secret> {
    let mut bytes = Zeroizing::new(vec![0; LONGEST]);
    let length = find(entry)?.read(&mut *bytes).ok()?;
    let text = std::str::from_utf8(bytes.get(..length)?).ok()?;
    Some(Secret::new(text))
}

/// Keeps `text` under `entry`, if the kernel lets us.
pub(super) fn put(entry: &str, text: &Secret) {
    if text.expose().is_empty() || text.expose().len() > LONGEST {
        return;
    }
    let added = session().and_then(|ring| ring.add_key(&description(entry), text.expose()).ok());
    if let Some(key) = added {
        // One that would stay until the session ends is not wanted.
        let _ = key.set_timeout(KEPT).or_else(|_| key.invalidate());
    }
}

/// Forgets what is kept under `entry`.
pub(super) fn forget(entry: &str) {
    if let Some(key) = find(entry) {
        // Where it cannot be removed, its time will be up.
        let _ = key.invalidate();
    }
}

fn find(entry: &str) -> Option<Key> {
    session()?.search(&description(entry)).ok()
}

fn session() -> Option<KeyRing> {
    KeyRing::from_special_id(KeyRingIdentifier::Session, false).ok()
}

fn description(entry: &str) -> String {
    format!("vastenv:{entry}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::KeyId;

    #[test]
    fn what_is_kept_comes_back_until_it_is_forgotten() {
        let entry = format!("test-{}", KeyId::random().expect("a name"));
        assert_eq!(get(&entry), None);
        put(&entry, &Secret::new("kept"));
        // Some containers keep programs from the kernel's keyrings: then nothing was kept.
        let permitted = session().and_then(|ring| ring.add_key("vastenv:probe", "x").ok());
        let permitted = permitted.is_some_and(|probe| probe.invalidate().is_ok());
        assert_eq!(get(&entry), permitted.then(|| Secret::new("kept")));
        forget(&entry);
        assert_eq!(get(&entry), None);
    }
}
