//! The projects that the user allowed or denied.

use std::fs::canonicalize;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::machine::Machine;
use super::project::{decision, failure, read};
use crate::domain::{Failure, Result, Secret};
use crate::files::Refused;
use crate::project::Project;
use crate::store::{Decision, Trust, Trusted};

/// A project file as it was read.
#[derive(Debug)]
pub(crate) struct ProjectFile {
    pub project: Project,
    pub content: Secret,
    /// What was allowed before.
    pub allowed: Option<Secret>,
    path: PathBuf,
}

/// What became of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TrustState {
    Allowed,
    /// It was allowed with another content.
    Changed,
    Denied,
    /// It is broken, or is not used whatever was decided.
    Refused,
    Gone,
}

impl TrustState {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Changed => "changed",
            Self::Denied => "denied",
            Self::Refused => "refused",
            Self::Gone => "gone",
        }
    }
}

impl Machine {
    /// Reads the project file `file` to show it and allow it.
    ///
    /// # Errors
    /// It is broken or refused.
    pub(crate) fn project_file(&self, file: &Path) -> Result<ProjectFile> {
        let (content, project) = read(file).map_err(|refused| failure(file, refused))?;
        let allowed = match decision(&self.store.disk, file) {
            Ok(Some(Decision::Allowed(content))) => Some(content),
            Ok(Some(Decision::Denied) | None) | Err(_) => None,
        };
        Ok(ProjectFile { project, content, allowed, path: real_path(file)? })
    }

    /// Allows a project file with the content that was read.
    pub(crate) fn allow(&self, file: &ProjectFile) -> Result<()> {
        self.decide(file.path.clone(), Decision::Allowed(file.content.clone()))
    }

    /// Ignores the project file `file` from now on, whatever it is.
    pub(crate) fn deny(&self, file: &Path) -> Result<()> {
        self.decide(real_path(file)?, Decision::Denied)
    }

    fn decide(&self, path: PathBuf, decision: Decision) -> Result<()> {
        if path.to_str().is_none() {
            return Err(Failure::failed(format!("the path {} is not UTF-8", path.display()))
                .hint("rename its folder"));
        }
        self.trust().save(&Trusted { path, decision })?;
        self.publish()
    }

    /// Lets every shell load at its next prompt.
    pub(crate) fn publish(&self) -> Result<()> {
        self.store.generation.publish(self.now()).map(drop)
    }

    /// Every project file about which the user decided.
    pub(crate) fn decided_projects(&self) -> Vec<(PathBuf, TrustState)> {
        self.trust().all().into_iter().map(|trusted| (trusted.path.clone(), state(&trusted))).collect()
    }

    /// Forgets the decisions about files that are gone; gives their paths.
    pub(crate) fn forget_gone_projects(&self) -> Result<Vec<PathBuf>> {
        let all = self.decided_projects().into_iter();
        let gone: Vec<PathBuf> =
            all.filter(|(_, state)| *state == TrustState::Gone).map(|(path, _)| path).collect();
        gone.iter().try_for_each(|path| self.trust().forget(path))?;
        Ok(gone)
    }

    pub(super) fn trust(&self) -> Trust<'_> {
        Trust(&self.store.disk)
    }
}

fn real_path(file: &Path) -> Result<PathBuf> {
    canonicalize(file).map_err(|_| failure(file, Refused::Gone))
}

fn state(Trusted { path, decision }: &Trusted) -> TrustState {
    let missing =
        |error: std::io::Error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
    if path.symlink_metadata().is_err_and(missing) {
        return TrustState::Gone;
    }
    match (decision, read(path)) {
        (Decision::Denied, _) => TrustState::Denied,
        (Decision::Allowed(_), Err(_)) => TrustState::Refused,
        (Decision::Allowed(allowed), Ok((content, _))) if *allowed == content => TrustState::Allowed,
        (Decision::Allowed(_), Ok(_)) => TrustState::Changed,
    }
}
