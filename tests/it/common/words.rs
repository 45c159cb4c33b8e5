//! The words of each shell's language for the same things.

use std::path::Path;

use crate::common::process::{command, program};

/// A shell with the words that its language has for the same things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Shell {
    pub const ALL: [Self; 3] = [Self::Bash, Self::Zsh, Self::Fish];

    pub fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
        }
    }

    /// Whether it is installed. Where tests must be whole (`CI` is set) a missing one is a failure.
    pub fn is_here(self) -> bool {
        // tests/each-shell runs everything for one shell at a time.
        if std::env::var_os("VASTENV_TEST_SHELL").is_some_and(|only| only != self.name()) {
            return false;
        }
        program(self.name()).is_some()
    }

    /// Whether this version of the shell knows what `line` says; only those of tests/each-shell may not.
    pub fn knows(self, line: &str) -> bool {
        let path = std::env::var_os("PATH").expect("PATH");
        let home = tempfile::tempdir().expect("a folder");
        let mut command = command(self.name());
        command.args(["-c", line]).env_clear().env("PATH", path).env("HOME", home.path());
        let knows = command.output().is_ok_and(|output| output.status.success() && output.stderr.is_empty());
        assert!(knows || std::env::var_os("VASTENV_TEST_SHELL").is_some(), "{self:?}: {line}");
        knows
    }

    /// Where the user's lines go, below the home folder.
    pub fn rc_file(self) -> &'static str {
        match self {
            Self::Bash => ".bashrc",
            Self::Zsh => ".zshrc",
            Self::Fish => ".config/fish/config.fish",
        }
    }

    pub fn export(self, name: &str, value: &str) -> String {
        let value = quote(value);
        match self {
            Self::Fish => format!("set -gx {name} {value}"),
            _ => format!("export {name}={value}"),
        }
    }

    pub fn set(self, name: &str, value: &str) -> String {
        let value = quote(value);
        match self {
            Self::Fish => format!("set -g {name} {value}"),
            _ => format!("{name}={value}"),
        }
    }

    pub fn unset(self, name: &str) -> String {
        match self {
            Self::Fish => format!("set -e {name}"),
            _ => format!("unset {name}"),
        }
    }

    /// The line of the start-up file that installs the hook.
    pub fn hook_line(self, binary: &Path) -> String {
        let binary = quote(binary.to_str().expect("a path in UTF-8"));
        match self {
            Self::Fish => format!("{binary} hook fish | source"),
            _ => format!("eval \"$({binary} hook {})\"", self.name()),
        }
    }
}

/// One word in all three languages, for text without `'` and `\`.
pub fn quote(text: &str) -> String {
    assert!(!text.contains(['\'', '\\']), "{text} needs care in fish");
    format!("'{text}'")
}
