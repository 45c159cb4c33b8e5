//! Who a key belongs to.

use serde::Deserialize;
use serde_json::Value;

use super::client::Client;
use super::request::Request;
use crate::domain::Result;

/// The user that a key belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub id: String,
    /// The e-mail address, if the server tells it; as it came.
    pub email: Option<String>,
    /// The user name, if the server tells it; as it came.
    pub username: Option<String>,
}

#[derive(Deserialize)]
struct Wire {
    id: Option<Value>,
    email: Option<Value>,
    username: Option<Value>,
}

impl Client {
    /// Asks whose key this is.
    pub(crate) async fn current_user(&self) -> Result<User> {
        let request = Request::get("/users/current/", "read the account of this key");
        let answer = self.send(&request).await?;
        if !answer.is_object() {
            return Err(answer.unusable("no user"));
        }
        let Wire { id, email, username } = answer.parse()?;
        let id = match id {
            Some(Value::String(id)) if !id.is_empty() => id,
            Some(Value::Number(id)) if id.is_i64() || id.is_u64() => id.to_string(),
            _ => return Err(answer.unusable("a user without an id")),
        };
        Ok(User { id, email: text(email), username: text(username) })
    }
}

fn text(field: Option<Value>) -> Option<String> {
    match field {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}
