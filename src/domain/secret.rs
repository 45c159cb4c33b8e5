//! Text that must not be seen: a variable's value or a key.

use std::fmt;

use serde::{Deserialize, Deserializer, Serializer};
use zeroize::{Zeroize, Zeroizing};

/// A secret text: no `Display`, no `Serialize`, `Debug` shows asterisks, wiped from memory on drop.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership of `text`; the string given is the one that will be wiped.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. Every call is a place where a secret leaves its box: keep them few.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// For `serialize_with`: each file that holds secrets says so at its own field.
    pub fn write_down<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }

    /// The same for a field that may be empty.
    pub fn write_down_some<S: Serializer>(secret: &Option<Self>, serializer: S) -> Result<S::Ok, S::Error> {
        match secret {
            Some(secret) => serializer.serialize_some(secret.expose()),
            None => serializer.serialize_none(),
        }
    }

    /// The last four characters, as the official client shows them (`…a3f9`), or nothing for a
    /// key too short to show a part of.
    pub fn suffix(&self) -> String {
        let chars: Vec<char> = self.0.chars().collect();
        if chars.len() < 12 {
            return "…".to_owned();
        }
        format!("…{}", chars[chars.len() - 4..].iter().collect::<String>())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("*****")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Secret;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Secret, E> {
                Ok(Secret::new(text))
            }

            fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Secret, E> {
                Ok(Secret::new(text))
            }

            // The default messages of these quote what they met; a value must not be quoted.
            fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Secret, E> {
                Err(E::custom("a number where a text belongs"))
            }

            fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Secret, E> {
                Err(E::custom("a number where a text belongs"))
            }

            fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Secret, E> {
                Err(E::custom("a number where a text belongs"))
            }

            fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Secret, E> {
                Err(E::custom("a truth value where a text belongs"))
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<Secret, E> {
                Err(E::custom("null where a text belongs"))
            }
        }
        // Not deserialize_string: that rejects a number itself, and quotes it.
        deserializer.deserialize_any(Visitor)
    }
}

impl Zeroize for Secret {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_the_text() {
        let shown = format!("{:?} {:#?}", Secret::new("hf_abcdef"), Some(Secret::new("hf_abcdef")));
        assert!(!shown.contains("hf_"), "{shown}");
    }

    #[test]
    fn a_suffix_is_four_characters_of_a_long_key_and_none_of_a_short_one() {
        assert_eq!(Secret::new("0123456789abcdef").suffix(), "…cdef");
        assert_eq!(Secret::new("short").suffix(), "…");
    }

    #[test]
    fn a_number_is_refused_without_being_quoted() {
        let error = serde_json::from_str::<Secret>("424242").unwrap_err().to_string();
        assert!(!error.contains("424242"), "{error}");
    }
}
