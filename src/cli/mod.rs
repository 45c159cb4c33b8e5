//! The command line: types, whose doc comments are the help texts, and what its words mean; no
//! behaviour.

#![allow(clippy::doc_markdown, clippy::struct_excessive_bools)]

mod config;
mod dashes;
mod dotenv;
mod env_var;
mod filters;
pub mod groups;
mod guide;
mod keys;
mod load;
mod profile;
mod project;
pub mod suggest;

use std::ffi::OsString;

use clap::builder::TypedValueParser;
use clap::{Args, FromArgMatches, Parser, Subcommand};

use crate::context;
use crate::domain::Secret;

pub use config::{Config, GetConfig, SetConfig, UnsetConfig};
pub use dashes::mark_values;
use dashes::{os_text, secret, text};
pub use dotenv::{Diff, Import};
pub use env_var::{
    Forget, ForgetEnvVar, NameValue, Names, Opening, Place, Remember, RememberEnvVar, RememberWhat,
    ShowEnvVar, ShowEnvVars, Sources, Why,
};
pub use filters::Filters;
pub use guide::{Help, Man};
pub use keys::{CreateApiKey, CreateSshKey, KeyId, KeyIds, UpdateSshKey};
pub use load::{
    ADDED, AGE, CHANGED, Completions, Export, Hook, REMOTE, REMOVED, Run, Sandbox, SshOptions, Storage, Watch,
};
pub use profile::{AddProfile, Profile, RemoveProfile, ShowProfile, UseProfile};
pub use project::{Allow, Deny, Init};

/// Your Vast.ai account's environment variables in your own shell, and its keys
#[derive(Debug, Parser)]
#[command(
    name = "vastenv",
    version,
    long_version = LONG_VERSION,
    infer_long_args = true,
    max_term_width = 80,
    disable_help_subcommand = true,
    help_template = groups::template(),
    after_help = "Start here:\n  vastenv set api-key\n  vastenv hook zsh --install\n\n\
        `vastenv help COMMAND` explains a command, `vastenv help TOPIC` a topic:\n  hook, projects, masks, security, settings, variables, options"
)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// The command; without one the user is greeted.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Reads a command line.
pub fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let mut command = groups::command();
    let matches = command.try_get_matches_from_mut(mark_values(arguments))?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// The parser of every path argument: `--output=~/x` reaches us with its `~`, which shells leave alone there.
fn path() -> impl TypedValueParser<Value = std::path::PathBuf> {
    os_text().try_map(|text| {
        if text.is_empty() {
            return Err(BadPath("it is empty".to_owned()));
        }
        context::user_path(text).map_err(BadPath)
    })
}

/// Why a path is refused; never the path.
#[derive(Debug)]
pub struct BadPath(String);

impl std::fmt::Display for BadPath {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for BadPath {}

/// The commands and their arguments, without what only help texts need: making that takes longer
/// than a TAB should.
pub fn bare() -> clap::Command {
    Command::augment_subcommands(Global::augment_args(clap::Command::new("vastenv")))
}

/// Options that every command takes, before or after its name.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Use this API key (visible in `ps`: prefer VAST_API_KEY or `vastenv set api-key`)
    #[arg(long, global = true, value_name = "KEY", value_parser = secret())]
    pub api_key: Option<Secret>,
    /// The server's address.
    // Written out: as documentation, the address would have to stand in angle brackets.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        value_parser = text(),
        help = "Server URL [default: $VAST_URL, or https://console.vast.ai]"
    )]
    pub url: Option<String>,
    /// Use this profile of config.toml [default: $VASTENV_PROFILE, the project's, or default_profile]
    #[arg(long, global = true, value_name = "PROFILE", value_parser = text(), conflicts_with = "api_key")]
    pub profile: Option<String>,
    /// Ignore the project file
    #[arg(long, global = true)]
    pub no_project: bool,
    /// Attempts per request [default: 3, or `retry` of config.toml]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub retry: Option<u32>,
    /// Print JSON, as the official client does
    #[arg(long, global = true, visible_alias = "json")]
    pub raw: bool,
    /// Show each request before it is sent, secrets left out
    #[arg(long, global = true)]
    pub explain: bool,
    /// Print the request as a curl command, do not send it
    #[arg(long, global = true)]
    pub curl: bool,
    /// Taken as by the official client: nothing here is ever paged
    #[arg(long, global = true, hide = true)]
    pub full: bool,
    /// Send the key over plain http to another machine
    #[arg(long, global = true)]
    pub insecure_http: bool,
    /// Print values even where a coding agent may read them
    #[arg(long, global = true)]
    pub reveal: bool,
    /// Disable colour (also: NO_COLOR=1)
    #[arg(long, global = true)]
    pub no_color: bool,
    /// Print errors and warnings only
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Answer yes to every question
    #[arg(long, short, global = true)]
    pub yes: bool,
}

/// The version with the commit and the machine that it was built for, as far as the build could tell.
const LONG_VERSION: &str = env!("VASTENV_LONG_VERSION");

