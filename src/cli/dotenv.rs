//! Arguments of the commands about dotenv files. The doc comments are the help texts.

use std::path::PathBuf;

use clap::Args;

use super::{REMOTE, SshOptions, path, text};

/// What both help texts say of the files.
const DIALECT: &str = "\
The dialect is python-dotenv's without interpolation: NAME=value, export before\n\
it allowed, # a comment after white space. Without quotes a value is taken as it\n\
stands; '…' and \"…\" go over several lines; '…' knows \\\\ and \\', \"…\" also \\\" \\n\n\
\\r \\t \\a \\b \\f \\v. Nothing is ever substituted: a $ is a $. Of a name given\n\
twice the last value counts; names are upper-cased, as the service does.";

/// `vastenv import`
#[derive(Debug, Args)]
#[command(after_help = format!("Shows the names to create, update and skip, asks, and sends them. After an
interruption run it again: what the account has with the same value is skipped.

{DIALECT}

Examples:
  vastenv import .env
  vastenv import --dry-run .env     # shows what it would do
  sops -d secrets.env | vastenv import -y -"))]
pub struct Import {
    /// Dotenv file, - for stdin
    #[arg(value_name = "FILE", value_parser = path())]
    pub file: PathBuf,
    /// Show what would be sent, change nothing
    #[arg(long, short = 'n')]
    pub dry_run: bool,
}

/// `vastenv diff`
#[derive(Debug, Args)]
#[command(after_help = format!("+ only the file has it      - only the account has it      ~ the values differ
? unknown: Vast hides its value, and it is not remembered here
Exit code 0: all the same; 1: something differs or is unknown.

{DIALECT}

Examples:
  vastenv diff .env
  vastenv diff -s .env
  vastenv diff --on 20931234        # what an instance has otherwise, by name
  vastenv export dotenv | vastenv diff -"))]
pub struct Diff {
    /// Dotenv file, - for stdin
    #[arg(value_name = "FILE", value_parser = path(), required_unless_present = "on")]
    pub file: Option<PathBuf>,
    /// Compare with what an instance or ssh destination was launched with
    #[arg(long, value_name = "DEST|ID", group = REMOTE, value_parser = text(), conflicts_with_all = ["file", "show_values"])]
    pub on: Option<String>,
    /// How `ssh` is called.
    #[command(flatten)]
    pub ssh: SshOptions,
    /// Show the values too
    #[arg(long, short)]
    pub show_values: bool,
}
