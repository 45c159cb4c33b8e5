//! The account's environment variables, which the API calls secrets.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::client::Client;
use super::judge::Reply;
use super::request::Request;
use crate::domain::{EnvName, Result, Secret, printable_capped};

const PATH: &str = "/secrets/";

/// The answer to a read; what else it holds is ignored.
#[derive(serde::Deserialize)]
struct Listing<'a> {
    #[serde(borrow)]
    secrets: Option<Pairs<'a>>,
}

/// All variables that the server lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    /// By name, the value, perhaps masked; `None` where what stands in its place could not be read.
    pub variables: BTreeMap<String, Option<Secret>>,
    /// What is wrong with rows that could not be read, each a sentence for the user.
    pub odd: Vec<String>,
}

/// The fields of a JSON object as they came, duplicates included. Not read any further: text that is
/// broken costs its own row.
struct Pairs<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl Client {
    /// Reads all variables, names and values as the server gives them: names in any case, values
    /// perhaps masked. In a value's place may stand a number or a truth value, which is taken as its
    /// JSON text. Only a table that is there and empty is an empty answer.
    pub(crate) async fn secrets(&self) -> Result<Listed> {
        let answer = self.send(&Request::get(PATH, "read the account's variables")).await?;
        if !answer.is_object() {
            return Err(answer.unusable("no table of variables"));
        }
        let Listing { secrets: Some(pairs) } = answer.parse()? else {
            return Err(answer.unusable("no table of variables"));
        };
        Ok(listed(&pairs))
    }

    /// Adds a variable.
    pub(crate) async fn create_secret(&self, name: &EnvName, value: &Secret) -> Result<Reply> {
        let purpose = format!("create the variable {name}");
        Ok(self.send(&Request::post(PATH, body(name, value), purpose)).await?.into())
    }

    /// Changes a variable's value.
    pub(crate) async fn update_secret(&self, name: &EnvName, value: &Secret) -> Result<Reply> {
        let purpose = format!("update the variable {name}");
        Ok(self.send(&Request::put(PATH, body(name, value), purpose).repeatable()).await?.into())
    }

    /// Removes a variable; `name` as the server gives it.
    pub(crate) async fn delete_secret(&self, name: &str) -> Result<Reply> {
        let purpose = format!("delete the variable {}", shown(name));
        Ok(self.send(&Request::delete(PATH, json!({"key": name}), purpose)).await?.into())
    }
}

fn body(name: &EnvName, value: &Secret) -> Value {
    json!({"key": name.as_str(), "value": value.expose()})
}

fn listed(Pairs(pairs): &Pairs<'_>) -> Listed {
    let Listed { mut variables, mut odd } = Listed::default();
    for (name, value) in pairs {
        let Ok(name) = serde_json::from_str::<String>(name.get()) else {
            odd.push(format!("a variable's name is not text: {}", shown(name.get())));
            continue;
        };
        let value = server_value(value)
            .map_err(|what| {
                odd.push(format!("the account's variable {} has {what} as its value", shown(&name)));
            })
            .ok();
        match variables.entry(name) {
            Entry::Vacant(place) => drop(place.insert(value)),
            Entry::Occupied(mut place) => {
                odd.push(format!("the account lists the variable {} twice", shown(place.key())));
                // Nobody knows which of them is in force.
                place.insert(None);
            }
        }
    }
    Listed { variables, odd }
}

/// What stands in a value's place; or, where that is no value, what it is instead.
fn server_value(value: &RawValue) -> std::result::Result<Secret, &'static str> {
    match value.get().as_bytes().first() {
        // As it stands: 1.50 stays that, and no digit of a long number is lost.
        Some(b'0'..=b'9' | b'-' | b't' | b'f') => Ok(Secret::new(value.get())),
        Some(b'"') => serde_json::from_str(value.get()).map_err(|_| "broken text"),
        Some(b'{') => Err("an object"),
        Some(b'[') => Err("a list"),
        _ => Err("null"),
    }
}

/// A server's name for a variable, fit to show.
fn shown(name: &str) -> String {
    printable_capped(name, 80)
}

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Fields<'a>(PhantomData<Pairs<'a>>);
        impl<'de: 'a, 'a> Visitor<'de> for Fields<'a> {
            type Value = Pairs<'a>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> std::result::Result<Pairs<'a>, M::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Fields(PhantomData))
    }
}
