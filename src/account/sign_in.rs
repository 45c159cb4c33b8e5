//! A new key: whose it is, and where it is kept.

use std::time::Duration;

use super::Remote;
use crate::config::Paths;
use crate::credentials::Source;
use crate::domain::{Failure, Result, Secret, Timestamp, format_duration};
use crate::files::{self, remove, write_private};
use crate::store::{Identity, Store};

/// Where a key is to be saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// In the key file, where the official client looks for it too.
    File,
    /// In the keyring of the operating system.
    Keyring,
}

/// Where a key was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedKey {
    /// Where it is found from now on.
    pub source: Source,
    /// Places where a key was before, and is no more.
    pub removed: Vec<Source>,
    /// What was mended on the way, or is not as it should be: sentences for the user.
    pub notes: Vec<String>,
}

impl Remote<'_> {
    /// Asks the server whose the key is, whatever was known before.
    pub async fn verify(&self) -> Result<Identity> {
        let account = &self.account;
        let asked = self.client.current_user().await;
        let user = match asked {
            Err(failure) if failure.is_right_missing() => {
                let known =
                    account.identity()?.filter(|known| known.is_named() && known.refused_at.is_none());
                if known.is_none() {
                    account
                        .store
                        .identities
                        .of(&account.key)
                        .save_if_possible(&Identity::unnamed(&account.key))?;
                }
                account.store.backoffs.of(&account.key).clear();
                return Err(failure);
            }
            asked => asked?,
        };
        let identity =
            Identity { user: Some(user.id), email: user.email.or(user.username), refused_at: None };
        account.store.backoffs.of(&account.key).clear();
        account.store.identities.of(&account.key).save_if_possible(&identity)?;
        Ok(identity)
    }

    /// Like [`Self::verify`], given up after `limit`.
    pub async fn verify_within(&self, limit: Duration) -> Result<Identity> {
        tokio::time::timeout(limit, self.verify()).await.unwrap_or_else(|_| {
            let (host, limit) = (self.account.server.host(), format_duration(limit.as_secs()));
            Err(Failure::unavailable(format!("no answer from {host}{} within {limit}", self.client.via())))
        })
    }
}

/// Saves `key` in one place, removes what lies in the others, and tells every shell.
pub fn save_key(
    paths: &Paths,
    store: &Store,
    key: &Secret,
    place: KeyPlace,
    now: Timestamp,
) -> Result<SavedKey> {
    let (mut notes, mut removed) = (Vec::new(), Vec::new());
    let file = Source::KeyFile(paths.api_key());
    let source = match place {
        KeyPlace::File => {
            write_private(&paths.api_key(), key.expose().as_bytes(), &mut notes)?;
            match store.sealing.vault.delete_api_key() {
                Ok(true) => removed.push(Source::Keyring),
                Ok(false) => {}
                // Nobody asks for it any more.
                Err(failure) => notes.push(failure.message().to_owned()),
            }
            file
        }
        KeyPlace::Keyring => {
            store.sealing.vault.put_api_key(key)?;
            if paths.api_key().exists() {
                remove(&paths.api_key())?;
                removed.push(file);
            }
            Source::Keyring
        }
    };
    if let Some(legacy) = paths.legacy_key.as_ref().filter(|legacy| legacy.exists()) {
        remove(legacy)?;
        removed.push(Source::LegacyFile(legacy.clone()));
    }
    files::sweep(&paths.vastai_config);
    store.disk.sweep_leftovers();
    store.generation.publish(now)?;
    Ok(SavedKey { source, removed, notes })
}
