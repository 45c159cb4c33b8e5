//! Why a sealed file or a private key is of no use.

use crate::domain::Failure;

/// What is wrong with a file, and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub what: &'static str,
    pub hint: Option<&'static str>,
}

impl Fault {
    pub(super) const DAMAGED: Self = Self::new(
        "the age file is damaged or cut short",
        "copy it again, whole; its text ends in END AGE ENCRYPTED FILE",
    );

    pub(super) const WRONG_PASSPHRASE: Self = Self { what: "wrong passphrase", hint: None };

    pub(super) const fn new(what: &'static str, hint: &'static str) -> Self {
        Self { what, hint: Some(hint) }
    }

    /// The failure of the file called `name`.
    pub(crate) fn failure(self, name: &str) -> Failure {
        let failure = Failure::failed(format!("{name}: {}", self.what));
        match self.hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}
