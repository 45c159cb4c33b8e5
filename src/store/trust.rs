//! What the user decided about project files: by their real paths, with the content that was allowed.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::domain::{Result, Secret, hex};
use crate::files::{Disk, Slot, names};

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
    pub(crate) fn of(&self, path: &Path) -> Option<Trusted> {
        self.slot(path).get()
    }

    pub(crate) fn save(&self, trusted: &Trusted) -> Result<()> {
        self.slot(&trusted.path).save(trusted)
    }

    pub(crate) fn forget(&self, path: &Path) -> Result<()> {
        self.slot(path).remove()
    }

    /// All of them, by path.
    pub(crate) fn all(&self) -> Vec<Trusted> {
        let mut all: Vec<Trusted> =
            self.records().into_iter().filter_map(|record| Slot::new(self.0, record).get()).collect();
        all.sort_by(|one, other| one.path.cmp(&other.path));
        all
    }

    /// Their files, readable or not.
    pub(crate) fn records(&self) -> Vec<PathBuf> {
        let folder = self.folder();
        names(&folder).into_iter().map(|name| folder.join(name)).collect()
    }

    fn slot(&self, path: &Path) -> Slot<'_, Trusted> {
        let hash = hex(&Sha256::digest(path.as_os_str().as_bytes()));
        Slot::new(self.0, self.folder().join(format!("{hash}.json")))
    }

    /// Where they are.
    pub(crate) fn folder(&self) -> PathBuf {
        self.0.data.join("projects")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_of_a_path_and_of_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = std::fs::canonicalize(folder.path()).expect("a path");
        let disk = Disk::new(&root, &root, &root);
        let trust = Trust(&disk);
        let one = root.join("one");
        assert_eq!(trust.of(&one), None);
        let allowed = Trusted { path: one.clone(), decision: Decision::Allowed(Secret::new("hunter2")) };
        trust.save(&allowed).expect("saved");
        assert!(!format!("{allowed:?}").contains("hunter2"));
        assert_eq!(trust.of(&one), Some(allowed.clone()));
        assert_eq!(trust.of(&root.join("other")), None);
        assert_eq!(trust.all(), [allowed]);
        trust.forget(&one).expect("forgotten");
        assert_eq!(trust.all(), []);
    }
}
