//! One of the two: a home, and a sandbox with an account of its own, alike for both.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use vastenv::sandbox::Options;

use crate::common::RunningSandbox;
use crate::home::{Home, Said, chmod};
use crate::official::vastai;

/// The user's own key, that of a reader, and one that opens nothing.
pub const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
pub const READER: &str = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
pub const WRONG: &str = "00000000000000000000000000000000";

/// The account's SSH key, and another one.
pub const ED25519: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKHEChKtsRnn8LkA4a6sNEcb2HF4RpFVn1FZZq0rIVVN m\u{fc}@here";
pub const OTHER: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA you@there";

pub struct Side {
    home: Home,
    sandbox: RunningSandbox,
    folder: TempDir,
}

/// What came of a command.
#[derive(Debug)]
pub struct Outcome {
    pub code: i32,
    pub out: String,
    pub err: String,
    /// Method and path without `/api/v0`, and body; neither whose the key is nor what GPUs there are.
    pub requests: Vec<(String, Value)>,
    /// The account as JSON; keys that are new stand as `new`.
    pub state: String,
    /// The two key files; a key that is new stands as `new`.
    pub files: [Option<String>; 2],
}

fn account() -> Value {
    let permissions = json!({"api": {"user_read": {}}});
    json!({
        "user": {"id": 7, "email": "me@x.invalid"},
        "api_keys": [
            {"id": 1, "key": KEY, "name": "m\u{e9}"},
            {"id": 2, "key": READER, "name": "reader", "permissions": permissions, "key_params": "a=b"},
            {"id": 3, "key": "somebody-elses", "user_id": 8},
        ],
        "secrets": {"TAKEN": "it's \"x\" \u{e9}\u{1f980}\n", "EMPTY_LIKE": " "},
        "ssh_keys": [{"id": 10, "public_key": ED25519, "created_at": 1_600_000_000}],
    })
}

impl Side {
    pub fn new() -> Self {
        Self::with(Options::default())
    }

    pub fn with(options: Options) -> Self {
        Self::of(&account(), options)
    }

    /// A side whose account is `account`.
    pub fn of(account: &Value, options: Options) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let state = folder.path().join("state.json");
        fs::write(&state, account.to_string()).expect("written");
        let record = Some(folder.path().join("record.jsonl"));
        let options = Options { state: Some(state), record, ..options };
        let sandbox = RunningSandbox::start(&options, || Duration::from_secs(1_700_000_000));
        let mut home = Home::new();
        home.set("VAST_URL", &sandbox.url);
        home.set("LC_ALL", "C.UTF-8");
        home.set("USER", "me");
        home.set("VASTAI_NO_UPDATE_CHECK", "1");
        home.write(".config/vastai/vast_api_key", KEY);
        chmod(&home.path(".config/vastai"), 0o700);
        home.write(
            "rights.json",
            r#"{"api": {"misc": {}, "user_read": {"api.x": {"constraints": {"id": {"lte": 5}}}}}}"#,
        );
        home.write("bad-rights.json", r#"{"api": {"everything": {}}}"#);
        home.write("no-rights.json", r#"{"api": {}}"#);
        home.write("broken.json", r#"{"api": {"misc": {}"#);
        home.write("other.pub", format!("{OTHER}\n"));
        home.write("id_private", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAA\n");
        Self { home, sandbox, folder }
    }

    pub fn home(&self) -> &Home {
        &self.home
    }

    pub fn official(&self, arguments: &[&str], input: &str) -> Outcome {
        let program = vastai().expect("the official client");
        self.outcome(self.home.command(program, arguments).stdin(input).run())
    }

    pub fn vastenv(&self, arguments: &[&str], input: &str) -> Outcome {
        // A machine that is in use: it knows whose the key is, and what the account held a while ago.
        self.home.vastenv(&["refresh", "--quiet", "--api-key", KEY]).run().expect(0);
        self.home.age_snapshot(10);
        fs::write(self.record(), "").expect("written");
        self.outcome(self.home.vastenv(arguments).stdin(input).run())
    }

    /// The same on a machine that knows nothing but the key.
    pub fn fresh(&self, arguments: &[&str], input: &str) -> Outcome {
        self.outcome(self.home.vastenv(arguments).stdin(input).run())
    }

    fn record(&self) -> PathBuf {
        self.folder.path().join("record.jsonl")
    }

    fn outcome(&self, said: Said) -> Outcome {
        let Said { code, out, err } = said;
        let file = |name: &str| {
            let text = fs::read_to_string(self.home.path(".config/vastai").join(name)).ok()?;
            Some(if [KEY, READER, WRONG].contains(&text.as_str()) { text } else { "new".to_owned() })
        };
        Outcome {
            code,
            out: self.without_new_keys(out),
            err,
            requests: self.requests(),
            state: self.without_new_keys(self.state()),
            files: ["vast_api_key", "vast_tfa_key"].map(file),
        }
    }

    fn requests(&self) -> Vec<(String, Value)> {
        let mut requests = self.all_requests();
        requests.retain(|(what, _)| !what.contains("/users/current"));
        requests
    }

    /// The requests with those that ask whose the key is.
    pub fn all_requests(&self) -> Vec<(String, Value)> {
        let text = fs::read_to_string(self.record()).expect("a record");
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        lines
            .map(|line| {
                let text = |field: &str| line[field].as_str().expect("text").to_owned();
                (format!("{} {}", text("method"), text("path").replace("/api/v0", "")), line["body"].clone())
            })
            .filter(|(what, _)| !what.contains("/gpu_names/"))
            .collect()
    }

    fn state(&self) -> String {
        let text = fs::read_to_string(self.folder.path().join("state.json")).expect("a state");
        serde_json::from_str::<Value>(&text).expect("JSON").to_string()
    }

    /// `text` with the API keys that the server made up replaced, as they differ by chance.
    fn without_new_keys(&self, text: String) -> String {
        let state: Value = serde_json::from_str(&self.state()).expect("JSON");
        let keys = state["api_keys"].as_array().expect("keys").iter();
        let new = keys
            .filter_map(|key| key["key"].as_str())
            .filter(|key| ![KEY, READER, "somebody-elses"].contains(key));
        new.fold(text, |text, key| text.replace(key, "new"))
    }

    /// Who serves it.
    pub fn url(&self) -> &str {
        &self.sandbox.url
    }
}
