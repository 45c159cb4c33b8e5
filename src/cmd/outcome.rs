//! How a command ends before its own end.

use crate::domain::{Failure, Result};

/// What a command comes to that asks the server.
pub(super) type Outcome<T> = std::result::Result<T, Stop>;

/// Why a command goes no further.
#[derive(Debug)]
pub(super) enum Stop {
    /// The request was shown in place of being sent, as `--curl` wishes.
    Shown,
    Failed(Failure),
}

impl Stop {
    /// The same, where it is a failure as `change` makes it.
    pub(super) fn map(self, change: impl FnOnce(Failure) -> Failure) -> Self {
        match self {
            Self::Shown => Self::Shown,
            Self::Failed(failure) => Self::Failed(change(failure)),
        }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// What the program ends with: what was only shown is done.
pub(super) fn finish<T: Default>(outcome: Outcome<T>) -> Result<T> {
    match outcome {
        Ok(done) => Ok(done),
        Err(Stop::Shown) => Ok(T::default()),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}
