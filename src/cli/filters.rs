//! Which variables a command takes, and under which names.

use clap::Args;

pub(super) const HEADING: &str = "Filters (names or globs, comma-separated or repeated)";

/// In this order: only, except, rename, prefix.
#[derive(Clone, Debug, Default, Args)]
pub struct Filters {
    /// Take only these variables
    #[arg(long, help_heading = HEADING, value_name = "NAMES")]
    pub only: Vec<String>,
    /// Leave these variables out
    #[arg(long, help_heading = HEADING, value_name = "NAMES")]
    pub except: Vec<String>,
    /// Rename a variable
    #[arg(long, help_heading = HEADING, value_name = "NEW=OLD")]
    pub rename: Vec<String>,
    /// Put this before every name
    #[arg(long, help_heading = HEADING, value_name = "PREFIX")]
    pub prefix: Option<String>,
    /// Fail unless these have a value; others may be missing
    #[arg(long, help_heading = HEADING, value_name = "NAMES")]
    pub require: Vec<String>,
}

impl Filters {
    /// Whether none is given.
    pub fn is_empty(&self) -> bool {
        !self.is_selective() && self.require.is_empty()
    }

    /// Whether variables are left out or renamed.
    pub fn is_selective(&self) -> bool {
        let Self { only, except, rename, prefix, require: _ } = self;
        !(only.is_empty() && except.is_empty() && rename.is_empty() && prefix.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(command: &clap::Command) {
        for argument in command.get_arguments() {
            let is_filter =
                ["only", "except", "rename", "prefix", "require"].contains(&argument.get_id().as_str());
            assert_eq!(argument.get_help_heading() == Some(HEADING), is_filter, "{argument:?}");
        }
        command.get_subcommands().for_each(check);
    }

    #[test]
    fn filters_and_nothing_else_stand_under_their_heading() {
        check(&<crate::cli::Cli as clap::CommandFactory>::command());
    }
}
