//! The tests of the table's rows about keys.

use std::fs;

use serde_json::json;

use super::rows::{both, json_of, ours, scripted};
use super::sides::{ED25519, KEY, OTHER, Outcome, Side};
use crate::common::process::program;
use crate::raw_server::Reply;

pub fn no_ssh_keys() {
    let [they, we] = scripted(&["show", "ssh-keys", "--raw"], |_| Reply::json(404, r#"{"msg": "None."}"#));
    assert_eq!((they.0.out.as_str(), they.0.err.contains("404")), ("", true));
    assert_eq!((we.0.out.as_str(), we.0.code), ("[]\n", 0));
}

pub fn create_api_key() {
    let with = |file| ["create", "api-key", "--name", "x", "--permission_file", file];
    let [they, we] = both(&with("rights.json"));
    assert!(they.out.trim() != "new" && they.out.contains("new"), "{they:?}");
    assert!(we.out == "new\n" && !we.err.is_empty(), "{we:?}");
    let [they, we] = both(&with("broken.json"));
    assert!(!format!("{they:?}").contains("broken.json"), "{they:?}");
    assert!(we.err.contains("broken.json") && we.err.contains("line 1, column 19"), "{we:?}");
    let [they, we] = both(&with("bad-rights.json"));
    assert_eq!((they.requests.len(), we.requests.len(), we.code), (1, 0, 2), "{we:?}");
    let [they, we] = both(&["create", "api-key", "--name", "x", "--permission", "user_read"]);
    assert_eq!((they.requests.len(), we.requests.len(), we.code), (0, 1, 0), "{they:?} {we:?}");
}

pub fn delete_api_key() {
    let one = ["delete", "api-key", "1"];
    let (they, we) = (Side::new().official(&one, ""), Side::new().fresh(&one, ""));
    assert_eq!(they.requests, [("DELETE /auth/apikeys/1/".to_owned(), json!({}))]);
    assert_eq!((we.requests, we.code), (vec![], 2));
    let we = Side::new().fresh(&[&one[..], &["-y"]].concat(), "");
    assert_eq!((we.requests, we.code), (they.requests, 0));
    let two = ["delete", "api-key", "2", "1"];
    assert_eq!(Side::new().official(&two, "").code, 2);
    let we = ours(&[&two[..], &["-y"]].concat());
    assert_eq!((we.requests.len(), we.code), (2, 0), "{we:?}");
}

pub fn reset_api_key() {
    let [they, we] = both(&["reset", "api-key"]);
    assert_eq!((they.requests.len(), they.files[0].as_deref()), (1, Some(KEY)), "dead by now");
    assert_eq!((we.requests.len(), we.code, we.files[0].as_deref()), (0, 2, Some(KEY)));
    let side = Side::new();
    let we = side.fresh(&["reset", "api-key", "-y"], "");
    assert_eq!((we.code, we.files[0].as_deref()), (0, Some("new")));
    assert!(side.all_requests().iter().any(|(what, _)| what.contains("/users/current")), "tried");
}

/// The public keys that were sent.
fn sent(outcome: &Outcome) -> Vec<&str> {
    outcome.requests.iter().filter_map(|(_, body)| body["ssh_key"].as_str()).collect()
}

pub fn create_ssh_key_of_a_file() {
    let [they, we] = both(&["create", "ssh-key", "other.pub"]);
    assert_eq!((sent(&they), sent(&we)), (vec!["other.pub"], vec![OTHER]));
}

pub fn create_ssh_key_as_given() {
    let [they, we] = both(&["create", "ssh-key", OTHER]);
    assert_eq!((they.requests.len(), we.requests[0].0.as_str(), we.requests.len()), (1, "GET /ssh/", 2));
    let [they, we] = both(&["create", "ssh-key", ED25519]);
    assert_eq!((sent(&they), sent(&we), we.code), (vec![ED25519], vec![], 0));
    assert_eq!(sent(&ours(&["create", "ssh-key", ED25519, "--force"])), [ED25519]);
    for refused in ["hello", "id_private"] {
        let [they, we] = both(&["create", "ssh-key", refused]);
        assert_eq!((sent(&they), we.requests, we.code), (vec![refused], vec![], 2));
    }
}

pub fn create_ssh_key_anew() {
    let line = |side: &Side, name: &str| {
        let line = fs::read_to_string(side.home().path(name)).expect("a key");
        line.trim_end().rsplit(' ').next().expect("a comment").to_owned()
    };
    if program("ssh-keygen").is_some() {
        let side = Side::new();
        side.official(&["create", "ssh-key", "-y"], "");
        assert_eq!(line(&side, ".ssh/id_ed25519.pub"), "me-vast.ai");
    }
    let side = Side::new();
    let create = |arguments: &[&str]| side.home().vastenv(arguments).env("PATH", "/nowhere").run().expect(0);
    create(&["create", "ssh-key", "-y"]);
    let comment = line(&side, ".ssh/id_ed25519.pub");
    assert!(comment.starts_with("me@"), "{comment}");
    create(&["create", "ssh-key", "-y", "--output", "another"]);
    assert_eq!(line(&side, "another.pub"), comment);
    // It asks for the passphrase, and there is no terminal.
    let said = side.home().vastenv(&["create", "ssh-key", "--passphrase", "--output", "third"]).run();
    said.refuses(2, &["passphrase"]);
}

pub fn update_ssh_key() {
    let [they, we] = both(&["update", "ssh-key", "10", "other.pub"]);
    assert_eq!((sent(&they), sent(&we)), (vec![&*format!("{OTHER}\n")], vec![OTHER]));
}

pub fn delete_ssh_key() {
    let [they, we] = both(&["delete", "ssh-key", "10"]);
    assert_eq!((we.requests[0].0.as_str(), &we.requests[1..]), ("GET /ssh/", &they.requests[..]));
    assert!(we.err.contains("vastenv create ssh-key 'ssh-ed25519 "), "{we:?}");
    let [they, we] = both(&["delete", "ssh-key", "10", "--raw"]);
    assert_eq!(they.requests, we.requests);
    let [theirs, ours] = [Side::new(), Side::new()];
    let state = json_of(&ours.fresh(&["create", "ssh-key", OTHER], "").state).expect("JSON");
    let new = state["ssh_keys"].as_array().and_then(|keys| keys.last()).expect("a key")["id"].to_string();
    assert_eq!(theirs.official(&["delete", "ssh-key", "10", &new], "").code, 2);
    let state = json_of(&ours.fresh(&["delete", "ssh-key", "10", &new], "").state).expect("JSON");
    assert_eq!(state["ssh_keys"], json!([]));
}
