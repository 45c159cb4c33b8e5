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

    /// Forgets the notices of problems that have gone: all but those whose ids begin with one of `lasting`.
    pub fn forget_told(&self, lasting: &[&str]) {
        let Ok(entries) = std::fs::read_dir(self.state.join("notices")) else { return };
        for entry in entries.flatten() {
            let id = entry.file_name();
            if !lasting.iter().any(|problem| id.as_encoded_bytes().starts_with(problem.as_bytes())) {
                // What stays keeps one notice from being told again: no harm.
                let _ = std::fs::remove_file(entry.path());
            }
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
        store.remember_told("locked-1");
        assert!(store.was_told("offline") && !store.was_told("other"));
        store.forget_told(&["locked"]);
        assert!(!store.was_told("offline") && store.was_told("locked-1"));
        store.forget_told(&[]);
        assert!(!store.was_told("locked-1"));
    }
}
