//! The account's API keys.

use serde_json::{Map, Value, json};

use super::client::Client;
use super::judge::Reply;
use super::listing::Listing;
use super::request::Request;
use crate::domain::{Result, Secret};

const PATH: &str = "/auth/apikeys/";

/// An API key as a list shows it. The key itself is not in it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ApiKey {
    pub id: u64,
    pub name: String,
    /// What it may do, in the server's short word (`all`, say), if it has one.
    pub rights: Option<String>,
    /// The permission categories of a restricted key; `None` where the server names none.
    pub categories: Option<Vec<String>>,
    pub team: Option<String>,
    /// When it was made: a number of seconds or a text, as the server tells it.
    pub created: Option<Value>,
    pub raw: Value,
}

impl ApiKey {
    /// What it may do: its categories where the server names them, else its short word; may be empty.
    pub(crate) fn rights_text(&self) -> String {
        match &self.categories {
            Some(categories) if !categories.is_empty() => categories.join(", "),
            _ => self.rights.clone().unwrap_or_default(),
        }
    }
}

/// A key that was just made: the only time that it is told.
#[derive(Clone, Debug)]
pub(crate) struct CreatedApiKey {
    pub id: u64,
    pub key: Secret,
    pub permissions: Value,
}

impl Client {
    /// Lists the keys.
    pub(crate) async fn api_keys(&self) -> Result<Listing<ApiKey>> {
        let answer = self.send(&Request::get(PATH, "list the API keys")).await?;
        let raw = answer.value()?;
        let list = raw.get("apikeys").unwrap_or(&raw).as_array();
        let list = list.ok_or_else(|| answer.unusable("no list of API keys"))?;
        Ok(Listing::of(list.iter(), &raw, "API key", read))
    }

    /// Tells of one key.
    pub(crate) async fn api_key(&self, id: u64) -> Result<ApiKey> {
        let answer =
            self.send(&Request::get(format!("{PATH}{id}/"), format!("show the API key {id}"))).await?;
        read(&answer.value()?).ok_or_else(|| answer.unusable("an API key without an id"))
    }

    /// Makes a key; one without a name is sent as the official client sends it, with null.
    pub(crate) async fn create_api_key(
        &self,
        name: Option<&str>,
        permissions: Option<&Value>,
        key_params: Option<&Value>,
    ) -> Result<CreatedApiKey> {
        let mut body = Map::from_iter([("name".to_owned(), json!(name))]);
        for (field, value) in [("permissions", permissions), ("key_params", key_params)] {
            if let Some(value) = value {
                body.insert(field.to_owned(), value.clone());
            }
        }
        let answer = self.send(&Request::post(PATH, Value::Object(body), "create the API key")).await?;
        let value = answer.value()?;
        match (value["id"].as_u64(), value["key"].as_str()) {
            (Some(id), Some(key)) => {
                Ok(CreatedApiKey { id, key: Secret::new(key), permissions: value["permissions"].clone() })
            }
            _ => Err(answer.unusable("no new key")),
        }
    }

    /// Deletes a key.
    pub(crate) async fn delete_api_key(&self, id: u64) -> Result<Reply> {
        let purpose = format!("delete the API key {id}");
        let answer = self.send(&Request::delete(format!("{PATH}{id}/"), json!({}), purpose)).await?;
        Ok(answer.into())
    }

    /// Gets a new key in place of the one that asks, which is dead from then on.
    pub(crate) async fn reset_api_key(&self) -> Result<Secret> {
        let request =
            Request::put("/commands/reset_apikey/", json!({"client_id": "me"}), "reset the API key");
        let answer = self.send(&request).await?;
        let value = answer.value()?;
        let key = value["new_api_key"].as_str().filter(|key| !key.is_empty());
        key.map(Secret::new).ok_or_else(|| answer.unusable("no new key"))
    }
}

fn read(value: &Value) -> Option<ApiKey> {
    let id = value["id"].as_u64()?;
    let text = |field: &str| match &value[field] {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let permissions = &value["permissions"];
    let categories = permissions.get("api").unwrap_or(permissions).as_object();
    Some(ApiKey {
        id,
        name: text("name").unwrap_or_default(),
        rights: text("rights"),
        categories: categories.map(|categories| categories.keys().cloned().collect()),
        team: text("team_name").or_else(|| text("team_id")),
        created: Some(value["created_at"].clone()).filter(|created| !created.is_null()),
        raw: value.clone(),
    })
}
