//! The project that a folder is in, and what counts of it.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::domain::Failure;
use crate::files::Disk;
use crate::project::{FILE, Project};

/// The nearest project file of a folder.
#[derive(Clone, Debug, Default)]
pub(crate) struct FoundProject {
    /// Its path, as the folder's is spelled.
    pub file: Option<PathBuf>,
    /// When it was last written, as it was before it was read.
    pub modified: Option<SystemTime>,
    pub state: ProjectState,
}

/// What counts of a project file.
#[derive(Clone, Debug, Default)]
pub(crate) enum ProjectState {
    /// There is none, or the user denied it.
    #[default]
    None,
    /// This does.
    InForce {
        /// What counts: all of an allowed file, else what it takes away.
        project: Box<Project>,
        is_allowed: bool,
        /// The keys that wait for `vastenv allow`.
        waiting: Vec<&'static str>,
    },
    /// It is refused or broken.
    Unusable(Failure),
}

impl FoundProject {
    /// The project of `folder`, which is absolute.
    pub(crate) fn of(disk: &Disk, folder: &Path) -> Self {
        let _ = disk;
        let file = folder.ancestors().map(|folder| folder.join(FILE)).find(|file| file.metadata().is_ok());
        let modified = file.as_deref().and_then(crate::files::modified);
        Self { file, modified, state: ProjectState::None }
    }

    /// What counts of it.
    pub(crate) fn in_force(&self) -> Option<&Project> {
        match &self.state {
            ProjectState::InForce { project, .. } => Some(project),
            _ => None,
        }
    }

    /// Whether it is one that the user allowed.
    pub(crate) fn is_allowed(&self) -> bool {
        matches!(self.state, ProjectState::InForce { is_allowed: true, .. })
    }
}
