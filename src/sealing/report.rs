//! How secrets are stored, and whether they can be read.

use super::convert::{SecretFile, secret_files};
use super::entries::Storage;
use super::file::{ENTER_AGAIN, Sealing};
use super::format::KeyId;
use super::keyring::Trouble;
use crate::domain::{Failure, Kind, Result, count};

/// How secrets are stored.
#[derive(Debug)]
pub struct StorageReport {
    pub wanted: Storage,
    /// Files that are not (yet) of that form.
    pub others: Vec<SecretFile>,
    /// Sealed files whose key the keyring has lost.
    pub lost: Vec<SecretFile>,
    /// The keyring's state, where anything depends on it. It counts as lost only where no file can be
    /// opened with it.
    pub keyring: Option<std::result::Result<(), Trouble>>,
    /// Whether the API key in use, should no other come first, is in the keyring.
    pub api_key: bool,
}

/// Looks at every file that holds values. The keyring is asked, where anything depends on it.
pub fn report(sealing: &Sealing) -> Result<StorageReport> {
    let files = secret_files(sealing)?;
    let vault = &sealing.vault;
    let (wanted, current) = (sealing.storage()?, vault.entries()?);
    let is_on = wanted == Storage::Keyring;
    let mut states: Vec<(KeyId, std::result::Result<(), Trouble>)> = Vec::new();
    let in_use = files.iter().filter_map(|file| file.key.clone());
    for id in in_use.chain(current.data_key.filter(|_| is_on)) {
        if states.iter().all(|(known, _)| *known != id) {
            let state = vault.data_key_in_keyring(&id).map(drop);
            states.push((id, state));
        }
    }
    let is_lost = |file: &SecretFile| {
        states.iter().any(|(id, state)| file.key.as_ref() == Some(id) && *state == Err(Trouble::Missing))
    };
    let lost: Vec<_> = files.iter().filter(|file| is_lost(file)).cloned().collect();
    let keyring = match (&current.api_key, states.is_empty()) {
        (_, false) => {
            let states = states.into_iter().map(|(_, state)| state);
            // One that is of no use at all first, then one that has a key.
            states.min_by_key(|state| match state {
                Ok(()) => 1,
                Err(Trouble::Missing) => 2,
                Err(_) => 0,
            })
        }
        (Some(id), true) => Some(vault.holds_api_key(id)),
        (None, true) if is_on => Some(vault.is_reachable()),
        (None, true) => None,
    };
    let others = files.into_iter().filter(|file| file.is_sealed != is_on).collect();
    Ok(StorageReport { wanted, others, lost, keyring, api_key: current.api_key.is_some() })
}

impl StorageReport {
    /// One line for a person.
    pub fn sentence(&self) -> String {
        let mut text = match self.wanted {
            Storage::File => "private files".to_owned(),
            Storage::Keyring => "files encrypted with a key in the keyring".to_owned(),
        };
        if let Some(state) = &self.keyring {
            let state = match state {
                Ok(()) => "the keyring answers".to_owned(),
                Err(Trouble::Missing) => "the keyring no longer has it".to_owned(),
                Err(trouble) => trouble.to_string(),
            };
            text.push_str(&format!(" ({state})"));
        }
        if self.api_key {
            text.push_str("; the API key is in the keyring");
        }
        for file in &self.lost {
            let (values, path) = (count(file.values, "value"), file.path.display());
            text.push_str(&format!("; the keyring no longer has the key of the {values} in {path}"));
        }
        if !self.others.is_empty() {
            let form = if self.wanted == Storage::Keyring { "not encrypted" } else { "still encrypted" };
            let paths: Vec<_> = self.others.iter().map(|file| file.path.display().to_string()).collect();
            text.push_str(&format!("; {form}: {}", paths.join(", ")));
        }
        text
    }

    /// What is wrong with it, if anything is.
    pub fn problem(&self) -> Option<Failure> {
        match &self.keyring {
            Some(Err(trouble)) => Some(Failure::new(Kind::Unavailable, self.sentence()).hint(trouble.hint())),
            _ if !self.lost.is_empty() => {
                let is_cache = self.lost.iter().all(|file| file.kind.is_cache);
                let fix = if is_cache { "fetch it again: vastenv refresh" } else { ENTER_AGAIN };
                Some(Failure::new(Kind::Unavailable, self.sentence()).hint(fix))
            }
            _ if !self.others.is_empty() => {
                Some(Failure::failed(self.sentence()).hint(format!("vastenv storage {}", self.wanted)))
            }
            _ => None,
        }
    }
}
