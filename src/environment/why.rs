//! Why a variable is not loaded.

use super::MOST_VARIABLES;
use super::names::Group;
use crate::domain::{NameError, printable_capped};

/// The most names in a notice.
const MOST_NAMES: usize = 12;

/// Why a variable is not loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The server sent a mask and no value is known.
    Masked,
    /// The name is none that a shell can assign to.
    BadName(NameError),
    /// The name is known to do more than inform a program.
    Refused(Group),
    /// The value holds a NUL byte, which an environment cannot hold.
    HoldsNul,
    /// The value is longer than the operating system passes on.
    TooLong,
    /// With it, the environment would be too large for any program to start.
    NoRoom,
    /// There are more variables than shells load in time.
    TooMany,
    /// A project sets it to a text with names in it that have no value here.
    Unfilled {
        names: Vec<String>,
        /// Whether the account has some of them, with hidden values.
        are_hidden: bool,
    },
    /// The user's config keeps it out of shells.
    RunOnly,
    /// The project keeps all out of shells.
    ProjectForRun,
    /// The user's config keeps all out of shells that are in no allowed project.
    OutsideProjects,
    /// The environment's own value stays.
    Kept,
}

impl Why {
    /// What a person reads in a list.
    pub fn reason(&self) -> String {
        match self {
            Self::Masked => "hidden by Vast, value unknown here".to_owned(),
            Self::BadName(error) => format!("not a variable name: {error}"),
            Self::Refused(group) => format!("refused: {}", group.reason()),
            Self::HoldsNul => "the value holds a NUL byte".to_owned(),
            Self::TooLong => "the value is over 128 KiB, too long for an environment".to_owned(),
            Self::NoRoom => {
                "no room: the environment would be too large to start programs (`ulimit -s`)".to_owned()
            }
            Self::TooMany => format!("over the limit of {MOST_VARIABLES} variables"),
            Self::Unfilled { names, are_hidden: true } => format!("made of {}: unknown here", list(names)),
            Self::Unfilled { names, .. } => format!("made of {}: no such variable", list(names)),
            Self::RunOnly => "for `vastenv run` only (run_only)".to_owned(),
            Self::ProjectForRun => "for `vastenv run` only (load = \"run\" in the project file)".to_owned(),
            Self::OutsideProjects => "not in an allowed project (scope = \"projects\")".to_owned(),
            Self::Kept => "your own value stays (keep)".to_owned(),
        }
    }

    /// Whether this is a hidden value rather than a name or value that cannot be had.
    pub fn is_masked(&self) -> bool {
        *self == Self::Masked
    }

    /// Whether the account has its value, or what it is made of, and nobody knows it here.
    pub fn is_unknown(&self) -> bool {
        self.is_masked() || matches!(self, Self::Unfilled { are_hidden: true, .. })
    }

    /// Whether only shells do not get it.
    pub fn is_for_programs(&self) -> bool {
        matches!(self, Self::RunOnly | Self::ProjectForRun | Self::OutsideProjects)
    }
}

/// As many names as fit in a notice.
pub(super) fn list(names: &[impl AsRef<str>]) -> String {
    let shown: Vec<String> =
        names.iter().take(MOST_NAMES).map(|name| printable_capped(name.as_ref(), 80)).collect();
    let more = if names.len() > MOST_NAMES { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}
