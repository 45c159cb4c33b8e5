//! An account with keys of every kind, on a server that counts its requests.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use vastenv::sandbox::Options;

use crate::common::RunningSandbox;
use crate::pty::Home;

/// Two public keys.
pub const LAPTOP: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1nRTZzRPuILhyxP8jjP8xFjxDzMjTVGDIgnA4p2Hme me@laptop";
pub const HOSTILE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f \
                           -x:a\tb $(touch $HOME/executed) `touch $HOME/executed` %F{red}\u{1b}[2J\u{202e}";

/// A name that the service takes and no shell.
pub const ODD_NAME: &str = "9-A $(touch $HOME/executed)";

/// A key that may list nothing.
pub const BLIND_KEY: &str = "cc";

/// What the values of the variables are, and no TAB ever shows.
pub const VALUE: &str = "secret-value";

pub struct Account {
    pub home: Home,
    pub sandbox: RunningSandbox,
    folder: tempfile::TempDir,
}

impl Account {
    /// An account whose variables and lists of keys are known here.
    pub fn known() -> Self {
        let account = Self::unknown();
        for arguments in [["refresh", "--quiet"], ["show", "api-keys"], ["show", "ssh-keys"]] {
            account.home.vastenv_ok(&arguments);
        }
        account
    }

    /// An account of which nothing is known here but the key.
    pub fn unknown() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let state = folder.path().join("account.json");
        let account = json!({
            "secrets": {"HF_TOKEN": VALUE, "HF_HOME": VALUE, "WANDB_API_KEY": VALUE, ODD_NAME: VALUE},
            "api_keys": [
                {"id": 7, "name": "main", "key": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
                {"id": 41, "name": "ci", "key": "aa", "permissions": {"api": {"user_read": {}}}},
                {"id": 42, "name": "a\nb $(touch $HOME/executed)", "key": "bb"},
                {"id": 43, "name": "blind", "key": BLIND_KEY, "permissions": {"api": {"misc": {}}}},
            ],
            "ssh_keys": [{"id": 12, "public_key": LAPTOP}, {"id": 130, "public_key": HOSTILE}],
            "instances": [
                {"id": 20_931_234, "label": "train", "num_gpus": 2},
                {"id": 7, "label": "a\tb $(touch $HOME/executed)", "actual_status": null, "gpu_name": null},
                {"id": 8, "actual_status": "exited"},
            ],
        });
        std::fs::write(&state, account.to_string()).expect("written");
        let record = Some(folder.path().join("record"));
        let sandbox =
            RunningSandbox::start(&Options { state: Some(state), record, ..Options::default() }, now);
        let mut home = Home::new();
        home.variable("VAST_URL", &sandbox.url);
        home.write(".config/vastai/vast_api_key", sandbox.key.expose());
        let folder_of_binary = home.binary.parent().expect("a folder").to_owned();
        let path = std::env::var("PATH").expect("PATH");
        home.variable("PATH", &format!("{}:{path}", folder_of_binary.display()));
        Self { home, sandbox, folder }
    }

    /// How many requests the server got.
    pub fn requests(&self) -> usize {
        std::fs::read_to_string(self.folder.path().join("record")).map_or(0, |text| text.lines().count())
    }

    /// What `__complete` answers to fish for the last of `words`: the lines, without the first.
    pub fn offers(&self, words: &[&str]) -> Vec<String> {
        let index = (words.len() - 1).to_string();
        let mut command = self.home.command(&self.home.binary);
        command.env("__vastenv_line", words.join("\u{1f}"));
        let output = command.args(["__complete", "1", "fish", &index, "0"]).output().expect("vastenv runs");
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let text = String::from_utf8(output.stdout).expect("text");
        text.lines().skip(1).map(str::to_owned).collect()
    }

    /// A file in the cache of the only account.
    pub fn cached(&self, name: &str) -> PathBuf {
        let mut accounts = std::fs::read_dir(self.home.path(".cache/vastenv")).expect("a cache");
        accounts.next().expect("an account").expect("an entry").path().join(name)
    }

    /// Makes a cached file so old that it must be fetched again.
    pub fn age(&self, name: &str) {
        let path = self.cached(name);
        let mut value: Value =
            serde_json::from_str(&std::fs::read_to_string(&path).expect("a file")).expect("JSON");
        value["fetched_at"] = json!(1_000_000);
        std::fs::write(path, value.to_string()).expect("written");
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970")
}
