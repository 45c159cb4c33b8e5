//! Which entries of the keyring are in use: a small file without a secret in it.
//!
//! An entry is never overwritten. What replaces one goes under a new name, and this file then names
//! the new one: so a cache can never be out of date, and an old entry that comes back with a restored
//! keyring still opens what was sealed with it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{KeyId, Vault};
use crate::domain::{Failure, Result};
use crate::files::{read_private, write_private};

/// The version of the file's format.
const VERSION: u32 = 1;

/// The names of the entries in use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Current {
    /// The key that seals files from now on.
    pub data_key: Option<KeyId>,
    pub api_key: Option<KeyId>,
}

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    data_key: Option<String>,
    api_key: Option<String>,
}

impl Vault {
    /// The file that names the entries in use.
    pub fn current_path(&self) -> PathBuf {
        self.data.join("keyring.json")
    }

    /// The entries in use; none where there is no file.
    pub fn current(&self) -> Result<Current> {
        let path = self.current_path();
        let Some(bytes) = read_private(&path, &mut Vec::new())? else { return Ok(Current::default()) };
        let damaged = || {
            let shown = shell_escape::escape(path.to_string_lossy());
            Failure::unavailable(format!("{} is damaged, or another version's", path.display()))
                .hint(format!("move it away: mv {shown} {shown}.away"))
        };
        let file: File = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
        if file.version != VERSION {
            return Err(damaged());
        }
        let id = |text: Option<String>| match text {
            Some(text) => KeyId::parse(&text).map(Some).ok_or_else(damaged),
            None => Ok(None),
        };
        Ok(Current { data_key: id(file.data_key)?, api_key: id(file.api_key)? })
    }

    /// Writes which entries are in use.
    pub(super) fn save_current(&self, current: &Current) -> Result<()> {
        let text = |id: &Option<KeyId>| id.as_ref().map(|id| id.as_str().to_owned());
        let file =
            File { version: VERSION, data_key: text(&current.data_key), api_key: text(&current.api_key) };
        let bytes = serde_json::to_vec(&file)
            .map_err(|error| Failure::failed(format!("cannot note the keyring's entries: {error}")))?;
        write_private(&self.current_path(), &bytes, &mut Vec::new())
    }
}
