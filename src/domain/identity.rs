//! Whose a key is: remembered for each key by its digest, so that a shell knows the account without
//! asking the server, and a new key of the same account finds the same snapshot.

use serde::{Deserialize, Serialize};

use super::{AccountId, Digest, ServerUrl, Timestamp};

/// What a user is called whom the server does not name, before the key's digest.
const UNNAMED: &str = "key-";

/// What the server last said of one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The user's id, or a placeholder where the server does not tell.
    pub user: Option<String>,
    /// The user's e-mail address, if the server tells.
    pub email: Option<String>,
    /// When the server refused the key, if that was its last word.
    pub refused_at: Option<Timestamp>,
}

impl Identity {
    /// The user of a key whom the server does not name: known by the key's digest.
    pub fn unnamed(key: &Digest) -> Self {
        Self { user: Some(format!("{UNNAMED}{}", key.as_str())), email: None, refused_at: None }
    }

    /// Whether the server named the user.
    pub fn is_named(&self) -> bool {
        self.user.as_ref().is_some_and(|user| !user.starts_with(UNNAMED))
    }

    /// The account behind the key, if it ever was accepted.
    pub fn account(&self, server: &ServerUrl) -> Option<AccountId> {
        self.user.as_ref().map(|user| AccountId::new(server, user))
    }
}
