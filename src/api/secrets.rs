//! The account's environment variables, which the API calls secrets.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Value, json};

use super::client::{Client, SentChanges};
use super::error::ApiError;
use super::judge::{Answer, Reply};
use super::request::Request;
use crate::domain::{EnvName, Secret, printable_capped};

const PATH: &str = "/secrets/";

/// The answer to a read; what else it holds is ignored.
#[derive(serde::Deserialize)]
struct Listing {
    secrets: Option<Pairs>,
}

/// What the server tells of one variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its value, perhaps masked.
    pub value: Secret,
    /// When it was last changed, in the server's own words, if it tells.
    pub edition: Option<String>,
}

/// The fields of an object in a value's place that tell when the variable was changed.
const CHANGED: [&str; 4] = ["updated_at", "changed_at", "modified_at", "last_modified"];

/// The fields of a JSON object as they came, duplicates included.
struct Pairs(Vec<(String, Value)>);

impl Client {
    /// Reads all variables, names and values as the server gives them: names in any case, values
    /// perhaps masked. In a value's place may stand an object with the `value` and the time of its
    /// last change.
    ///
    /// # Errors
    /// Those of [`Client::send`], or an answer that is anything but a table of texts. Only a
    /// table that is there and empty is an empty answer.
    pub async fn secrets(&self) -> Result<BTreeMap<String, Told>, ApiError> {
        let answer = self.send(&Request::get(PATH, "read the account's variables")).await?;
        if !answer.is_object() {
            return Err(answer.unusable("no table of variables").into());
        }
        let Listing { secrets: Some(pairs) } = answer.parse()? else {
            return Err(answer.unusable("no table of variables").into());
        };
        table(&answer, pairs)
    }

    /// Adds a variable.
    ///
    /// # Errors
    /// Those of [`Client::send`]; [`ApiError::code`] `existing_key` if the name is taken.
    pub async fn create_secret(&self, name: &EnvName, value: &Secret) -> Result<Reply, ApiError> {
        let purpose = format!("create the variable {name}");
        self.sent.set(SentChanges { create: true, ..self.sent.get() });
        Ok(self.send(&Request::post(PATH, body(name, value), purpose)).await?.into())
    }

    /// Changes a variable's value.
    ///
    /// # Errors
    /// Those of [`Client::send`]; [`ApiError::code`] `nonexistent_key` if there is none.
    pub async fn update_secret(&self, name: &EnvName, value: &Secret) -> Result<Reply, ApiError> {
        let purpose = format!("update the variable {name}");
        self.sent.set(SentChanges { update: true, ..self.sent.get() });
        Ok(self.send(&Request::put(PATH, body(name, value), purpose).repeatable()).await?.into())
    }

    /// Removes a variable; `name` as the server gives it.
    ///
    /// # Errors
    /// Those of [`Client::send`]; [`ApiError::code`] `nonexistent_key` if there is none.
    pub async fn delete_secret(&self, name: &str) -> Result<Reply, ApiError> {
        let purpose = format!("delete the variable {}", shown(name));
        Ok(self.send(&Request::delete(PATH, json!({"key": name}), purpose)).await?.into())
    }
}

fn body(name: &EnvName, value: &Secret) -> Value {
    json!({"key": name.as_str(), "value": value.expose()})
}

fn table(answer: &Answer, Pairs(pairs): Pairs) -> Result<BTreeMap<String, Told>, ApiError> {
    let mut table = BTreeMap::new();
    for (name, value) in pairs {
        let told = told(value).map_err(|what| {
            answer.unusable(&format!("{what} as the value of the variable {}", shown(&name)))
        })?;
        match table.entry(name) {
            Entry::Vacant(place) => place.insert(told),
            Entry::Occupied(place) => {
                let name = shown(place.key());
                return Err(answer.unusable(&format!("the variable {name} twice")).into());
            }
        };
    }
    Ok(table)
}

/// What stands in a value's place; or, where that is no value, what it is instead.
fn told(value: Value) -> Result<Told, &'static str> {
    match value {
        Value::String(text) => Ok(Told { value: Secret::new(text), edition: None }),
        Value::Object(mut fields) => {
            let Some(Value::String(text)) = fields.remove("value") else { return Err("an object") };
            let edition = CHANGED.iter().find_map(|field| match fields.get(*field)? {
                Value::String(text) => Some(printable_capped(text, 80)),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            });
            Ok(Told { value: Secret::new(text), edition })
        }
        Value::Null => Err("null"),
        Value::Bool(_) => Err("a truth value"),
        Value::Number(_) => Err("a number"),
        Value::Array(_) => Err("a list"),
    }
}

/// A server's name for a variable, fit to show.
fn shown(name: &str) -> String {
    printable_capped(name, 80)
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Pairs;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Pairs, M::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}
