//! Which account something belongs to.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::{ServerUrl, hex};

/// An account: a server and the user there. Survives a change of key.
///
/// Its text is 16 hex digits, a hash of both, fit for a folder's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccountId(String);

impl AccountId {
    /// The account of the user that `server` calls `user` (a user id, or what stands for one).
    pub fn new(server: &ServerUrl, user: &str) -> Self {
        let hash =
            Sha256::new().chain_update(server.as_str()).chain_update(b"\n").chain_update(user).finalize();
        Self(hex(&hash[..8]))
    }

    /// Reads an id back from a file or the ledger; `None` if it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        fits.then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for AccountId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
