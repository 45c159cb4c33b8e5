//! Known names that an account may not set unless the user's own config allows each by name, because
//! a program would run, load or follow what they say.

mod rule;
mod table;
#[cfg(test)]
mod tests;

use crate::domain::EnvName;

/// Why a family of names is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// The shells' own switches, prompts, search paths and special variables.
    Shell,
    /// The dynamic loader, the C library, and whatever libraries load by themselves.
    Loader,
    /// Interpreters, compilers, build tools, package managers: start-up code, tools, search paths.
    Interpreter,
    /// Who and where the user is: home, login, terminal, session sockets, locale.
    Session,
    /// Commands that other programs run, and their options and start-up files.
    Command,
    /// Where traffic goes and whom it trusts.
    Network,
    /// vastenv, the official client, other environment loaders and completion engines.
    Tool,
}

impl Group {
    /// What a person reads after "refused:".
    pub fn reason(self) -> &'static str {
        match self {
            Self::Shell => "changes how the shell works",
            Self::Loader => "changes how programs are loaded",
            Self::Interpreter => "can make interpreters or build tools run other code",
            Self::Session => "identifies you, your terminal or your session",
            Self::Command => "changes what other programs run",
            Self::Network => "changes where traffic goes or what is trusted",
            Self::Tool => "configures vastenv or a similar tool",
        }
    }
}

/// The group that refuses `name`, if one does.
pub fn refusal(name: &EnvName) -> Option<Group> {
    let name = name.as_str().as_bytes();
    rule::candidates(name)
        .filter(|pattern| pattern.fits(name))
        .max_by_key(|pattern| pattern.rank())
        .and_then(|pattern| pattern.rule().group)
}
