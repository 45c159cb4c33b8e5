//! Arguments of the commands that load variables, and of the sandbox.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};
use nix::sys::signal::Signal;

use super::{Filters, path, secret, text};
use crate::domain::Secret;
use crate::format;
use crate::shell::{self, Dialect, Shell};

/// `vastenv hook`
#[derive(Debug, Args)]
#[command(after_help = hook_lines())]
pub struct Hook {
    /// The shell
    #[arg(value_parser = PossibleValuesParser::new(shell::ALL.map(Dialect::name)))]
    pub shell: String,
    /// Add the line that loads it to the shell's start-up file
    #[arg(long)]
    pub install: bool,
    /// Remove that line
    #[arg(long, conflicts_with = "install")]
    pub remove: bool,
}

fn hook_lines() -> String {
    let line = |shell: Shell| {
        format!("  {:5}  {:26}  {}\n", shell.name(), shell.start_file().usual(), shell.hook_line())
    };
    format!(
        "--install puts this at the end of the start-up file (`vastenv help hook`):\n{}\n\
         Examples:\n  vastenv hook zsh --install      # for new shells\n  \
         eval \"$(vastenv hook bash)\"      # in this shell alone",
        shell::ALL.map(line).concat()
    )
}

/// `vastenv completions`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  vastenv completions zsh --install\n  vastenv completions bash > vastenv.bash"
)]
pub struct Completions {
    /// The shell
    #[arg(value_parser = PossibleValuesParser::new(shell::completions().map(|completion| completion.shell)))]
    pub shell: String,
    /// Install the script where the shell looks for it
    #[arg(long)]
    pub install: bool,
    /// Install it into this folder
    #[arg(long, value_name = "DIR", requires = "install", value_parser = path())]
    pub dir: Option<PathBuf>,
}

/// `vastenv export`
#[derive(Debug, Default, Args)]
#[command(
    override_usage = "vastenv export FORMAT [OPTIONS]\n       \
        vastenv export age --to RECIPIENT…\n       \
        vastenv export age --passphrase",
    after_help = "RECIPIENT is a key, and may be given several times: age1…, an SSH public key\n\
        (ssh-ed25519 …, ssh-rsa …) or its file, or `account` for the account's SSH keys.\n\
        The file opens with `vastenv remember env-var --from FILE`, or `age -d`.\n\n\
        Examples:\n  eval \"$(vastenv export bash)\"\n  \
        vastenv export json | jq -r .HF_TOKEN\n  \
        vastenv export dotenv > .env\n  \
        vastenv export json --only 'HF_*' --prefix TRAIN_\n  \
        vastenv export age --to ~/.ssh/id_ed25519.pub --output vars.age"
)]
pub struct Export {
    /// Output format
    #[arg(value_name = "FORMAT", value_parser = PossibleValuesParser::new(formats()))]
    pub format: String,
    /// Seal `age` for this key (repeatable)
    #[arg(long, value_name = "RECIPIENT", num_args = 1.., value_parser = secret())]
    pub to: Vec<Secret>,
    /// Seal `age` with a passphrase, prompted for or from stdin
    #[arg(long, conflicts_with = "to")]
    pub passphrase: bool,
    /// Write to this file, which only you can read
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub output: Option<PathBuf>,
    /// Seconds to wait for the server if nothing is cached
    #[arg(long, value_name = "SECS", default_value_t = 10)]
    pub wait: u64,
    /// Print what is known even if values are unknown or the server does not answer
    #[arg(long)]
    pub allow_missing: bool,
    /// Which variables.
    #[command(flatten)]
    pub filters: Filters,
}

/// The format that is sealed, and so needs to know for whom.
pub const AGE: &str = "age";

fn formats() -> impl Iterator<Item = PossibleValue> {
    let plain = format::all().map(|format| PossibleValue::new(format.name()).help(format.about()));
    plain.chain([PossibleValue::new(AGE).help("a file sealed for keys, or with a passphrase")])
}

/// `vastenv run`
#[derive(Clone, Debug, Args)]
#[command(after_help = "With --signal the command keeps the environment it was started with: it must\n\
        read the new values itself, for example from `vastenv export json`.\n\n\
        Examples:\n  vastenv run -- python train.py\n  vastenv run --preserve-env -- make\n  vastenv run --only HF_TOKEN,'WANDB_*' -- python train.py\n  vastenv run --require HF_TOKEN -- python train.py   # others may be missing\n  vastenv run --redact -- bash       # values show as *****\n  vastenv run --with-api-key -- vastai show instances\n  vastenv run --on 20931234 -- python train.py       # on an instance\n  vastenv run --watch -- python serve.py             # again when they change\n  vastenv run --watch --signal HUP -- python serve.py")]
