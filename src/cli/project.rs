//! Arguments of the commands about project files.

use std::path::PathBuf;

use clap::Args;

use super::filters::HEADING;
use super::path;

/// `vastenv init`
#[derive(Debug, Args)]
#[command(after_help = "The file has every key, with what it does. What takes away counts at once; what\n\
    adds or changes waits for `vastenv allow`.\n\n\
    Examples:\n  vastenv init\n  vastenv init --only HF_TOKEN,'WANDB_*'")]
pub struct Init {
    /// The folder [default: this one]
    #[arg(value_name = "DIR", value_parser = path())]
    pub folder: Option<PathBuf>,
    /// Take only these variables
    #[arg(long, help_heading = HEADING, value_name = "NAMES")]
    pub only: Vec<String>,
}

/// `vastenv allow`
#[derive(Debug, Args)]
#[command(after_help = "Shows what the file adds, or what was edited since. profile, rename, prefix and\n\
    set count only as they were allowed; only, except, require, keep, load at once.\n\n\
    Examples:\n  vastenv allow\n  vastenv allow --list")]
pub struct Allow {
    /// A folder, or a .vastenv.toml [default: the nearest one from here upwards]
    #[arg(value_name = "DIR", value_parser = path())]
    pub place: Option<PathBuf>,
    /// List what was allowed and denied
    #[arg(long, conflicts_with = "place")]
    pub list: bool,
    /// Forget files that are gone
    #[arg(long, conflicts_with_all = ["place", "list"])]
    pub prune: bool,
}

/// `vastenv deny`
#[derive(Debug, Args)]
#[command(after_help = "`vastenv allow` takes it back.\n\nExample:\n  vastenv deny")]
pub struct Deny {
    /// A folder, or a .vastenv.toml [default: the nearest one from here upwards]
    #[arg(value_name = "DIR", value_parser = path())]
    pub place: Option<PathBuf>,
}
