//! What went wrong, in words fit for a person, and how a script can tell.

/// The result of everything that can fail in a way a user should hear about.
pub type Result<T> = std::result::Result<T, Failure>;

/// What kind of failure it was; it decides the exit code and what a loaded shell may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something could not be done; exit code 1.
    Failed,
    /// The command line is invalid; exit code 2.
    Usage,
    /// No key, or a key that the server's own JSON refused; exit code 4.
    NotAuthenticated,
    /// The key was that of a two-factor session that is over, or a deleted key: the server says the
    /// same of both; exit code 4.
    SessionOver,
    /// The key is good, but this takes a two-factor session; exit code 4.
    SessionWanted,
    /// The server (or a lock) could not be asked. Never the same as an empty answer; exit code 1.
    Unavailable,
    /// A change was sent and no answer came: it may or may not have happened; exit code 1.
    Ambiguous,
    /// The account can hold no more of what was to be created; exit code 1.
    AccountFull,
}

/// What to do next, in words; kept apart by what they ask for where somebody has to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Save the right key, wherever the wrong one was.
    SaveKey(String),
    /// Give the key in use more rights: where it came from does not matter.
    GrantRights {
        /// What it lacks, to follow "lacks".
        missing: String,
        text: String,
    },
    Other(String),
}

/// A failure with a message, a remedy, and the server's answer as its source if one gave it.
///
/// Messages are lower case without a full stop, name the path, variable or URL, and never hold a
/// value or a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    kind: Kind,
    message: String,
    remedy: Option<Remedy>,
    status: Option<u16>,
    /// The server's word for programs, such as `existing_key`: compared, never shown.
    code: Option<Box<str>>,
    /// Names of variables, for programs.
    names: Box<[String]>,
}

impl Failure {
    /// A failure of `kind`; `message` says what failed, for what.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), remedy: None, status: None, code: None, names: Box::default() }
    }

    /// A plain failure (exit code 1).
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    /// A usage error (exit code 2).
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// A server, file or lock that cannot be had now.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Kind::Unavailable, message)
    }

    /// The same failure, of another kind.
    #[must_use]
    pub fn of_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, remedy: impl Into<Remedy>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Adds the HTTP status that the server answered with.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Adds the server's code for programs.
    #[must_use]
    pub fn with_code(self, code: Option<String>) -> Self {
        Self { code: code.map(String::into_boxed_str), ..self }
    }

    /// Adds the names of the variables that it is about.
    #[must_use]
    pub fn about(self, names: Vec<String>) -> Self {
        Self { names: names.into(), ..self }
    }

    /// The kind of failure.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether the server's own word was that the key is not good.
    pub fn is_refusal(&self) -> bool {
        // Without a status, the key never reached the server.
        matches!(self.kind, Kind::NotAuthenticated | Kind::SessionOver)
            && self.status.is_some_and(|status| status != 403)
    }

    /// Whether the server's own word was that the key is good, and has not the right to this.
    pub fn is_right_missing(&self) -> bool {
        self.kind == Kind::NotAuthenticated && self.status == Some(403)
    }

    /// What failed, for what.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do next, in words.
    pub fn next_step(&self) -> Option<&str> {
        self.remedy.as_ref().map(Remedy::text)
    }

    /// What to do next.
    pub fn remedy(&self) -> Option<&Remedy> {
        self.remedy.as_ref()
    }

    /// The server's code for its refusal, such as `nonexistent_key`.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The HTTP status, or 0 as the official client writes where there was none.
    pub fn status_code(&self) -> u16 {
        self.status.unwrap_or(0)
    }

    /// The variables that it is about, where there is a list of them.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The program's exit code for this failure.
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::Usage => 2,
            Kind::NotAuthenticated | Kind::SessionOver | Kind::SessionWanted => 4,
            Kind::Failed | Kind::Unavailable | Kind::Ambiguous | Kind::AccountFull => 1,
        }
    }
}

impl Remedy {
    fn text(&self) -> &str {
        let (Self::SaveKey(text) | Self::GrantRights { text, .. } | Self::Other(text)) = self;
        text
    }
}

impl From<String> for Remedy {
    fn from(text: String) -> Self {
        Self::Other(text)
    }
}

impl From<&str> for Remedy {
    fn from(text: &str) -> Self {
        Self::Other(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_the_documented_exit_codes() {
        use Kind::{
            AccountFull, Ambiguous, Failed, NotAuthenticated, SessionOver, SessionWanted, Unavailable, Usage,
        };
        for (kinds, code) in [
            (&[Failed, Unavailable, Ambiguous, AccountFull][..], 1),
            (&[Usage], 2),
            (&[NotAuthenticated, SessionOver, SessionWanted], 4),
        ] {
            assert!(kinds.iter().all(|kind| Failure::new(*kind, "").exit_code() == code), "{code}");
        }
    }
}
