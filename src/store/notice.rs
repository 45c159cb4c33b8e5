//! Notices already shown, so that a lasting problem is not told at the start of every shell.

use std::path::PathBuf;

use super::Store;

impl Store {
    /// Whether the notice called `id` was shown on this machine since its problem began.
    pub fn was_told(&self, id: &str) -> bool {
        self.notice_path(id).exists()
    }

    /// Remembers that the notice called `id` was shown.
    pub fn remember_told(&self, id: &str) {
        // Where this cannot be written, the notice is told once more: no harm.
        let _ = self.write(&self.notice_path(id), b"");
    }

    /// Forgets all notices: their problems have gone.
    pub fn forget_told(&self) {
        let folder = self.state.join("notices");
        if folder.exists() {
            // What stays keeps one notice from being told again: no harm.
            let _ = std::fs::remove_dir_all(folder);
        }
    }

    fn notice_path(&self, id: &str) -> PathBuf {
        self.state.join("notices").join(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_remembered_until_forgotten() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path(), folder.path(), folder.path());
        assert!(!store.was_told("offline"));
        store.remember_told("offline");
        assert!(store.was_told("offline") && !store.was_told("other"));
        store.forget_told();
        assert!(!store.was_told("offline"));
    }
}
