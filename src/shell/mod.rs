//! The shells: how values are quoted for each, how changes are written, the hook's text, and where a
//! shell looks for its files.
//!
//! A shell is one file here, which implements [`Dialect`], and a row of [`ALL`]; its hook is in `shell/`,
//! its completion script in `completions/`. Whatever leaves this layer is code that a shell evals, or
//! data that its hook reads: code is ASCII, in every locale, so everything from outside passes through
//! [`Dialect::quote`]; names are [`crate::domain::EnvName`]s already.

mod bash;
mod completion;
mod fish;
mod hook;
mod hook_line;
mod places;
mod quote;
mod reply;
mod zsh;

pub use completion::{Completion, completion, completions};
pub use hook::LEDGER_VARIABLE;
pub use places::{Folders, StartFile};
pub(crate) use quote::{octal, posix_quoted};
pub use reply::{Clock, Folder, Guard, Reply, Stamps, Watch};

/// A shell that vastenv has a hook for.
pub type Shell = &'static dyn Dialect;

/// The language of `.envrc`.
pub const BASH: Shell = &bash::Bash;

/// All of them, in the order in which help shows them.
pub static ALL: [Shell; 3] = [&bash::Bash, &zsh::Zsh, &fish::Fish];

/// What a shell's file knows.
pub trait Dialect: Sync {
    /// The shell's name, as the user types it.
    fn name(&self) -> &'static str;

    /// The file with the user's own lines.
    fn start_file(&self) -> StartFile;

    /// What a login shell reads in its place, below the home: the first that exists.
    fn login_files(&self) -> &'static [&'static str] {
        &[]
    }

    /// The line of the start-up file which loads the hook.
    fn hook_line(&self) -> String {
        format!("eval \"$(vastenv hook {})\"", self.name())
    }

    /// The hook's text, with placeholders for what the binary knows.
    fn template(&self) -> &'static str;

    /// The hook's text as a start-up file evals it.
    fn wrap(&self, text: Vec<u8>) -> Vec<u8> {
        text
    }

    /// Whether a builtin tells the time.
    fn has_clock(&self) -> bool {
        true
    }

    /// `value` as one word of the shell's language, in ASCII.
    fn quote(&self, value: &[u8]) -> Vec<u8>;

    /// A line that sets and exports a variable.
    fn assignment(&self, name: &str, value: &[u8]) -> Vec<u8> {
        [b"export ", name.as_bytes(), b"=", &self.quote(value), b"\n"].concat()
    }

    /// What the shell's hook reads. The last thing that it reads tells a whole reply from one cut short.
    fn reply(&self, reply: &Reply<'_>) -> Vec<u8>;

    /// A reply that makes the hook of another version read `text`, the hook of this one, in its place.
    fn replacement(&self, text: &[u8]) -> Vec<u8>;

    /// The script that completes at TAB, and where it is put.
    fn completion(&self) -> Completion;

    /// What that script leaves to the program.
    fn tab(&self) -> Tab;
}

/// What a shell's completion script leaves to the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// Everything: the line comes as it was typed, words go back quoted, descriptions beside them.
    Line,
    /// The shell splits the line, quotes words and shows what follows a tab as their description.
    Words {
        /// A value behind `--option=` is inserted with it.
        with_option: bool,
    },
}

/// The shell called `name`; a path's last part counts, and a login shell's leading dash not.
pub fn parse(name: &str) -> Option<Shell> {
    let last = name.rsplit('/').next().unwrap_or(name);
    ALL.into_iter().find(|shell| shell.name() == last.trim_start_matches('-'))
}
