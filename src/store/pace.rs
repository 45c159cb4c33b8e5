//! When variables were last changed with a key, by whichever process: the service wants some time
//! between two changes of a kind.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::Store;
use super::stamp::modification_time;
use crate::domain::{Digest, Result};

impl Store {
    /// Notes that a change of this `kind` was answered just now. It is the time of an empty file.
    ///
    /// # Errors
    /// The state folder cannot be written.
    pub fn note_change(&self, key: &Digest, kind: &str) -> Result<()> {
        self.ensure(&self.state.join("changes"))?;
        self.mark(&self.change_path(key, kind), SystemTime::now())
    }

    /// How long ago the last change of this `kind` was answered; `None` if none is known of, or the
    /// clock was set back since.
    pub fn last_change(&self, key: &Digest, kind: &str) -> Option<Duration> {
        SystemTime::now().duration_since(modification_time(&self.change_path(key, kind))?).ok()
    }

    fn change_path(&self, key: &Digest, kind: &str) -> PathBuf {
        self.state.join("changes").join(format!("{}-{kind}", key.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::DigestKey;

    #[test]
    fn each_key_and_kind_has_its_own_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path(), folder.path(), folder.path());
        let [one, other] = [b"one", b"two"].map(|key| DigestKey::new([1; 32]).digest(&[key]));
        assert_eq!(store.last_change(&one, "create"), None);
        store.note_change(&one, "create").expect("written");
        assert!(store.last_change(&one, "create").is_some());
        assert_eq!((store.last_change(&one, "update"), store.last_change(&other, "create")), (None, None));
        let later = SystemTime::now() + Duration::from_secs(3600);
        store.mark(&store.change_path(&one, "create"), later).expect("written");
        assert_eq!(store.last_change(&one, "create"), None);
    }
}
