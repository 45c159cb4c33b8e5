//! The account between two runs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use vastenv::sandbox::{Options, Sandbox};

use super::http::ED25519;
use crate::common::RunningSandbox;

#[test]
fn an_account_outlives_its_sandbox() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.json");
    let options = || Options { state: Some(path.clone()), ..Options::default() };
    let (key, user) = {
        let sandbox = RunningSandbox::with(options());
        sandbox.call("POST", "/secrets/", &json!({"key": "A", "value": "line\nline"}));
        sandbox.call("POST", "/ssh/", &json!({"ssh_key": ED25519}));
        (sandbox.key.clone(), sandbox.get("/users/current/"))
    };
    assert_eq!(fs::metadata(&path).expect("a state").permissions().mode() & 0o777, 0o600);
    let sandbox = RunningSandbox::with(options());
    assert_eq!(sandbox.key, key);
    assert_eq!(sandbox.get("/users/current/"), user);
    assert_eq!(sandbox.get("/secrets/")["secrets"], json!({"A": "line\nline"}));
    let (_, created) = sandbox.call("POST", "/auth/apikeys/", &json!({"name": "next"}));
    assert_eq!(created["id"], json!(3), "ids are not used twice");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[test]
fn a_hand_written_account_may_be_hostile() {
    let secrets = json!({"A;touch x": "1", "lower": "line\nline", "": "", "MASKED": "***"});
    let (sandbox, _folder) = RunningSandbox::with_state(&json!({"secrets": secrets}));
    assert_eq!(sandbox.get("/secrets/")["secrets"], secrets);
    assert_eq!(sandbox.key.expose().len(), 64);
}

#[test]
fn a_state_that_does_not_parse_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.json");
    fs::write(&path, "{\"secrets\": {\"A\": ").expect("a file");
    let options = Options { state: Some(path.clone()), ..Options::default() };
    let failure = Sandbox::bind(&options, || Duration::ZERO).err().expect("a failure");
    assert!(failure.message().contains(path.to_str().expect("a path")), "{}", failure.message());
    assert_eq!(fs::read_to_string(&path).expect("text"), "{\"secrets\": {\"A\": ");
}

#[test]
fn a_change_that_cannot_be_saved_does_not_happen() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("gone").join("state.json");
    let parent = path.parent().map(Path::to_owned).expect("a folder");
    fs::create_dir(&parent).expect("a folder");
    let sandbox = RunningSandbox::with(Options { state: Some(path), ..Options::default() });
    fs::remove_dir_all(&parent).expect("removed");
    let (status, answer) = sandbox.call("POST", "/secrets/", &json!({"key": "A", "value": "b"}));
    assert_eq!((status, &answer["error"]), (500, &json!("sandbox_error")));
    assert_eq!(sandbox.get("/secrets/")["secrets"], json!({}));
}
