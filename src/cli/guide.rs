//! Arguments of the commands that explain vastenv.

use std::path::PathBuf;

use clap::Args;

use super::path;

/// `vastenv help`
#[derive(Debug, Args)]
#[command(after_help = "`vastenv help hook` is the topic; for the command see `vastenv hook --help`.\n\n\
    Examples:\n  vastenv help create env-var\n  vastenv help masks\n  vastenv help topics")]
pub struct Help {
    /// A command or a topic: hook, projects, masks, security, settings, variables, options
    #[arg(value_name = "COMMAND|TOPIC")]
    pub words: Vec<String>,
}

/// `vastenv man`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  vastenv man ~/.local/share/man/man1\n  vastenv man > vastenv.1")]
pub struct Man {
    /// Folder for a page per command [default: print vastenv(1)]
    #[arg(value_name = "DIR", value_parser = path())]
    pub folder: Option<PathBuf>,
}
