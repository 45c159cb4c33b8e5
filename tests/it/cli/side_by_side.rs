//! Side by side with the official client: the same files, and the same output for scripts.

use std::fs;

use serde_json::json;

use super::account::{OTHER_KEY, TestAccount};
use crate::home::{Call, Home};
use crate::official::vastai;

/// A call of the official client; `None` if it cannot be had here.
fn official(home: &Home, arguments: &[&str]) -> Option<Call> {
    Some(home.command(vastai()?, arguments).env("VASTAI_NO_UPDATE_CHECK", "1").env("LC_ALL", "C.UTF-8"))
}

#[test]
fn raw_output_is_the_same_to_the_byte() {
    let value = "it's \"$1\" \\ é🦀\n\t\u{7f}\u{1}</x>";
    for secrets in [json!({}), json!({"B_2": value, "A": "", "_C": "1", "PATH": "/x"})] {
        let account = TestAccount::with(&secrets);
        let home = account.home();
        for arguments in [&["show", "env-vars", "--raw"][..], &["show", "env-vars", "--raw", "-s"]] {
            let Some(theirs) = official(&home, arguments) else { return };
            assert_eq!(home.ok(arguments), theirs.run().expect(0).out, "{secrets}");
        }
    }
}

#[test]
fn each_finds_the_key_that_the_other_saved() {
    let account = TestAccount::with(&json!({"A": "1"}));
    let key = account.sandbox.key.expose();
    let mut home = account.home();
    home.unset("VAST_API_KEY");
    home.ok(&["set", "api-key", key]);
    let Some(theirs) = official(&home, &["show", "env-vars", "--raw"]) else { return };
    assert_eq!(theirs.run().expect(0).out, "{\n \"A\": \"*****\"\n}\n");

    let mut other = account.home();
    other.unset("VAST_API_KEY");
    other.write(".vast_api_key", OTHER_KEY);
    let Some(theirs) = official(&other, &["set", "api-key", key]) else { return };
    theirs.run().expect(0);
    assert!(other.ok(&["status"]).contains(".config/vastai/vast_api_key"));
    assert_eq!(other.ok(&["export", "dotenv"]), "A='1'\n");
    assert_eq!(fs::read_to_string(other.path(".config/vastai/vast_api_key")).expect("a key"), key);
}
