//! Which variables a command takes, and under which names.

use clap::Args;

/// In this order: only, except, rename, prefix.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Filters (names or globs, comma-separated or repeated)")]
pub struct Filters {
    /// Take only these variables
    #[arg(long, value_name = "NAMES")]
    pub only: Vec<String>,
    /// Leave these variables out
    #[arg(long, value_name = "NAMES")]
    pub except: Vec<String>,
    /// Rename a variable
    #[arg(long, value_name = "NEW=OLD")]
    pub rename: Vec<String>,
    /// Put this before every name
    #[arg(long, value_name = "PREFIX")]
    pub prefix: Option<String>,
    /// Fail unless these have a value, whatever else is missing
    #[arg(long, value_name = "NAMES")]
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
