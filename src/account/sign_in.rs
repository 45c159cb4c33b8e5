//! A new key: whose it is, and where it is kept.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use super::Remote;
use crate::config::Paths;
use crate::domain::{Failure, Result, Secret, Timestamp, format_duration};
use crate::files::{unwritable, write_private};
use crate::store::{Identity, Store};

/// Where a key was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedKey {
    /// The key file.
    pub path: PathBuf,
    /// The official client's old key file, if there was one; it is gone.
    pub removed_legacy: Option<PathBuf>,
    /// What was mended on the way: sentences for the user.
    pub notes: Vec<String>,
}

impl Remote<'_> {
    /// Asks the server whose the key is, whatever was known before.
    ///
    /// # Errors
    /// The server refused the key, or could not be asked.
    pub async fn verify(&self) -> Result<Identity> {
        let account = &self.account;
        let user = self.client.current_user().await?;
        let identity =
            Identity { user: Some(user.id), email: user.email.or(user.username), refused_at: None };
        account.store.clear_backoff(&account.key);
        account.store.save_identity(&account.key, &identity)?;
        Ok(identity)
    }
}

impl Remote<'_> {
    /// Like [`Self::verify`], given up after `limit`.
    ///
    /// # Errors
    /// Those of [`Self::verify`], and that the limit has passed.
    pub async fn verify_within(&self, limit: Duration) -> Result<Identity> {
        tokio::time::timeout(limit, self.verify()).await.unwrap_or_else(|_| {
            let (host, limit) = (self.account.server.host(), format_duration(limit.as_secs()));
            Err(Failure::unavailable(format!("no answer from {host} within {limit}")))
        })
    }
}

/// Saves `key` where the official client looks for it too, and tells every shell.
///
/// # Errors
/// The file cannot be written, or the old one not removed.
pub fn save_key(paths: &Paths, store: &Store, key: &Secret, now: Timestamp) -> Result<SavedKey> {
    let path = paths.api_key();
    let mut notes = Vec::new();
    write_private(&path, key.expose().as_bytes(), &mut notes)?;
    let removed_legacy = match &paths.legacy_key {
        Some(legacy) => match std::fs::remove_file(legacy) {
            Ok(()) => Some(legacy.clone()),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(unwritable(legacy, &error)),
        },
        None => None,
    };
    store.publish_generation(now)?;
    Ok(SavedKey { path, removed_legacy, notes })
}
