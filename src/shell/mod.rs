//! The shells: how values are quoted for each, how changes are written, and the hook's text.
//!
//! Whatever leaves this layer is code that a shell evals, so everything from outside passes
//! through [`quote()`]; names are [`crate::domain::EnvName`]s already.

mod hook;
mod quote;
mod render;

pub use hook::{LEDGER_VARIABLE, hook_text, hook_version};
pub use quote::quote;
pub use render::{Guard, Watch, export_text, hook_reply};

/// A shell that vastenv has a hook for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// GNU bash 3.2 and later.
    Bash,
    /// zsh 5.0 and later.
    Zsh,
    /// fish 3.1 and later.
    Fish,
}

impl Shell {
    /// All of them, for messages and tests.
    pub const ALL: [Self; 3] = [Self::Bash, Self::Zsh, Self::Fish];

    /// The shell called `name`; a path's last part counts, and a login shell's leading dash not.
    pub fn parse(name: &str) -> Option<Self> {
        let last = name.rsplit('/').next().unwrap_or(name);
        Self::ALL.into_iter().find(|shell| shell.name() == last.trim_start_matches('-'))
    }

    /// Its name, as the user types it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
        }
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
