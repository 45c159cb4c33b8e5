//! The account itself, and the file format that keeps it.
//!
//! The state file is one JSON object. Every field may be missing, so that `{"secrets": {"A": "b"}}`
//! is a whole account; what is missing gets the values of a new one:
//! ```json
//! {
//!  "user": {"id": 123456, "email": "you@sandbox.invalid", "username": "sandbox", "credit": 0.0},
//!  "api_keys": [{"id": 1, "key": "…", "name": "sandbox", "created_at": 1700000000,
//!                "permissions": {"api": {"user_read": {}}}, "key_params": {}, "user_id": 123456}],
//!  "secrets": {"NAME": "value"},
//!  "ssh_keys": [{"id": 2, "public_key": "ssh-ed25519 AAAA… comment", "created_at": 1700000000}],
//!  "instances": [{"id": 20931234, "label": "train", "actual_status": "running"}],
//!  "next_id": 3
//! }
//! ```
//! Names, values and keys are taken as they are, also those that the API would refuse to create.
//! An instance may have any field of the API's; what is null stays null. An API key without `permissions` may do everything; one with the `user_id` of somebody else does
//! not open this account, is not listed, and cannot be deleted (403).

use std::collections::BTreeMap;

use hyper::StatusCode;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

use super::answer::Answer;
use super::instances::{self, Row};
use super::permissions;
use crate::domain::{Secret, Timestamp};

/// Everything that the sandbox knows of its one user.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Account {
    pub user: User,
    pub api_keys: Vec<ApiKey>,
    #[serde(serialize_with = "expose_all")]
    pub secrets: BTreeMap<String, Secret>,
    pub ssh_keys: Vec<SshKey>,
    pub instances: Vec<Row>,
    next_id: u64,
}

/// Who the account belongs to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct User {
    /// 0 is none yet.
    pub id: u64,
    pub email: String,
    pub username: String,
    pub credit: f64,
}

/// A key that opens the account, or a part of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiKey {
    /// 0 is none yet.
    #[serde(default)]
    pub id: u64,
    #[serde(serialize_with = "expose")]
    pub key: Secret,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// `None` may do everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_params: Option<Value>,
    /// `None` is the account's own user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<u64>,
}

/// A public key that opens the user's machines.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SshKey {
    /// 0 is none yet.
    #[serde(default)]
    pub id: u64,
    pub public_key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
}

impl Default for User {
    fn default() -> Self {
        Self { id: 0, email: "you@sandbox.invalid".to_owned(), username: "sandbox".to_owned(), credit: 0.0 }
    }
}

impl Account {
    /// Gives a new or hand-written account what it lacks: ids, and a key that opens it.
    pub(super) fn complete(&mut self, user_id: u64, key: Secret, now: Timestamp) {
        if self.user.id == 0 {
            self.user.id = user_id;
        }
        let ids = self.api_keys.iter().map(|key| key.id).chain(self.ssh_keys.iter().map(|key| key.id));
        let mut next = self.next_id.max(ids.max().unwrap_or(0).saturating_add(1));
        let unnumbered = (self.api_keys.iter_mut().map(|key| &mut key.id))
            .chain(self.ssh_keys.iter_mut().map(|key| &mut key.id))
            .filter(|id| **id == 0);
        for id in unnumbered {
            *id = next;
            next = next.saturating_add(1);
        }
        self.next_id = next;
        self.instances.iter_mut().for_each(|row| instances::complete(row, now));
        if self.own_keys().next().is_none() {
            let id = self.take_id();
            self.api_keys.push(ApiKey {
                id,
                key,
                name: Some("sandbox".to_owned()),
                created_at: Some(now),
                permissions: None,
                key_params: None,
                user_id: None,
            });
        }
    }

    /// An id that nothing in the account had before.
    pub(super) fn take_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id = id.saturating_add(1);
        id
    }

    /// The keys that open this account.
    pub(super) fn own_keys(&self) -> impl Iterator<Item = &ApiKey> {
        self.api_keys.iter().filter(|key| key.belongs_to(self.user.id))
    }

    /// The key that `token` is, if it may do what `category` (`user_read`, say) stands for.
    pub(super) fn authorize(&self, token: Option<&Secret>, category: &str) -> Result<&ApiKey, Answer> {
        let key = token
            .and_then(|token| self.own_keys().find(|key| key.key == *token))
            .ok_or_else(|| Answer::refused(StatusCode::UNAUTHORIZED, "auth_error", "Invalid user key"))?;
        let granted = key.permissions.as_ref().is_none_or(|given| permissions::grant(given, category));
        if !granted {
            let msg = format!("This API key lacks the permission {category}");
            return Err(Answer::refused(StatusCode::FORBIDDEN, "permission_denied", msg));
        }
        Ok(key)
    }

    /// `GET /users/current/`.
    pub(super) fn show_user(&self) -> Value {
        let User { id, email, username, credit } = &self.user;
        let ssh_key = self.ssh_keys.last().map_or("", |key| key.public_key.as_str());
        json!({
            "id": id, "email": email, "username": username, "credit": credit, "balance": credit,
            "ssh_key": ssh_key, "host_agreement_accepted": false,
        })
    }
}

