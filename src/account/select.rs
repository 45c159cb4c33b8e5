//! Which account is meant: answered here alone, for commands, prompts, TAB and detached processes.

use std::path::PathBuf;

use crate::config::Paths;
use crate::credentials::{self, Credential};
use crate::domain::{Result, Secret, ServerUrl};
use crate::sealing::Vault;

/// What names the account: the command line, the environment, else the files.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    pub paths: Paths,
    /// `--api-key`.
    pub flag: Option<Secret>,
    /// `VAST_API_KEY`.
    pub variable: Option<Secret>,
    /// `--url`, else `VAST_URL`.
    pub url: Option<String>,
}

impl Selection {
    pub(crate) fn server(&self) -> Result<ServerUrl> {
        self.url.as_deref().map_or_else(|| Ok(ServerUrl::default()), ServerUrl::parse)
    }

    /// The key in use.
    pub(crate) fn credential(&self, vault: &Vault) -> Result<Credential> {
        credentials::find(self.flag.as_ref(), self.variable.as_ref(), &self.paths, vault)
    }

    /// The key that a detached process is given, as it does not see the command line; `None` where the files
    /// name it.
    pub(crate) fn given_key(&self) -> Option<&Secret> {
        self.flag.as_ref().or(self.variable.as_ref())
    }

    /// The files by which another account may be meant, or the same one otherwise.
    pub(crate) fn watched_files(&self) -> [PathBuf; 3] {
        [self.paths.api_key(), self.paths.tfa_key(), self.paths.config_file.clone()]
    }
}
