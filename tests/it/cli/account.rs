//! An account in a sandbox that records what it is asked.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;
use vastenv::context::since_1970;
use vastenv::sandbox::Options;

use crate::common::RunningSandbox;
use crate::home::Home;

/// A key as the service makes them.
pub const OTHER_KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A running sandbox with an account of known contents.
pub struct TestAccount {
    pub sandbox: RunningSandbox,
    folder: TempDir,
}

impl TestAccount {
    /// An account with these variables.
    pub fn with(secrets: &Value) -> Self {
        Self::serving(secrets, Options::default())
    }

    /// An account with these variables on a sandbox of its own kind.
    pub fn serving(secrets: &Value, options: Options) -> Self {
        Self::of(&json!({"secrets": secrets}), options)
    }

    /// An account as its state file has it.
    pub fn of(state: &Value, options: Options) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state.json");
        fs::write(&path, state.to_string()).expect("written");
        let state = path;
        let record = Some(folder.path().join("record.jsonl"));
        let sandbox = RunningSandbox::start(&Options { state: Some(state), record, ..options }, since_1970);
        Self { sandbox, folder }
    }

    /// A home whose environment opens this account.
    pub fn home(&self) -> Home {
        Home::at(&self.sandbox.url, self.sandbox.key.expose())
    }

    /// A home that knows the account already; what that took is not in the record any more.
    pub fn known_home(&self) -> Home {
        let home = self.home();
        home.ok(&["refresh", "--quiet"]);
        self.forget();
        home
    }

    /// What the account holds now.
    pub fn secrets(&self) -> Value {
        self.state()["secrets"].clone()
    }

    /// The account as its state file has it now.
    pub fn state(&self) -> Value {
        let bytes = fs::read(self.folder.path().join("state.json")).expect("a state");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    /// Every request so far, as `METHOD /path STATUS` without the common `/api/v0`.
    pub fn requests(&self) -> Vec<String> {
        let text = fs::read_to_string(self.record()).expect("a record");
        text.lines()
            .map(|line| {
                let line: Value = serde_json::from_str(line).expect("JSON");
                let text = |field: &str| line[field].as_str().expect("text").to_owned();
                format!("{} {} {}", text("method"), text("path").replace("/api/v0", ""), line["status"])
            })
            .collect()
    }

    /// Empties the record.
    pub fn forget(&self) {
        fs::write(self.record(), "").expect("written");
    }

    fn record(&self) -> PathBuf {
        self.folder.path().join("record.jsonl")
    }
}
