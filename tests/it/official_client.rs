//! The official client against the sandbox: what passes here is compatible with what people run.
//!
//! The client is installed once into a virtual environment under the target folder. Where that
//! cannot be done (no Python, no network) the tests say so and pass, except in CI.

mod instances;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use crate::common::RunningSandbox;
use crate::common::process::command;
use crate::official::vastai;
use serde_json::{Value, json};
use tempfile::TempDir;
use vastenv::sandbox::{InstanceSeed, Options, RateLimits};

const ED25519: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKHEChKtsRnn8LkA4a6sNEcb2HF4RpFVn1FZZq0rIVVN me@here";
const OTHER: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA you@there";

/// A user with a home of their own, the official client, and a sandbox for an account.
struct User {
    vastai: &'static Path,
    home: TempDir,
    sandbox: RunningSandbox,
}

/// What the client said.
struct Said {
    out: String,
    err: String,
}

impl User {
    /// A user whose key is stored where the client looks; `state` is the account as written by hand.
    fn with(state: &Value, options: Options) -> Option<Self> {
        let vastai = vastai()?;
        let home = tempfile::tempdir().expect("a home");
        let state_path = home.path().join("state.json");
        fs::write(&state_path, state.to_string()).expect("a state file");
        let record = Some(home.path().join("record.jsonl"));
        let options = Options { state: Some(state_path), record, ..options };
        let sandbox = RunningSandbox::start(&options, || Duration::from_secs(1_700_000_000));
        let user = Self { vastai, home, sandbox };
        fs::create_dir_all(user.home.path().join("config/vastai")).expect("a folder");
        fs::write(user.key_file(), user.sandbox.key.expose()).expect("a key file");
        Some(user)
    }

    fn new() -> Option<Self> {
        Self::with(&json!({}), Options::default())
    }

