//! What the user decided about project files: by their real paths, with the content that was allowed.

use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::domain::{Result, Secret, hex};
use crate::files::{Disk, Slot, is_same, names};

/// A decision about one project file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trusted {
    /// Without links.
    pub path: PathBuf,
    pub decision: Decision,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Decision {
    /// With this content; somebody may have written a secret into it.
    Allowed(#[serde(serialize_with = "Secret::write_down")] Secret),
    Denied,
}

/// The decisions, a file each.
pub(crate) struct Trust<'d>(pub &'d Disk);

impl Trust<'_> {
    /// What was decided about the file at `path`, which has no links. A record that cannot be read is none:
    /// then the user is asked again.
    pub(crate) fn of(&self, path: &Path, file: &Metadata) -> Option<Trusted> {
        self.slot(path).get().or_else(|| {
            // A bind mount is another way to the same file; a hard link is another file.
            let is_it = |known: &Trusted| known.path.metadata().is_ok_and(|known| is_same(&known, file));
            (file.nlink() == 1).then(|| self.all().into_iter().find(is_it)).flatten()
        })
    }

    pub(crate) fn save(&self, trusted: &Trusted) -> Result<()> {
        self.slot(&trusted.path).save(trusted)
    }

    pub(crate) fn forget(&self, path: &Path) -> Result<()> {
        self.slot(path).remove()
    }

    /// All of them, by path.
    pub(crate) fn all(&self) -> Vec<Trusted> {
        let folder = self.folder();
        let slot = |name: String| Slot::new(self.0, folder.join(name)).get();
        let mut all: Vec<Trusted> = names(&folder).into_iter().filter_map(slot).collect();
        all.sort_by(|one, other| one.path.cmp(&other.path));
        all
    }

    fn slot(&self, path: &Path) -> Slot<'_, Trusted> {
        let hash = hex(&Sha256::digest(path.as_os_str().as_bytes()));
        Slot::new(self.0, self.folder().join(format!("{hash}.json")))
    }

    fn folder(&self) -> PathBuf {
        self.0.data.join("projects")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_of_a_path_and_of_other_ways_to_the_same_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = std::fs::canonicalize(folder.path()).expect("a path");
        let disk = Disk::new(&root, &root, &root);
        let trust = Trust(&disk);
        let (one, other) = (root.join("one"), root.join("other"));
        std::fs::write(&one, "only = []").expect("written");
        let metadata = || one.metadata().expect("a file");
        assert_eq!(trust.of(&one, &metadata()), None);
        let allowed = Trusted { path: one.clone(), decision: Decision::Allowed(Secret::new("hunter2")) };
        trust.save(&allowed).expect("saved");
        assert!(!format!("{allowed:?}").contains("hunter2"));
        assert_eq!(trust.of(&one, &metadata()), Some(allowed.clone()));
        // As a bind mount shows it: the same file, another path.
        assert_eq!(trust.of(&other, &metadata()), Some(allowed.clone()));
        std::fs::hard_link(&one, &other).expect("linked");
        assert_eq!(trust.of(&other, &metadata()), None);
        std::fs::remove_file(&one).expect("removed");
        assert_eq!(trust.of(&other, &other.metadata().expect("a file")), None);
        assert_eq!(trust.all(), [allowed]);
        trust.forget(&one).expect("forgotten");
        assert_eq!(trust.all(), []);
    }
}