impl Default for Global {
    /// No option given.
    fn default() -> Self {
        Self {
            api_key: None,
            url: None,
            profile: None,
            no_project: false,
            retry: None,
            raw: false,
            explain: false,
            curl: false,
            full: false,
            insecure_http: false,
            reveal: false,
            no_color: false,
            quiet: false,
            yes: false,
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the hook for a shell's start-up file
    Hook(Hook),
    /// Print or install the completion script
    Completions(Completions),
    /// Print the variables for a shell or program
    Export(Export),
    /// Run a command with the variables
    Run(Run),
    /// Fetch the variables from the server now
    #[command(after_help = "Example:\n  vastenv refresh")]
    Refresh,
    /// Keep the cache fresh, and shells up to date
    Watch(Watch),
    /// Show account, key, cache and hook status
    #[command(after_help = "Example:\n  vastenv status")]
    Status,
    /// Check the setup and suggest fixes
    #[command(after_help = "Example:\n  vastenv doctor")]
    Doctor,
    /// Show or change settings
    #[command(subcommand)]
    Config(Config),
    /// Show or change where secrets are stored
    Storage(Storage),
    /// Explain where a variable's value comes from
    Why(Why),
    /// Show variables or keys
    #[command(subcommand)]
    Show(Show),
    /// Create a variable or key
    #[command(subcommand)]
    Create(Create),
    /// Update a variable or SSH key
    #[command(subcommand)]
    Update(Update),
    /// Set the API key or a variable
    #[command(subcommand)]
    Set(Set),
    /// Delete variables or keys
    #[command(subcommand)]
    Delete(Delete),
    /// Replace the API key
    #[command(subcommand)]
    Reset(Reset),
    /// Add, remove or choose profiles: accounts by name
    #[command(subcommand)]
    Profile(Profile),
    /// Remember values that Vast hides
    Remember(Box<Remember>),
    /// Forget remembered values
    #[command(subcommand)]
    Forget(Forget),
    /// Send a dotenv file's variables to the account
    Import(Import),
    /// Compare a dotenv file with the account
    Diff(Diff),
    /// Write a project file to edit
    Init(Init),
    /// Let a project file add and change variables
    Allow(Allow),
    /// Ignore a project file
    Deny(Deny),
    /// Run a local fake of the account API
    Sandbox(Sandbox),
    /// Write the manual pages
    Man(Man),
    /// Explain a command or a topic
    Help(Help),
}

/// `vastenv show …`
#[derive(Debug, Subcommand)]
pub enum Show {
    /// Show the account's variables
    EnvVars(ShowEnvVars),
    /// Print a variable's value
    EnvVar(ShowEnvVar),
    /// Show one API key
    ApiKey(KeyId),
    /// List the account's API keys
    #[command(after_help = "Example:\n  vastenv show api-keys")]
    ApiKeys,
    /// List the account's SSH keys
    #[command(after_help = "Example:\n  vastenv show ssh-keys")]
    SshKeys,
}

/// `vastenv create …`
#[derive(Debug, Subcommand)]
pub enum Create {
    /// Create a variable
    #[command(
        after_help = "Examples:\n  vastenv create env-var HF_TOKEN            # prompts for the value\n  vastenv create env-var HF_TOKEN < token    # or reads it from stdin"
    )]
    EnvVar(NameValue),
    /// Create an API key with limited permissions
    ApiKey(CreateApiKey),
    /// Add an SSH public key, or create a pair and add it
    SshKey(CreateSshKey),
}

/// `vastenv update …`
#[derive(Debug, Subcommand)]
pub enum Update {
    /// Update a variable
    #[command(after_help = "Example:\n  vastenv update env-var HF_TOKEN            # prompts for the value")]
    EnvVar(NameValue),
    /// Replace an SSH public key
    SshKey(UpdateSshKey),
}

/// `vastenv set …`
#[derive(Debug, Subcommand)]
pub enum Set {
    /// Save the API key where `vastai` finds it too
    ApiKey(SetApiKey),
    /// Create or update a variable
    #[command(after_help = "Example:\n  vastenv set env-var WANDB_API_KEY          # prompts for the value")]
    EnvVar(NameValue),
}

/// `vastenv delete …`
#[derive(Debug, Subcommand)]
pub enum Delete {
    /// Delete variables
    #[command(
        after_help = "Examples:\n  vastenv delete env-var OLD_TOKEN\n  vastenv delete env-var OLD_TOKEN HF_TOKEN"
    )]
    EnvVar(Names),
    /// Delete API keys
    #[command(
        after_help = "Asks first (or needs -y) if one of them is, or might be, the key in use. That is\nknown if the server shows it, or if the key was created and set, or reset, here.\n\nExample:\n  vastenv delete api-key 42"
    )]
    ApiKey(KeyIds),
    /// Delete SSH keys
    #[command(after_help = "Example:\n  vastenv delete ssh-key 12 15")]
    SshKey(KeyIds),
}

/// `vastenv reset …`
#[derive(Debug, Subcommand)]
pub enum Reset {
    /// Replace the API key in use with a new one
    #[command(after_help = "Example:\n  vastenv reset api-key")]
    ApiKey,
}

/// `vastenv set api-key`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  vastenv set api-key              # prompts for the key\n  pass show vast | vastenv set api-key\n  vastenv set api-key --profile work"
)]
pub struct SetApiKey {
    /// API key; prompted for on a terminal, else read from stdin
    #[arg(value_name = "KEY", value_parser = secret())]
    pub key: Option<Secret>,
    /// Save it in the system keyring, and remove the key file
    #[arg(long)]
    pub keyring: bool,
    /// Save it without verifying it
    #[arg(long)]
    pub no_verify: bool,
}
