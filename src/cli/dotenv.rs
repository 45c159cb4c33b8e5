//! Arguments of the commands about dotenv files. The doc comments are the help texts.

use std::path::PathBuf;

use clap::Args;

/// What both help texts say of the files.
const DIALECT: &str = "\
The dialect: NAME=value, export before it allowed, # a comment after white space.\n\
Without quotes a value is taken as it stands; '…' as it stands too, over several\n\
lines; \"…\" with \\n \\r \\t \\\\ \\\" \\' \\$. Nothing is ever substituted: a $ is a $.\n\
Of a name that is given twice, the last value counts.";

/// `vastenv import`
#[derive(Debug, Args)]
#[command(
    long_about = "Send the variables of a dotenv file to the account\n\n\
        Shows the names that would be created, updated and skipped, asks, and sends one\n\
        every 3 s, as the service wants it. After an interruption the same command goes\n\
        on: what the account has with the same value is skipped.",
    after_help = format!("Examples:\n  vastenv import .env\n  vastenv import --dry-run .env     # only says what it would do\n  \
        sops -d secrets.env | vastenv import -y -\n\n{DIALECT}")
)]
pub struct Import {
    /// The dotenv file; - for stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Say what would be done, and send nothing
    #[arg(long, short = 'n')]
    pub dry_run: bool,
}

/// `vastenv diff`
#[derive(Debug, Args)]
#[command(
    long_about = "Compare a dotenv file with the account\n\n\
        + only the file has it    - only the account has it    ~ the values differ\n\
        ? nobody can tell: the server masks its value and it is not known here\n\n\
        Exit code 0: all the same; 1: something differs, or cannot be told.",
    after_help = format!("Examples:\n  vastenv diff .env\n  vastenv diff -s .env\n  vastenv export dotenv | vastenv diff -\n\n{DIALECT}")
)]
pub struct Diff {
    /// The dotenv file; - for stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Show the values too
    #[arg(long, short)]
    pub show_values: bool,
}
