//! Remembered values: what the server will not show, known on this machine alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Secret, Timestamp};

/// How long a value is kept after its variable has gone from the account, in seconds: 30 days.
pub const KEPT_AFTER_DELETION: u64 = 30 * 86_400;

/// An account's remembered values, by the variable's name.
pub type Values = BTreeMap<String, Remembered>;

/// One remembered value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    #[serde(serialize_with = "Secret::write_down")]
    pub value: Secret,
    /// How it came here.
    pub by: RememberedFrom,
    /// When it came here.
    pub at: Timestamp,
    /// When the account was first seen without the variable, if it is.
    pub gone_at: Option<Timestamp>,
    /// When the variable came back after the account had been without it, if it did: its value may
    /// be another one.
    pub made_anew_at: Option<Timestamp>,
}

/// How a remembered value came here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RememberedFrom {
    /// It was sent to the account from here.
    Sent,
    /// The user gave it with `remember`.
    Given,
    /// The server showed it, before it hid it.
    #[serde(rename = "told")]
    Shown,
}

/// Variables whose known values are not to be relied on, by name.
pub type Doubts = BTreeMap<String, Doubt>;

/// Why a value is not to be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Doubt {
    /// A new value was about to be sent.
    Put,
    /// The variable was about to be deleted.
    Removal,
    /// A new value was sent, and the server hides it: what is remembered is older.
    Superseded,
}

impl Remembered {
    /// `value`, remembered now.
    pub fn new(value: Secret, by: RememberedFrom, now: Timestamp) -> Self {
        Self { value, by, at: now, gone_at: None, made_anew_at: None }
    }

    /// Whether its variable has been gone for so long that it is kept no longer.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        let gone_for = self.gone_at.and_then(|gone_at| now.since(gone_at));
        gone_for.is_some_and(|seconds| seconds >= KEPT_AFTER_DELETION)
    }

    /// Whether anything tells that the account may hold another value by now.
    pub fn may_be_outdated(&self) -> bool {
        self.made_anew_at.is_some()
    }
}
