//! Arguments of the commands about variables.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Filters, REMOTE, SshOptions, path, secret, text};
use crate::domain::Secret;

/// `vastenv show env-vars`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  vastenv show env-vars\n  vastenv show env-vars -s --raw\n  vastenv show env-vars 'HF_*'\n  vastenv show env-vars --unknown    # names whose values are unknown here"
)]
pub struct ShowEnvVars {
    /// Show only these variables (names or globs)
    #[arg(value_name = "NAME", conflicts_with = "only", value_parser = text())]
    pub names: Vec<String>,
    /// Show the values too
    #[arg(long, short)]
    pub show_values: bool,
    /// List the names of unknown values only, one a line
    #[arg(long, conflicts_with = "show_values")]
    pub unknown: bool,
    /// Which variables.
    #[command(flatten)]
    pub filters: Filters,
}

/// `vastenv show env-var`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  vastenv show env-var HF_TOKEN\n  vastenv show env-var -n HF_TOKEN | wc -c"
)]
pub struct ShowEnvVar {
    /// Name of the variable
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Print no newline after the value
    #[arg(long, short = 'n')]
    pub no_newline: bool,
    /// Seconds to wait for the server if nothing is cached
    #[arg(long, value_name = "SECS", default_value_t = 10)]
    pub wait: u64,
}

/// A variable's name and value.
#[derive(Debug, Args)]
pub struct NameValue {
    /// Name of the variable
    #[arg(value_name = "NAME", value_parser = text())]
    pub name: String,
    /// Value (visible in `ps` and shell history: leave it out to be prompted)
    #[arg(value_name = "VALUE", value_parser = secret())]
    pub value: Option<Secret>,
    /// How a value from stdin is read.
    #[command(flatten)]
    pub stdin: StdinValue,
    /// Keep no copy of the value on this machine
    #[arg(long)]
    pub no_remember: bool,
    /// Use the remembered value, e.g. of a deleted variable
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
    /// How FILE is read.
    #[command(flatten)]
    pub opening: Opening,
    /// Which variables of the source.
    #[command(flatten)]
    pub filters: Filters,
}

/// `vastenv remember …`
#[derive(Debug, Subcommand)]
pub enum RememberWhat {
    /// Remember a value that Vast hides
    EnvVar(RememberEnvVar),
}

/// `vastenv remember env-var`
#[derive(Debug, Args)]
#[command(after_help = "FILE is a dotenv file, or one sealed by `vastenv export age` or age. It opens\n\
        with your SSH keys (~/.ssh/id_*), the keys of --identity, or its passphrase.\n\n\
        Examples:\n  vastenv remember env-var HF_TOKEN          # prompts for the value\n  \
        vastenv remember env-var --all             # prompts for each unknown value\n  \
        vastenv remember env-var --from-env        # takes them from this shell\n  \
        vastenv remember env-var --from .env --only 'HF_*'\n  \
        vastenv remember env-var --from vars.age\n  \
        vastenv remember env-var --from-instance 20931234")]
pub struct RememberEnvVar {
    /// Name of an account variable; several with a source
    #[arg(value_name = "NAME", value_parser = text(), required_unless_present_any = SOURCES)]
    pub name: Option<String>,
    /// Value (visible in `ps` and shell history: leave it out to be prompted)
    #[arg(value_name = "VALUE", value_parser = secret(), conflicts_with_all = ["all", "from_env", "from"])]
    pub value: Option<Secret>,
    /// More names, for a source of many.
    #[arg(value_name = "NAME", value_parser = text(), hide = true)]
    pub more: Vec<String>,
    /// Where the values come from.
    #[command(flatten)]
    pub sources: Sources,
    /// How FILE is read.
    #[command(flatten)]
    pub opening: Opening,
    /// How a value from stdin is read.
    #[command(flatten)]
    pub stdin: StdinValue,
    /// Which variables of the source.
    #[command(flatten)]
    pub filters: Filters,
}

/// The arguments that name a source.
const SOURCES: [&str; 5] = ["all", "from_env", "from", "from_instance", "from_ssh"];

/// Where remembered values come from, if not from the user's fingers.
#[derive(Clone, Debug, Default, Args)]
pub struct Sources {
    /// Prompt for each unknown value (Enter skips one); from an instance: take known ones too
    #[arg(long, conflicts_with_all = ["from_env", "from"])]
    pub all: bool,
    /// The one place.
    #[command(flatten)]
    pub place: Place,
    /// How `ssh` is called.
    #[command(flatten)]
    pub ssh: SshOptions,
}

/// A place that has values.
#[derive(Clone, Debug, Default, Args)]
#[group(multiple = false)]
pub struct Place {
    /// Take unknown values (or those named) from the environment
    #[arg(long)]
    pub from_env: bool,
    /// Take values of the account's variables from a dotenv or age file (- is stdin)
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub from: Option<PathBuf>,
    /// Take unknown values (or those named) from a running instance, over ssh
    #[arg(long, value_name = "INSTANCE", group = REMOTE, value_parser = clap::value_parser!(u64))]
    pub from_instance: Option<u64>,
    /// Take them from any ssh destination, such as ssh://root@host:port
    #[arg(long, value_name = "DEST", group = REMOTE, value_parser = text())]
    pub from_ssh: Option<String>,
}

/// How the file of `--from` is read.
#[derive(Clone, Debug, Default, Args)]
pub struct Opening {
    /// Open FILE with this private key (repeatable; - is stdin) [default: ~/.ssh/id_*]
    #[arg(long, value_name = "FILE", requires = "from", value_parser = path())]
    pub identity: Vec<PathBuf>,
    /// Read NUL-terminated NAME=value entries, as `env -0` prints them
    #[arg(long, requires = "from")]
    pub null: bool,
    /// Accept a file from another account
    #[arg(long, requires = "from")]
    pub any_account: bool,
}

/// `vastenv forget …`
#[derive(Debug, Subcommand)]
pub enum Forget {
    /// Forget remembered values (the account is unchanged)
    EnvVar(ForgetEnvVar),
}

/// `vastenv forget env-var`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  vastenv forget env-var OLD_TOKEN\n  vastenv forget env-var --all")]
pub struct ForgetEnvVar {
    /// Names of the variables
    #[arg(value_name = "NAME", required_unless_present = "all")]
    pub names: Vec<String>,
    /// Forget all remembered values of this account
    #[arg(long, conflicts_with = "names")]
    pub all: bool,
}

/// How a value from stdin is read.
#[derive(Debug, Args)]
pub struct StdinValue {
    /// Keep the newline at the end of stdin
    #[arg(long)]
    pub keep_newline: bool,
}

/// `vastenv delete env-var`
#[derive(Debug, Args)]
pub struct Names {
    /// Names of the variables
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
}

/// `vastenv why`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vastenv why HF_TOKEN")]
pub struct Why {
    /// Name of the variable
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Show its value too
    #[arg(long, short)]
    pub show_values: bool,
}