    fn key_file(&self) -> PathBuf {
        self.home.path().join("config/vastai/vast_api_key")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let home = self.home.path();
        let mut command = command(self.vastai);
        command
            .args(arguments)
            .current_dir(home)
            .env_clear()
            .env("HOME", home)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("LC_ALL", "C.UTF-8")
            .env("USER", "me")
            .env("VAST_URL", &self.sandbox.url)
            .env("VASTAI_NO_UPDATE_CHECK", "1");
        for (variable, folder) in [
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_STATE_HOME", "state"),
            ("XDG_DATA_HOME", "data"),
        ] {
            command.env(variable, home.join(folder));
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Said {
        said(self.command(arguments).output().expect("the client"))
    }

    /// Runs a command that must work; gives its output.
    fn ok(&self, arguments: &[&str]) -> String {
        let Said { out, err } = self.run(arguments);
        assert_eq!(err, "", "{arguments:?}");
        out
    }

    /// Runs a command that the server must refuse; gives its error output.
    fn refused(&self, arguments: &[&str]) -> String {
        let Said { out, err } = self.run(arguments);
        assert_eq!(out, "", "{arguments:?}");
        err
    }

    fn state(&self) -> Value {
        let text = fs::read_to_string(self.home.path().join("state.json")).expect("a state");
        serde_json::from_str(&text).expect("JSON")
    }

    /// The requests so far for what the account holds.
    fn requests(&self) -> Vec<(String, Value, u64)> {
        let mut requests = self.recorded();
        requests.retain(|(what, ..)| !what.starts_with("GET /api/v0/users/current"));
        requests
    }

    /// The requests so far, without the catalogue of GPUs that every start of the client asks for.
    fn recorded(&self) -> Vec<(String, Value, u64)> {
        let text = fs::read_to_string(self.home.path().join("record.jsonl")).expect("a record");
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        lines
            .filter(|line| line["path"] != "/api/v0/gpu_names/unique/")
            .map(|line| {
                let what = format!("{} {}", line["method"], line["path"]).replace('"', "");
                (what, line["body"].clone(), line["status"].as_u64().expect("a status"))
            })
            .collect()
    }

    fn last_request(&self) -> (String, Value, u64) {
        self.requests().pop().expect("a request")
    }
}

fn said(output: Output) -> Said {
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Said { out: text(output.stdout), err: text(output.stderr) }
}

/// The quoted text that follows `field` in the Python dict that the client prints.
fn python_field(printed: &str, field: &str) -> String {
    let (_, rest) = printed.split_once(&format!("'{field}': '")).expect(field);
    rest.split('\'').next().expect("a text").to_owned()
}

#[test]
fn env_vars_are_created_shown_changed_and_deleted() {
    let Some(user) = User::new() else { return };
    let hint = "\nNote: Values are hidden. Use --show-values or -s option to display them.\n";
    assert_eq!(user.ok(&["show", "env-vars"]), format!("No environment variables found.\n{hint}"));
    assert_eq!(
        user.ok(&["create", "env-var", "hf_token", "it's $1 ✓"]),
        "Environment variable added successfully\n"
    );
    let body = json!({"key": "hf_token", "value": "it's $1 ✓"});
    assert_eq!(user.last_request(), ("POST /api/v0/secrets/".to_owned(), body, 200));
    assert_eq!(user.ok(&["show", "env-vars"]), format!("Name: HF_TOKEN\nValue: *****\n---\n{hint}"));
    assert_eq!(user.ok(&["show", "env-vars", "-s"]), "Name: HF_TOKEN\nValue: it's $1 ✓\n---\n");
    assert_eq!(user.ok(&["show", "env-vars", "--raw"]), "{\n \"HF_TOKEN\": \"*****\"\n}\n");
    assert_eq!(user.ok(&["show", "env-vars", "-s", "--raw"]), "{\n \"HF_TOKEN\": \"it's $1 \\u2713\"\n}\n");
    assert_eq!(
        user.ok(&["update", "env-var", "HF_TOKEN", "new"]),
        "Environment variable updated successfully\n"
    );
    assert_eq!(user.state()["secrets"], json!({"HF_TOKEN": "new"}));
    assert_eq!(user.ok(&["delete", "env-var", "HF_TOKEN"]), "Environment variable deleted successfully\n");
    assert_eq!(user.state()["secrets"], json!({}));
}

#[test]
fn env_var_errors_are_told() {
    let Some(user) = User::with(&json!({"secrets": {"TAKEN": "x"}}), Options::default()) else { return };
    for (arguments, said) in [
        (&["create", "env-var", "taken", "y"][..], "An environment variable of this name exists"),
        (&["create", "env-var", "A", ""], "Both 'key' and 'value' are required."),
        (&["update", "env-var", "A", "y"], "There is no environment variable of this name"),
        (&["update", "env-var", "TAKEN", ""], "'key' and 'value' must not be empty."),
        (&["delete", "env-var", "A"], "There is no environment variable of this name"),
    ] {
        assert_eq!(user.refused(arguments), format!("Failed with error 400: {said}\n"), "{arguments:?}");
    }
    let raw = user.refused(&["delete", "env-var", "A", "--raw"]);
    let error: Value = serde_json::from_str(&raw).expect("JSON");
    assert_eq!((&error["error"], &error["status_code"]), (&json!(true), &json!(400)));
    assert_eq!(user.state()["secrets"], json!({"TAKEN": "x"}));
}

#[test]
fn masked_values_are_shown_as_the_mask() {
    let options = Options { mask: true, ..Options::default() };
    let Some(user) = User::with(&json!({"secrets": {"A": "b"}}), options) else { return };
    assert_eq!(user.ok(&["show", "env-vars", "-s"]), "Name: A\nValue: ********\n---\n");
}

#[test]
fn rate_limits_outlast_the_retries() {
    let options = Options { rate_limits: Some(RateLimits::Strict), ..Options::default() };
    let Some(user) = User::with(&json!({"secrets": {"A": "b"}}), options) else { return };
    assert_eq!(user.ok(&["show", "env-vars", "--raw"]), "{\n \"A\": \"*****\"\n}\n");
    // The sandbox's clock stands still, so that the interval never ends.
    let err = user.refused(&["show", "env-vars"]);
    assert_eq!(err, "Failed with error 429: (no detail message supplied)\n");
    let statuses: Vec<u64> = user.requests().into_iter().map(|(_, _, status)| status).collect();
    assert_eq!(statuses, [200, 429, 429, 429]);
}

#[test]
fn a_burst_passes_as_at_the_real_service() {
    let options = Options { rate_limits: Some(RateLimits::Burst), ..Options::default() };
    let Some(user) = User::with(&json!({}), options) else { return };
    user.ok(&["create", "env-var", "A", "1"]);
    user.ok(&["show", "env-vars"]);
    user.ok(&["update", "env-var", "A", "2"]);
    user.ok(&["show", "env-vars"]);
    user.ok(&["delete", "env-var", "A"]);
    let statuses: Vec<u64> = user.requests().into_iter().map(|(_, _, status)| status).collect();
    assert_eq!(statuses, [200; 5]);
}

#[test]
fn the_set_key_is_the_one_that_is_sent() {
    let Some(user) = User::new() else { return };
    fs::remove_file(user.key_file()).expect("removed");
    let err = user.refused(&["show", "env-vars"]);
    assert!(err.starts_with("Failed with error 401: Invalid user key\n"), "{err}");
    let file = user.key_file();
    let expected = format!("Your api key has been saved in {}\n", file.display());
    assert_eq!(user.ok(&["set", "api-key", user.sandbox.key.expose()]), expected);
    assert_eq!(fs::read_to_string(file).expect("a key"), user.sandbox.key.expose());
    assert_eq!(user.ok(&["show", "env-vars", "--raw"]), "{}\n");
    let err = user.refused(&["show", "env-vars", "--api-key", "wrong"]);
    assert!(err.starts_with("Failed with error 401: Invalid user key\n"), "{err}");
}

#[test]
fn api_keys_are_created_shown_and_deleted() {
    let Some(user) = User::new() else { return };
    let permissions = json!({"api": {"user_read": {}, "misc": {}}});
    fs::write(user.home.path().join("permissions.json"), permissions.to_string()).expect("a file");
    let printed = user.ok(&[
        "create",
        "api-key",
        "--name",
        "reader",
        "--permission_file",
        "permissions.json",
        "--key_params",
        "a=b",
    ]);
    let key = python_field(&printed, "key");
    let id = user.state()["api_keys"][1]["id"].to_string();
    assert!(printed.starts_with("api-key created {"), "{printed}");
    assert_eq!(user.state()["api_keys"][1]["key"], json!(key));
    assert_eq!(user.state()["api_keys"][1]["key_params"], json!("a=b"));

    let listed: Value = serde_json::from_str(&user.ok(&["show", "api-keys", "--raw"])).expect("JSON");
    assert_eq!(listed["apikeys"][1]["name"], json!("reader"));
    assert_eq!(listed["apikeys"][1]["permissions"], permissions);
    assert!(!listed.to_string().contains(&key));
    assert_eq!(python_field(&user.ok(&["show", "api-key", &id]), "name"), "reader");

    assert_eq!(user.ok(&["show", "env-vars", "--raw", "--api-key", &key]), "{}\n");
    let err = user.refused(&["create", "env-var", "A", "b", "--api-key", &key]);
    assert!(err.contains("403: This API key lacks the permission user_write"), "{err}");

    assert_eq!(user.ok(&["delete", "api-key", &id]), "Successfully Deleted API Key\n");
    assert_eq!(user.refused(&["delete", "api-key", &id]), "Failed with error 404: API Key not found.\n");
    assert_eq!(user.refused(&["show", "api-key", &id]), "Failed with error 404: API Key not found.\n");
    let err = user.refused(&["show", "env-vars", "--api-key", &key]);
    assert!(err.starts_with("Failed with error 401: Invalid user key\n"), "{err}");
}

#[test]
fn permissions_that_make_no_sense_are_refused() {
    let Some(user) = User::new() else { return };
    for (permissions, said) in [
        (json!({"api": {"everything": {}}}), "Invalid permission format"),
        (json!({"api": {}}), "The permissions name no category"),
    ] {
        fs::write(user.home.path().join("permissions.json"), permissions.to_string()).expect("a file");
        let err =
            user.refused(&["create", "api-key", "--name", "x", "--permission_file", "permissions.json"]);
        assert_eq!(err, format!("Failed with error 400: {said}\n"));
    }
    assert_eq!(user.state()["api_keys"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_reset_prints_the_new_key_and_kills_the_old() {
    let Some(user) = User::new() else { return };
    let printed = user.ok(&["reset", "api-key"]);
    let key = printed.trim_end().strip_prefix("New api-key: ").expect("a key").to_owned();
    let request = ("PUT /api/v0/commands/reset_apikey/".to_owned(), json!({"client_id": "me"}), 200);
    assert_eq!(user.last_request(), request);
    assert_eq!(user.state()["api_keys"][0]["key"], json!(key));
    let err = user.refused(&["show", "env-vars"]);
    assert!(err.starts_with("Failed with error 401: Invalid user key\n"), "{err}");
    assert_eq!(user.ok(&["show", "env-vars", "--raw", "--api-key", &key]), "{}\n");
}

#[test]
fn ssh_keys_are_added_shown_changed_and_deleted() {
    let Some(user) = User::new() else { return };
    assert_eq!(user.ok(&["show", "ssh-keys"]), "[]\n");
    let printed = user.ok(&["create", "ssh-key", ED25519]);
    assert_eq!(python_field(&printed, "public_key"), ED25519);
    assert_eq!(user.last_request().1, json!({"ssh_key": ED25519}));
    let id = user.state()["ssh_keys"][0]["id"].to_string();

    let listed: Value = serde_json::from_str(&user.ok(&["show", "ssh-keys", "--raw"])).expect("JSON");
    assert_eq!((&listed[0]["key"], listed[0]["id"].to_string()), (&json!(ED25519), id.clone()));

    fs::write(user.home.path().join("other.pub"), format!("{OTHER}\n")).expect("a file");
    let printed = user.ok(&["update", "ssh-key", &id, "other.pub"]);
    assert_eq!(python_field(&printed, "public_key"), OTHER);
    assert_eq!(user.state()["ssh_keys"][0]["public_key"], json!(OTHER));

    assert_eq!(user.ok(&["delete", "ssh-key", &id]), "{'success': True}\n");
    assert_eq!(user.refused(&["delete", "ssh-key", &id]), "Failed with error 400: No ssh key provided\n");
    let err = user.refused(&["update", "ssh-key", &id, ED25519]);
    assert_eq!(err, "Failed with error 400: No ssh key provided\n");
    assert_eq!(user.ok(&["show", "ssh-keys", "--raw"]), "[]\n");
}

#[test]
fn a_path_or_a_second_copy_is_refused_as_an_ssh_key() {
    let Some(user) = User::with(&json!({"ssh_keys": [{"public_key": ED25519}]}), Options::default()) else {
        return;
    };
    for (given, said) in [
        ("id_ed25519.pub", "Not an SSH public key in OpenSSH format"),
        (ED25519, "The account has this SSH key already"),
    ] {
        let Said { out, err } = user.run(&["create", "ssh-key", given]);
        assert_eq!(out, "Adding provided SSH public key to account...\n");
        assert_eq!(err, format!("Failed with error 400: {said}\n"));
    }
    assert_eq!(user.state()["ssh_keys"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_generated_ssh_key_is_added() {
    let Some(user) = User::new() else { return };
    let printed = user.ok(&["create", "ssh-key", "-y"]);
    let public = fs::read_to_string(user.home.path().join(".ssh/id_ed25519.pub")).expect("a key");
    assert!(printed.contains("\nssh-key created {"), "{printed}");
    assert_eq!(user.state()["ssh_keys"][0]["public_key"], json!(public.trim_end()));
    assert!(public.trim_end().ends_with(" me-vast.ai"), "{public}");
}

#[test]
fn the_user_is_looked_up_once_through_the_redirect() {
    let Some(user) = User::new() else { return };
    user.ok(&["show", "env-vars", "--raw"]);
    user.ok(&["show", "env-vars", "--raw"]);
    let get = |path: &str, status: u64| (format!("GET /api/v0{path}"), Value::Null, status);
    let expected = [
        get("/users/current", 301),
        get("/users/current/", 200),
        get("/secrets/", 200),
        get("/secrets/", 200),
    ];
    assert_eq!(user.recorded(), expected);
}
