//! The account's SSH keys.

use serde_json::{Value, json};

use super::client::Client;
use super::judge::Answer;
use super::listing::Listing;
use super::request::Request;
use crate::domain::{Kind, Result};

const PATH: &str = "/ssh/";

/// An SSH key of the account.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SshKey {
    pub id: u64,
    /// The public key as the account holds it; any text.
    pub key: String,
    /// When it was made: a number of seconds or a text, as the server tells it.
    pub created: Option<Value>,
    pub raw: Value,
}

/// What the server said to a change, with the key as it holds it now.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SavedSshKey {
    pub id: Option<u64>,
    pub raw: Value,
}

impl Client {
    /// Lists the keys. A server that answers 404 has none.
    pub(crate) async fn ssh_keys(&self) -> Result<Listing<SshKey>> {
        let answer = match self.send(&Request::get(PATH, "list the SSH keys")).await {
            Ok(answer) => answer,
            Err(failure) if failure.status_code() == 404 && failure.kind() != Kind::SessionOver => {
                return Ok(Listing { items: Vec::new(), odd: Vec::new(), raw: json!([]) });
            }
            Err(failure) => return Err(failure),
        };
        let raw = answer.value()?;
        let list = ["ssh_keys", "keys"].iter().find_map(|field| raw.get(field)).unwrap_or(&raw);
        let list = list.as_array().ok_or_else(|| answer.unusable("no list of SSH keys"))?;
        let live = list.iter().filter(|key| key["deleted_at"].is_null());
        Ok(Listing::of(live, &raw, "SSH key", read))
    }

    /// Adds a public key.
    pub(crate) async fn create_ssh_key(&self, line: &str) -> Result<SavedSshKey> {
        saved(&self.send(&Request::post(PATH, json!({"ssh_key": line}), "add the SSH key")).await?)
    }

    /// Puts another public key in the place of one.
    pub(crate) async fn update_ssh_key(&self, id: u64, line: &str) -> Result<SavedSshKey> {
        let body = json!({"id": id, "ssh_key": line});
        let request =
            Request::put(format!("{PATH}{id}/"), body, format!("update the SSH key {id}")).repeatable();
        saved(&self.send(&request).await?)
    }

    /// Deletes a key.
    pub(crate) async fn delete_ssh_key(&self, id: u64) -> Result<Value> {
        let request = Request::delete(format!("{PATH}{id}/"), json!({}), format!("delete the SSH key {id}"));
        self.send(&request).await?.value()
    }
}

fn saved(answer: &Answer) -> Result<SavedSshKey> {
    let raw = answer.value()?;
    Ok(SavedSshKey { id: raw["key"]["id"].as_u64().or_else(|| raw["id"].as_u64()), raw })
}

fn read(value: &Value) -> Option<SshKey> {
    let id = value["id"].as_u64()?;
    let key = ["key", "public_key", "ssh_key"].iter().find_map(|field| value[*field].as_str());
    Some(SshKey {
        id,
        key: key.unwrap_or_default().to_owned(),
        created: Some(value["created_at"].clone()).filter(|created| !created.is_null()),
        raw: value.clone(),
    })
}
