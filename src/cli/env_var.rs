//! Arguments of the commands about variables.

use clap::Args;

use crate::domain::Secret;

/// `vastenv show env-vars`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  vastenv show env-vars\n  vastenv show env-vars -s --raw")]
pub struct ShowEnvVars {
    /// Show the values too
    #[arg(long, short)]
    pub show_values: bool,
}

/// A variable's name and value.
#[derive(Debug, Args)]
pub struct NameValue {
    /// The variable's name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Its value (seen in `ps` and the shell's history: leave it out to be asked)
    #[arg(value_name = "VALUE")]
    pub value: Option<Secret>,
    /// How a value from stdin is read.
    #[command(flatten)]
    pub stdin: StdinValue,
}

/// How a value from stdin is read.
#[derive(Debug, Args)]
pub struct StdinValue {
    /// Keep the line break at the end of what stdin holds
    #[arg(long)]
    pub keep_newline: bool,
}

/// A variable's name.
#[derive(Debug, Args)]
pub struct NameOnly {
    /// The variable's name
    #[arg(value_name = "NAME")]
    pub name: String,
}

/// `vastenv why`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vastenv why HF_TOKEN")]
pub struct Why {
    /// The variable's name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Show its value too
    #[arg(long, short)]
    pub show_values: bool,
}
