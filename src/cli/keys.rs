//! Arguments of the commands about API keys and SSH keys. The doc comments are the help texts.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::{path, text};
use crate::domain::Secret;

/// `vastenv show api-key`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vastenv show api-key 42")]
pub struct KeyId {
    /// Id of the key, as `show` lists it
    #[arg(value_name = "ID")]
    pub id: u64,
}

/// `vastenv delete api-key`, `vastenv delete ssh-key`
#[derive(Debug, Args)]
pub struct KeyIds {
    /// Ids of the keys
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<u64>,
}

/// What argparse takes for `--permission_file`, as no other option begins so.
const BEGINNINGS: [&str; 9] =
    ["p", "pe", "per", "perm", "permi", "permis", "permiss", "permissi", "permissio"];

/// `vastenv create api-key`
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("rights").args(["permission_file", "permission"]).required(true).multiple(true),
    override_usage = "vastenv create api-key --name NAME --permission CATEGORY…\n       \
        vastenv create api-key --name NAME --permission_file FILE",
    after_help = "The new key is printed once, alone on stdout.\n\
        Categories: misc, user_read, user_write, instance_read, instance_write,\n\
        billing_read, billing_write, machine_read, machine_write, team_read, team_write\n\n\
        Examples:\n  vastenv create api-key --name ci --permission user_read\n  \
        vastenv create api-key --name ci --permission_file rights.json \\\n    | vastenv set env-var CI_KEY"
)]
pub struct CreateApiKey {
    /// The key's name
    #[arg(long, value_name = "NAME", value_parser = text())]
    pub name: Option<String>,
    /// A JSON file of permissions, {"api": {"CATEGORY": {}}}; - for stdin
    #[arg(long = "permission_file", alias = "permission-file", value_name = "FILE", value_parser = path())]
    pub permission_file: Option<PathBuf>,
    // In the official client this and its beginnings are short for --permission_file.
    /// Grant a category of permissions (repeatable), or a file as --permission_file
    #[arg(long, value_name = "CATEGORY", value_parser = text(), aliases = BEGINNINGS)]
    pub permission: Vec<String>,
    /// Wildcard parameters for advanced keys
    #[arg(long = "key_params", alias = "key-params", value_name = "PARAMS", value_parser = text())]
    pub key_params: Option<String>,
}

/// `vastenv create ssh-key`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  vastenv create ssh-key ~/.ssh/id_ed25519.pub\n  vastenv create ssh-key         # creates a pair and adds its public key"
)]
pub struct CreateSshKey {
    // What is given by mistake may be a private key.
    /// Public key, its path, or - for stdin [default: create a pair]
    #[arg(value_name = "KEY")]
    pub key: Option<Secret>,
    /// Prompt for a passphrase for the new private key
    #[arg(long, conflicts_with = "key")]
    pub passphrase: bool,
    /// Path of the new private key [default: ~/.ssh/id_ed25519]
    #[arg(long, value_name = "PATH", conflicts_with = "key", value_parser = path())]
    pub output: Option<PathBuf>,
    /// Send the key even if the account has it
    #[arg(long)]
    pub force: bool,
}

/// `vastenv update ssh-key`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  vastenv update ssh-key 12 ~/.ssh/id_ed25519.pub")]
pub struct UpdateSshKey {
    /// Id of the key to replace
    #[arg(value_name = "ID")]
    pub id: u64,
    /// Public key, its path, or - for stdin
    #[arg(value_name = "KEY")]
    pub key: Secret,
}
