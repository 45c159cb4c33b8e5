//! Which variables a command takes, and under which names.

use clap::Args;

/// In this order: only, except, rename, prefix.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Filters (names or globs, comma-separated or repeated)")]
pub struct Filters {
    /// Which ones.
    #[command(flatten)]
    pub choice: Choice,
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
    /// Whether variables are left out or renamed.
    pub fn is_selective(&self) -> bool {
        let Self { choice, rename, prefix, require: _ } = self;
        !(choice.is_empty() && rename.is_empty() && prefix.is_none())
    }
}

/// Which variables a command takes, where their names stay.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Filters (names or globs, comma-separated or repeated)")]
pub struct Choice {
    /// Take only these variables
    #[arg(long, value_name = "NAMES")]
    pub only: Vec<String>,
    /// Leave these variables out
    #[arg(long, value_name = "NAMES")]
    pub except: Vec<String>,
}

impl Choice {
    pub fn is_empty(&self) -> bool {
        self.only.is_empty() && self.except.is_empty()
    }
}