pub struct Run {
    /// Keep variables that are already set
    #[arg(long)]
    pub preserve_env: bool,
    /// Also pass the API key, as VAST_API_KEY
    #[arg(long)]
    pub with_api_key: bool,
    /// Run the command even if values are unknown or the server does not answer
    #[arg(long)]
    pub allow_missing: bool,
    /// Replace known values in the command's output with *****
    #[arg(long)]
    pub redact: bool,
    /// Run it over ssh on another machine or an instance; without CMD a login shell
    #[arg(long, value_name = "DEST|ID", group = REMOTE, value_parser = text())]
    pub on: Option<String>,
    /// How `ssh` is called.
    #[command(flatten)]
    pub ssh: SshOptions,
    /// Restart the command when its variables change, and when it crashes
    #[arg(long)]
    pub watch: bool,
    /// Send this signal instead of restarting: the command must fetch its variables itself
    #[arg(long, value_name = "SIGNAL", requires = "watch", value_parser = signal)]
    pub signal: Option<Signal>,
    /// Changes that are no reason to restart
    #[arg(long, value_name = "KINDS", requires = "watch", value_delimiter = ',', value_parser = PossibleValuesParser::new([ADDED, CHANGED, REMOVED]))]
    pub no_restart_on: Vec<String>,
    /// Start the command again when it has ended well, too
    #[arg(long, requires = "watch")]
    pub always: bool,
    /// The command and its arguments
    #[arg(required_unless_present = "on", trailing_var_arg = true, value_name = "CMD")]
    pub command: Vec<OsString>,
    /// Which variables.
    #[command(flatten)]
    pub filters: Filters,
}

/// Variables that a command does not have yet.
pub const ADDED: &str = "added";

/// Variables that it has with another value.
pub const CHANGED: &str = "changed";

/// Variables that it is not to have any more.
pub const REMOVED: &str = "removed";

/// The signal that a user means: a name, with or without SIG, or a number.
fn signal(text: &str) -> Result<Signal, String> {
    let name = text.to_ascii_uppercase();
    let name = if name.starts_with("SIG") { name } else { format!("SIG{name}") };
    let named = || name.parse().ok();
    let found = text.parse().map_or_else(|_| named(), |number: i32| Signal::try_from(number).ok());
    found.ok_or_else(|| "not a signal, such as HUP or 1".to_owned())
}

/// The arguments that lead to another machine.
pub const REMOTE: &str = "remote";

/// How `ssh` is called.
#[derive(Clone, Debug, Default, Args)]
pub struct SshOptions {
    /// Pass an option to ssh, such as Port=2222 or -4 (repeatable)
    #[arg(id = "ssh_option", long = "ssh-option", value_name = "OPT", requires = REMOTE, allow_hyphen_values = true, value_parser = text())]
    pub options: Vec<String>,
}

/// `vastenv watch`
#[derive(Debug, Args)]
#[command(after_help = "Asks the server before the cache is older than max_age, and tells shells when\n\
    others change key files, settings, project files or remembered values.\n\n\
    Examples:\n  vastenv watch              # until interrupted\n  \
    vastenv watch --once       # for cron: asks the server if that is due\n  \
    vastenv watch --install    # a systemd user unit, or a launchd agent")]
pub struct Watch {
    /// Ask the server if that is due, look at the files, and end
    #[arg(long)]
    pub once: bool,
    /// Write a unit that starts it with the session
    #[arg(long, conflicts_with = "once")]
    pub install: bool,
    /// Remove that unit
    #[arg(long, conflicts_with_all = ["once", "install"])]
    pub remove: bool,
}

/// `vastenv storage`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  vastenv storage            # shows where secrets are stored\n  \
    vastenv storage keyring    # encrypts them with a key in the keyring\n  \
    vastenv storage file       # private files again")]
pub struct Storage {
    /// keyring: encrypted with a key in the system keyring; file: private files
    #[arg(value_name = "WHERE", value_parser = PossibleValuesParser::new(["keyring", "file"]))]
    pub place: Option<String>,
}

/// `vastenv sandbox`
#[derive(Debug, Args)]
#[command(after_help = "A new sandbox has a random key; with --state it stays the same. For bash, zsh or\n\
    fish without arguments it loads the hook and creates three variables.\n\n\
    Examples:\n  vastenv sandbox -- bash            # a shell whose account is the sandbox\n  \
    vastenv sandbox --state dev.json   # prints the two exports and serves")]
pub struct Sandbox {
    /// Port on 127.0.0.1 [default: any free one]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub port: u16,
    /// Keep the account in this JSON file
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub state: Option<PathBuf>,
    /// Add an instance and its SSH address (also ,label=… ,status=… ,gpu=… ,gpus=N)
    #[arg(long, value_name = "ID[=HOST:PORT]", value_parser = text())]
    pub instance: Vec<String>,
    /// Tell values, where the real service answers ********
    #[arg(long)]
    pub plain: bool,
    /// Taken as before: values are hidden anyway
    #[arg(long, hide = true)]
    pub mask: bool,
    /// Delay every answer
    #[arg(long, value_name = "MS", default_value_t = 0, hide_default_value = true)]
    pub latency: u64,
    /// Refuse requests that come too fast: at once, or after a burst
    #[arg(long, value_name = "strict|burst", num_args = 0..=1, default_missing_value = "strict", value_parser = ["strict", "burst"], hide_possible_values = true)]
    pub rate_limits: Option<String>,
    /// Append every request to this file, one JSON line each
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub record: Option<PathBuf>,
    /// Keep HOME and XDG_* for the command
    #[arg(long)]
    pub keep_home: bool,
    /// Command to run against the sandbox, which ends with it
    #[arg(trailing_var_arg = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}
