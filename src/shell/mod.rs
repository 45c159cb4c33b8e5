//! The shells: how values are quoted for each, how changes are written, and the hook's text.
//!
//! A shell is one file here, which implements `Dialect`, and its hook in `shell/`. Whatever leaves this
//! layer is code that a shell evals, or data that its hook reads: code is ASCII, in every locale, so
//! everything from outside passes through [`quote()`]; names are [`crate::domain::EnvName`]s already.

mod bash;
mod export;
mod fish;
mod hook;
mod quote;
mod reply;
mod zsh;

pub use export::{assignment, export_text};
pub use hook::{LEDGER_VARIABLE, hook_text, hook_version};
pub use quote::quote;
pub use reply::{Clock, Guard, Reply, Watch};

/// A shell that vastenv has a hook for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// GNU bash 3.2 and later.
    Bash,
    /// zsh 5.0 and later.
    Zsh,
    /// fish 3.6 and later.
    Fish,
}

/// What a shell's file knows.
trait Dialect {
    /// The shell's name, as the user types it.
    fn name(&self) -> &'static str;

    /// The hook's text, with placeholders for what the binary knows.
    fn template(&self) -> &'static str;

    /// The hook's text as a start-up file evals it.
    fn wrap(&self, text: Vec<u8>) -> Vec<u8> {
        text
    }

    /// `value` as one word of the shell's language, in ASCII.
    fn quote(&self, value: &[u8]) -> Vec<u8>;

    /// A line that sets and exports a variable.
    fn assignment(&self, name: &str, value: &[u8]) -> Vec<u8>;

    /// What the shell's hook reads. The last thing that it reads tells a whole reply from one cut short.
    fn reply(&self, reply: &Reply<'_>) -> Vec<u8>;

    /// A reply that makes the hook of another version read `text`, the hook of this one, in its place.
    fn replacement(&self, text: &[u8]) -> Vec<u8>;
}

impl Shell {
    /// All of them, for messages and tests.
    pub const ALL: [Self; 3] = [Self::Bash, Self::Zsh, Self::Fish];

    fn dialect(self) -> &'static dyn Dialect {
        match self {
            Self::Bash => &bash::Bash,
            Self::Zsh => &zsh::Zsh,
            Self::Fish => &fish::Fish,
        }
    }

    /// The shell called `name`; a path's last part counts, and a login shell's leading dash not.
    pub fn parse(name: &str) -> Option<Self> {
        let last = name.rsplit('/').next().unwrap_or(name);
        Self::ALL.into_iter().find(|shell| shell.name() == last.trim_start_matches('-'))
    }

    /// Its name, as the user types it.
    pub fn name(self) -> &'static str {
        self.dialect().name()
    }

    /// What its hook reads when it asks.
    pub fn reply(self, reply: &Reply<'_>) -> Vec<u8> {
        self.dialect().reply(reply)
    }

    /// What the hook of another version reads: the hook of this one, which then asks anew.
    pub fn replace_hook(self, binary: &[u8]) -> Vec<u8> {
        self.dialect().replacement(&hook_text(self, binary))
    }
}

/// A form in which variables are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Code for one of the shells.
    Shell(Shell),
    /// Code for any POSIX shell.
    Posix,
    /// One JSON object.
    Json,
    /// A dotenv file.
    Dotenv,
}

impl Format {
    /// The names that `export` takes, in the order in which help shows them.
    pub const NAMES: [&str; 6] = ["bash", "zsh", "fish", "sh", "json", "dotenv"];

    /// The format called `name`.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "sh" => Some(Self::Posix),
            "json" => Some(Self::Json),
            "dotenv" => Some(Self::Dotenv),
            shell => Shell::ALL.into_iter().find(|known| known.name() == shell).map(Self::Shell),
        }
    }
}