impl ApiKey {
    /// Whether the key opens the account of the user `id`.
    pub(super) fn belongs_to(&self, id: u64) -> bool {
        self.user_id.is_none_or(|owner| owner == id)
    }
}

fn expose<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

fn expose_all<S: Serializer>(secrets: &BTreeMap<String, Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(secrets.len()))?;
    for (name, value) in secrets {
        map.serialize_entry(name, value.expose())?;
    }
    map.end()
}

#[cfg(test)]
impl Account {
    /// An account with one key, `the key`, of the user 7.
    pub(super) fn sample() -> Self {
        Self::from_json(&json!({}))
    }

    /// The account that a state file with `state` gives.
    pub(super) fn from_json(state: &Value) -> Self {
        let mut account: Self = serde_json::from_value(state.clone()).expect("an account");
        account.complete(7, Secret::new("the key"), Timestamp(1_700_000_000));
        account
    }
}

/// The fields of a test's request.
#[cfg(test)]
pub(super) fn fields(value: &Value) -> serde_json::Map<String, Value> {
    value.as_object().expect("an object").clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_written_account_is_completed() {
        let account = Account::from_json(&json!({
            "secrets": {"A;touch x": "line\nline"},
            "ssh_keys": [{"id": 4, "public_key": "ssh-rsa A"}, {"public_key": "ssh-rsa B"}],
        }));
        assert_eq!(account.user.id, 7);
        assert_eq!(account.secrets["A;touch x"].expose(), "line\nline");
        assert_eq!(account.ssh_keys.iter().map(|key| key.id).collect::<Vec<_>>(), [4, 5]);
        assert_eq!(account.own_keys().map(|key| key.id).collect::<Vec<_>>(), [6]);
        assert_eq!(account.next_id, 7);
    }

    #[test]
    fn the_keys_of_a_hand_written_account_are_kept() {
        let account = Account::from_json(&json!({"api_keys": [{"key": "mine"}], "user": {"id": 3}}));
        assert_eq!(account.user.id, 3);
        assert_eq!(account.api_keys.len(), 1);
        assert!(account.authorize(Some(&Secret::new("mine")), "user_write").is_ok());
    }

    #[test]
    fn an_account_survives_its_own_format() {
        let account = Account::from_json(&json!({
            "secrets": {"A": "b"}, "ssh_keys": [{"public_key": "ssh-rsa A"}],
            "api_keys": [{"key": "k", "permissions": {"api": {"misc": {}}}, "key_params": "p"}],
        }));
        let written = serde_json::to_value(&account).expect("JSON");
        let read: Account = serde_json::from_value(written.clone()).expect("an account");
        assert_eq!(serde_json::to_value(&read).expect("JSON"), written);
        assert_eq!(written["secrets"], json!({"A": "b"}));
    }

    #[test]
    fn only_an_own_key_with_the_permission_opens_the_account() {
        let account = Account::from_json(&json!({"user": {"id": 7}, "api_keys": [
            {"key": "full"}, {"key": "reader", "permissions": {"api": {"user_read": {}}}},
            {"key": "other", "user_id": 8}, {"key": "same", "user_id": 7},
        ]}));
        let error = |key: &str, category: &str| {
            let refusal = account.authorize(Some(&Secret::new(key)), category).err();
            refusal.map(|answer| answer.error().map(str::to_owned))
        };
        assert_eq!(error("full", "user_write"), None);
        assert_eq!(error("same", "user_write"), None);
        assert_eq!(error("reader", "user_read"), None);
        assert_eq!(error("reader", "user_write"), Some(Some("permission_denied".to_owned())));
        assert_eq!(error("other", "user_read"), Some(Some("auth_error".to_owned())));
        assert_eq!(error("unknown", "user_read"), Some(Some("auth_error".to_owned())));
        assert!(account.authorize(None, "user_read").is_err());
    }
}
