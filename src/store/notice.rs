//! Notices already shown, so that a lasting problem is not told at the start of every shell.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;

use crate::domain::AccountId;
use crate::files::{Disk, Slot};

pub(crate) struct Notices(pub(super) Rc<Disk>);

impl Notices {
    /// Whether the notice called `id` was shown on this machine since its problem began.
    pub(crate) fn was_told(&self, id: &str) -> bool {
        self.path(id).exists()
    }

    /// Remembers that the notice called `id` was shown.
    pub(crate) fn remember(&self, id: &str) {
        // Where this cannot be written, the notice is told once more: no harm.
        let _ = self.0.write(&self.path(id), b"");
    }

    /// Forgets the notices of problems that have gone: all but those whose ids begin with one of `lasting`.
    pub(crate) fn forget(&self, lasting: &[&str]) {
        let Ok(entries) = std::fs::read_dir(self.0.state.join("notices")) else { return };
        for entry in entries.flatten() {
            let id = entry.file_name();
            if !lasting.iter().any(|problem| id.as_encoded_bytes().starts_with(problem.as_bytes())) {
                // What stays keeps one notice from being told again: no harm.
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    /// Whether `by` (a command, or the hook) has something new to tell of the variables in `hidden`; from
    /// then on they are told, until their values are `known`: a project may leave them out for a while. Where
    /// that cannot be written down, silence is better than a line at every prompt.
    pub(crate) fn tells_hidden(
        &self,
        account: &AccountId,
        by: &str,
        hidden: &[&str],
        known: &BTreeSet<&str>,
    ) -> bool {
        let path = self.0.state.join("hidden").join(format!("{account}-{by}.json"));
        let slot = Slot::<BTreeSet<String>>::new(&self.0, path);
        let told = slot.get().unwrap_or_default();
        let mut now: BTreeSet<String> = hidden.iter().map(|name| (*name).to_owned()).collect();
        let is_news = !now.is_subset(&told);
        now.extend(told.iter().filter(|name| !known.contains(name.as_str())).cloned());
        now != told && slot.save(&now).is_ok() && is_news
    }

    fn path(&self, id: &str) -> PathBuf {
        self.0.state.join("notices").join(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ServerUrl;

    #[test]
    fn a_notice_is_remembered_until_forgotten() {
        let folder = tempfile::tempdir().expect("a folder");
        let notices = Notices(Rc::new(Disk::new(folder.path(), folder.path(), folder.path())));
        assert!(!notices.was_told("offline"));
        notices.remember("offline");
        notices.remember("locked-1");
        assert!(notices.was_told("offline") && !notices.was_told("other"));
        notices.forget(&["locked"]);
        assert!(!notices.was_told("offline") && notices.was_told("locked-1"));
        notices.forget(&[]);
        assert!(!notices.was_told("locked-1"));
    }

    #[test]
    fn only_a_hidden_name_that_is_new_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let notices = Notices(Rc::new(Disk::new(folder.path(), folder.path(), folder.path())));
        let account = AccountId::new(&ServerUrl::default(), "1");
        let tells = |by: &str, hidden: &[&str], known: &[&str]| {
            notices.tells_hidden(&account, by, hidden, &known.iter().copied().collect())
        };
        assert!(!tells("hook", &[], &[]));
        assert!(tells("hook", &["A", "B"], &[]));
        assert!(tells("refresh", &["A"], &[]));
        assert!(!tells("hook", &["A", "B"], &[]));
        // In a project without B, and outside again.
        assert!(!tells("hook", &["A"], &["C"]));
        assert!(!tells("hook", &["A", "B"], &["C"]));
        assert!(!tells("hook", &["A"], &["B", "C"]));
        assert!(tells("hook", &["A", "B"], &[]));
    }
}
