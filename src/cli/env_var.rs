//! Arguments of the commands about variables.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{path, secret, text};
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
    #[arg(value_name = "NAME", value_parser = text())]
    pub name: String,
    /// Its value (seen in `ps` and the shell's history: leave it out to be asked)
    #[arg(value_name = "VALUE", value_parser = secret())]
    pub value: Option<Secret>,
    /// How a value from stdin is read.
    #[command(flatten)]
    pub stdin: StdinValue,
    /// Keep no copy of the value on this machine (shells have it once the server tells it)
    #[arg(long)]
    pub no_remember: bool,
    /// Take the value that is remembered here, as of a variable that was deleted
    #[arg(long, conflicts_with_all = ["value", "no_remember", "keep_newline"])]
    pub remembered: bool,
}

/// `vastenv remember`
#[derive(Debug, Args)]
pub struct Remember {
    /// What to remember; variables, if left out.
    #[command(subcommand)]
    pub what: Option<RememberWhat>,
    /// Where the values come from.
    #[command(flatten)]
    pub sources: Sources,
}

/// `vastenv remember …`
#[derive(Debug, Subcommand)]
pub enum RememberWhat {
    /// Remember the value of a variable that the server hides
    EnvVar(RememberEnvVar),
}

/// `vastenv remember env-var`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  vastenv remember env-var HF_TOKEN          # asks for the value, without echo\n  vastenv remember env-var --all             # asks for each one that is unknown\n  vastenv remember env-var --from-env        # takes them from this shell\n  vastenv remember env-var --from .env"
)]
pub struct RememberEnvVar {
    /// The variable's name, as the account has it
    #[arg(value_name = "NAME", value_parser = text(), required_unless_present_any = ["all", "from_env", "from"])]
    pub name: Option<String>,
    /// Its value (seen in `ps` and the shell's history: leave it out to be asked)
    #[arg(value_name = "VALUE", value_parser = secret(), conflicts_with_all = ["all", "from_env", "from"])]
    pub value: Option<Secret>,
    /// Where the values come from.
    #[command(flatten)]
    pub sources: Sources,
    /// How a value from stdin is read.
    #[command(flatten)]
    pub stdin: StdinValue,
}

/// Where remembered values come from, if not from the user's fingers.
#[derive(Clone, Debug, Default, Args)]
#[group(multiple = false)]
pub struct Sources {
    /// Ask for the value of each variable that is unknown here; an empty one is skipped
    #[arg(long)]
    pub all: bool,
    /// Take those that are unknown (or NAME) from the environment of this command
    #[arg(long)]
    pub from_env: bool,
    /// Take what the account has from a dotenv file (- is stdin)
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub from: Option<PathBuf>,
}

/// `vastenv forget …`
#[derive(Debug, Subcommand)]
pub enum Forget {
    /// Forget remembered values; the account keeps its variables
    EnvVar(ForgetEnvVar),
}

/// `vastenv forget env-var`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  vastenv forget env-var OLD_TOKEN\n  vastenv forget env-var --all")]
pub struct ForgetEnvVar {
    /// The variables' names
    #[arg(value_name = "NAME", required_unless_present = "all")]
    pub names: Vec<String>,
    /// Forget all values that are remembered of this account
    #[arg(long, conflicts_with = "names")]
    pub all: bool,
}

/// How a value from stdin is read.
#[derive(Debug, Args)]
pub struct StdinValue {
    /// Keep the line break at the end of what stdin holds
    #[arg(long)]
    pub keep_newline: bool,
}

/// `vastenv delete env-var`
#[derive(Debug, Args)]
pub struct Names {
    /// The variables' names
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
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
