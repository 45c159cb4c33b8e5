//! Names of environment variables.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest name that the service takes.
const MAX_LENGTH: usize = 255;

/// A name that every shell can assign to: `[A-Za-z_][A-Za-z0-9_]*`, ASCII only, at most 255 long.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct EnvName(String);

/// Why a text is not a variable name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    Empty,
    TooLong,
    LeadingDigit,
    /// It has a character outside `[A-Za-z0-9_]`.
    Character,
}

impl EnvName {
    /// Checks `text`; the error says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let first = text.bytes().next().ok_or(NameError::Empty)?;
        if text.len() > MAX_LENGTH {
            return Err(NameError::TooLong);
        }
        if first.is_ascii_digit() {
            return Err(NameError::LeadingDigit);
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(NameError::Character);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EnvName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl fmt::Display for EnvName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Empty => "it is empty",
            Self::TooLong => "it is longer than 255 characters",
            Self::LeadingDigit => "it starts with a digit",
            Self::Character => "it has a character other than letters, digits and _",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_every_shell_can_assign_to() {
        for good in ["A", "_", "hf_token", "HF_TOKEN", "_1"] {
            assert_eq!(EnvName::parse(good).map(|name| name.to_string()), Ok(good.to_owned()));
        }
        assert_eq!(EnvName::parse(""), Err(NameError::Empty));
        assert_eq!(EnvName::parse("1A"), Err(NameError::LeadingDigit));
        assert_eq!(EnvName::parse(&"A".repeat(256)), Err(NameError::TooLong));
        for bad in ["A;echo X;B", "A=B", "A B", "Ä", "A\n", "A\0", "$A", "a[0]", "A-B"] {
            assert_eq!(EnvName::parse(bad), Err(NameError::Character), "{bad:?}");
        }
    }
}
