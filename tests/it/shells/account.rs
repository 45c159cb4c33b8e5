//! An account on a server of its own, and a home that knows its key.

use std::time::Duration;

use serde_json::{Value, json};
use vastenv::sandbox::Options;

use crate::common::RunningSandbox;
use crate::pty::Home;

/// A home whose key file opens an account on a sandbox.
pub struct Account {
    pub home: Home,
    folder: tempfile::TempDir,
    sandbox: Option<RunningSandbox>,
}

impl Account {
    /// An account with these variables, already fetched.
    pub fn with(variables: &[(&str, &str)]) -> Self {
        let account = Self::unfetched(variables, Duration::ZERO);
        account.home.vastenv_ok(&["refresh"]);
        account
    }

    /// As [`Self::with`], on a server that takes `latency` for each answer.
    pub fn slow(variables: &[(&str, &str)], latency: Duration) -> Self {
        let account = Self::unfetched(variables, latency);
        account.home.vastenv_ok(&["refresh"]);
        account
    }

    /// An account that this machine knows nothing of, whose server takes `latency` to answer.
    pub fn unfetched(variables: &[(&str, &str)], latency: Duration) -> Self {
        Self::on(variables, Options { latency, ..Options::default() })
    }

    /// An account, already fetched, whose server masks every value.
    pub fn masked(variables: &[(&str, &str)]) -> Self {
        let account = Self::on(variables, Options { mask: true, ..Options::default() });
        account.home.vastenv_ok(&["refresh"]);
        account
    }

    fn on(variables: &[(&str, &str)], options: Options) -> Self {
        let secrets: serde_json::Map<String, Value> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let folder = tempfile::tempdir().expect("a folder");
        let state = folder.path().join("account.json");
        let second = json!({"key": SECOND_KEY});
        let keys = json!([{"key": FIRST_KEY}, second]);
        std::fs::write(&state, json!({"secrets": secrets, "api_keys": keys}).to_string()).expect("written");
        let options = Options { state: Some(state), record: Some(folder.path().join("record")), ..options };
        let sandbox = RunningSandbox::start(&options, now);
        let mut home = Home::new();
        home.variable("VAST_URL", &sandbox.url);
        home.write(KEY_FILE, sandbox.key.expose());
        // Below 5.0 bash cannot tell changes within one second apart, and asks until it has passed.
        let file = std::fs::File::open(home.path(KEY_FILE)).expect("a key file");
        file.set_modified(std::time::SystemTime::now() - Duration::from_secs(60)).expect("dated");
        Self { home, folder, sandbox: Some(sandbox) }
    }

    /// Where the server is.
    pub fn url(&self) -> &str {
        &self.sandbox.as_ref().expect("a server").url
    }

    /// Takes the server away.
    pub fn stop_server(&mut self) {
        self.sandbox = None;
    }

    /// How many requests for the account's variables the server got.
    pub fn reads(&self) -> usize {
        let record = std::fs::read_to_string(self.folder.path().join("record")).unwrap_or_default();
        let lines = record.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["method"] == "GET" && line["path"].as_str().is_some_and(is_secrets)).count()
    }

    /// Gives a variable another value from another machine, with a cache of its own.
    pub fn change_elsewhere(&self, name: &str, value: &str) {
        let mut command = self.home.command(&self.home.binary);
        command.env("HOME", self.folder.path()).env("VAST_API_KEY", FIRST_KEY);
        let output = command.args(["update", "env-var", name, value]).output().expect("vastenv runs");
        assert!(output.status.success(), "{output:?}");
    }

    /// Whether the server answered after [`Self::age_snapshot`].
    pub fn snapshot_is_fresh(&self) -> bool {
        self.snapshots().iter().all(|path| {
            let text = std::fs::read_to_string(path).expect("a snapshot");
            let snapshot: Value = serde_json::from_str(&text).expect("JSON");
            snapshot["fetched_at"] != json!(OLD)
        })
    }

    fn snapshots(&self) -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(self.home.path(".cache/vastenv")).expect("a cache");
        entries.map(|entry| entry.expect("an entry").path().join("snapshot.json")).collect()
    }

    /// Makes the snapshot so old that it must be fetched again.
    pub fn age_snapshot(&self) {
        for path in self.snapshots() {
            let text = std::fs::read_to_string(&path).expect("a snapshot");
            let mut snapshot: Value = serde_json::from_str(&text).expect("JSON");
            snapshot["fetched_at"] = json!(OLD);
            std::fs::write(&path, snapshot.to_string()).expect("written");
        }
    }
}

/// A time long ago.
const OLD: u64 = 1_000_000;

fn is_secrets(path: &str) -> bool {
    path.contains("/secrets")
}

fn now() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970")
}

/// The official client's file, below the home folder.
pub const KEY_FILE: &str = ".config/vastai/vast_api_key";

/// The key in the key file.
pub const FIRST_KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Another key of the same account.
pub const SECOND_KEY: &str = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
