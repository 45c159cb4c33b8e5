//! How a call can end without an answer to use.

use crate::domain::{Failure, Kind};

/// The end of a call that brought no usable answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiError {
    /// `--curl`: the command was shown and nothing was sent. No failure: exit code 0.
    CurlShown,
    /// The server refused, with a code for programs such as `existing_key`. The code is
    /// compared, never shown.
    Refused {
        /// The server's `error` field.
        code: String,
        /// The refusal for a person.
        failure: Failure,
    },
    /// Everything else.
    Failure(Failure),
}

impl ApiError {
    /// The server's code for its refusal, such as `nonexistent_key`, if it gave one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::CurlShown => Self::new(Kind::OnlyShown, "the request was only shown"),
            ApiError::Refused { failure, .. } | ApiError::Failure(failure) => failure,
        }
    }
}
