//! Arguments of the commands about profiles. The doc comments are the help texts.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::{path, text};

/// `vastenv profile …`
#[derive(Debug, Subcommand)]
pub enum Profile {
    /// List the profiles
    #[command(after_help = "Example:\n  vastenv profile list")]
    List,
    /// Add a profile
    Add(AddProfile),
    /// Remove a profile
    Remove(RemoveProfile),
    /// Make a profile the default
    Use(UseProfile),
    /// Show a profile, and who chose it
    Show(ShowProfile),
}

/// `vastenv profile add`
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("place").args(["api_key_file", "api_key_command", "keyring"]),
    after_help = "Asks for the key (or reads it from stdin), verifies it, and saves it in a\n\
        file of its own, unless an option says where it is.\n\n\
        Examples:\n  vastenv profile add work                 # prompts for the key\n  \
        vastenv profile add ci --api-key-file ~/.secrets/vast-ci\n  \
        vastenv profile add team --api-key-command op read op://team/vast/key"
)]
pub struct AddProfile {
    /// Name of the profile: letters, digits, `-`, `_` and `.`
    #[arg(value_name = "PROFILE", value_parser = text())]
    pub name: String,
    /// Use the key in this file; one that does not exist is made
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub api_key_file: Option<PathBuf>,
    /// Use the key that this command prints (last: takes the rest of the line)
    #[arg(long, value_name = "COMMAND", num_args = 1.., allow_hyphen_values = true)]
    pub api_key_command: Vec<String>,
    /// Save the key in the system keyring
    #[arg(long)]
    pub keyring: bool,
    /// Do not verify the key
    #[arg(long)]
    pub no_verify: bool,
}

/// `vastenv profile remove`
#[derive(Debug, Args)]
#[command(
    after_help = "Asks whether to forget what is cached and remembered of its account too, unless\nsomething else here opens that account.\n\nExample:\n  vastenv profile remove work"
)]
pub struct RemoveProfile {
    /// Name of the profile
    #[arg(value_name = "PROFILE", value_parser = text())]
    pub name: String,
}

/// `vastenv profile use`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  vastenv profile use work\n  vastenv profile use --none      # the key without a profile again"
)]
pub struct UseProfile {
    /// Name of the profile
    #[arg(value_name = "PROFILE", value_parser = text(), required_unless_present = "none")]
    pub name: Option<String>,
    /// Use no profile by default
    #[arg(long, conflicts_with = "name")]
    pub none: bool,
}

/// `vastenv profile show`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  vastenv profile show            # the profile in use\n  vastenv profile show work"
)]
pub struct ShowProfile {
    /// Name of the profile [default: the one in use]
    #[arg(value_name = "PROFILE", value_parser = text())]
    pub name: Option<String>,
}
