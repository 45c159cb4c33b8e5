//! Arguments of the commands about settings.

use clap::{Args, Subcommand};

use super::text;

/// `vastenv config …`
#[derive(Debug, Subcommand)]
pub enum Config {
    /// List settings: value, default, origin
    #[command(after_help = "Example:\n  vastenv config list")]
    List,
    /// Print a setting's value
    Get(GetConfig),
    /// Change a setting
    Set(SetConfig),
    /// Restore a setting's default
    Unset(UnsetConfig),
    /// Open the settings in an editor
    #[command(
        after_help = "Opens $VISUAL, $EDITOR or vi. What is not valid is not saved.\n\nExample:\n  EDITOR=nano vastenv config edit"
    )]
    Edit,
    /// Print the path of config.toml
    #[command(after_help = "Example:\n  vastenv config path")]
    Path,
}

/// `vastenv config get`
#[derive(Debug, Args)]
#[command(
    after_help = "A list is printed one word a line. Keys: vastenv help settings\n\nExample:\n  vastenv config get max_age"
)]
pub struct GetConfig {
    /// Setting, such as max_age or profiles.NAME.url
    #[arg(value_name = "KEY", value_parser = text())]
    pub key: String,
}

/// `vastenv config set`
#[derive(Debug, Args)]
#[command(
    after_help = "Comments, order and formatting of config.toml stay. Keys: vastenv help settings\n\nExamples:\n  vastenv config set max_age 1h\n  vastenv config set allow HTTPS_PROXY NO_PROXY\n  vastenv config set run_only --add 'AWS_*'"
)]
pub struct SetConfig {
    /// Setting, such as max_age or profiles.NAME.url
    #[arg(value_name = "KEY", value_parser = text())]
    pub key: String,
    /// Its value; a list takes several, or commas between
    #[arg(value_name = "VALUE", required = true, value_parser = text())]
    pub values: Vec<String>,
    /// Add these to the list
    #[arg(long, conflicts_with = "remove")]
    pub add: bool,
    /// Remove these from the list
    #[arg(long)]
    pub remove: bool,
}

/// `vastenv config unset`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vastenv config unset max_age")]
pub struct UnsetConfig {
    /// Setting, such as max_age or profiles.NAME.url
    #[arg(value_name = "KEY", value_parser = text())]
    pub key: String,
}
