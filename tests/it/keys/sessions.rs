//! Two-factor sessions and permissions: which key is used, and what follows when it is not enough.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use vastenv::sandbox::Options;

use crate::cli::account::{OTHER_KEY, TestAccount};
use crate::home::Home;
use crate::raw_server::{RawServer, Reply};

const SESSION: &str = "5e551011-0000-4000-8000-session-key";

/// An account that two keys open: a session's and the user's own.
fn account() -> TestAccount {
    let keys =
        json!([{"id": 1, "key": OTHER_KEY, "name": "own"}, {"id": 2, "key": SESSION, "name": "session"}]);
    TestAccount::of(&json!({"api_keys": keys, "secrets": {"A": "1"}}), Options::default())
}

/// A home with both keys in the files where the official client has them.
fn home(url: &str, session: &str) -> Home {
    let mut home = Home::new();
    home.set("VAST_URL", url);
    home.write(".config/vastai/vast_api_key", OTHER_KEY);
    home.write(".config/vastai/vast_tfa_key", session);
    home
}

fn session_file(home: &Home) -> PathBuf {
    home.path(".config/vastai/vast_tfa_key")
}

/// Where `status` says that the key is from.
fn source(home: &Home, options: &[&str]) -> String {
    let text = home.ok(&[&["status", "--raw"], options].concat());
    let status: Value = serde_json::from_str(&text).expect("JSON");
    status["key_source"].as_str().expect("text").to_owned()
}

#[test]
fn keys_are_tried_in_the_official_clients_order() {
    let account = account();
    let mut home = home(&account.sandbox.url, SESSION);
    home.set("VAST_API_KEY", "a-key-of-the-environment-01");
    assert_eq!(source(&home, &["--api-key", "a-key-of-the-command-line"]), "--api-key");
    assert_eq!(source(&home, &[]), "VAST_API_KEY");
    home.unset("VAST_API_KEY");
    assert!(source(&home, &[]).contains("vast_tfa_key (two-factor session)"));
    home.ok(&["show", "api-keys"]);
    fs::remove_file(session_file(&home)).expect("removed");
    assert!(source(&home, &[]).ends_with("vast_api_key"));
}

#[test]
fn a_session_that_is_over_is_dropped_and_the_command_goes_on_with_the_api_key() {
    let commands: [&[&str]; 8] = [
        &["show", "env-vars", "--raw"],
        &["show", "api-keys"],
        &["show", "ssh-keys"],
        &["create", "env-var", "B", "2"],
        &["create", "api-key", "--name", "x", "--permission", "misc"],
        &["delete", "api-key", "2", "-y"],
        &["refresh"],
        &["reset", "api-key", "-y"],
    ];
    for arguments in commands {
        let account = account();
        let home = home(&account.sandbox.url, "a-session-that-is-long-over");
        let said = home.vastenv(arguments).run().expect(0);
        let warnings = said.err.matches("the two-factor session has expired").count();
        assert_eq!(warnings, 1, "{said:?}");
        said.mentions(&["vastai tfa login", "using the key from", "vast_api_key"]);
        assert!(!session_file(&home).exists());
        let refused: Vec<_> = account.requests().into_iter().filter(|line| line.ends_with(" 401")).collect();
        assert_eq!(refused.len(), 1, "{arguments:?}: {refused:?}");
        let again = home.vastenv(&["show", "env-vars", "--raw"]).run().expect(0);
        assert_eq!(again.err, "");
    }
}

#[test]
fn several_calls_of_one_command_try_the_dead_session_once() {
    let account = account();
    let home = home(&account.sandbox.url, "a-session-that-is-long-over");
    let said = home.vastenv(&["delete", "ssh-key", "7", "8"]).run().expect(1);
    assert_eq!(said.err.matches("the two-factor session has expired").count(), 1, "{said:?}");
    assert_eq!(
        account.requests(),
        ["GET /ssh/ 401", "GET /ssh/ 200", "DELETE /ssh/7/ 400", "DELETE /ssh/8/ 400"]
    );
}

#[test]
fn the_other_word_for_a_dead_session_is_understood_too() {
    for (noun, answer) in [("api-keys", r#"{"apikeys": []}"#), ("ssh-keys", "[]")] {
        let calls = AtomicUsize::new(0);
        let server = RawServer::start(move |_| match calls.fetch_add(1, Ordering::SeqCst) {
            0 => Reply::json(404, r#"{"success": false, "msg": "Session expired. Please log in again."}"#),
            _ => Reply::json(200, answer),
        });
        let home = home(&server.url(), SESSION);
        home.vastenv(&["show", noun]).run().expect(0).mentions(&["the two-factor session has expired"]);
        assert!(!session_file(&home).exists());
        // The list, twice, and then whose the API key is.
        let targets = server.targets();
        assert_eq!(targets.len(), 3);
        assert_eq!(targets[2], "GET /api/v0/users/current/");
    }
}

#[test]
fn a_404_of_another_kind_costs_no_session() {
    let server = RawServer::always(Reply::json(404, r#"{"success": false, "msg": "API Key not found."}"#));
    let home = home(&server.url(), SESSION);
    home.vastenv(&["show", "api-key", "3"]).run().refuses(1, &["API Key not found"]);
    assert!(session_file(&home).exists());
}

#[test]
fn without_an_api_key_the_end_of_the_session_is_said_and_nothing_else_tried() {
    let account = account();
    let home = home(&account.sandbox.url, "a-session-that-is-long-over");
    fs::remove_file(home.path(".config/vastai/vast_api_key")).expect("removed");
    let said = home.vastenv(&["show", "ssh-keys"]).run();
    said.refuses(
        4,
        &[
            "no API key",
            "hint: the two-factor session has expired",
            "vastai tfa login",
            "vastenv set api-key",
        ],
    );
    assert!(!session_file(&home).exists());
    assert_eq!(account.requests(), ["GET /ssh/ 401"]);
}

#[test]
fn where_the_api_key_is_dead_as_well_its_file_is_blamed() {
    let account = TestAccount::with(&json!({}));
    let home = home(&account.sandbox.url, "a-session-that-is-long-over");
    let said = home.vastenv(&["show", "ssh-keys"]).run().expect(4);
    said.mentions(&["Invalid user key", "hint: the key …cdef is from", "vast_api_key; save a valid key"]);
    assert_eq!(account.requests(), ["GET /ssh/ 401"; 2]);
}

#[test]
fn a_session_key_from_elsewhere_costs_no_file() {
    let account = account();
    let home = home(&account.sandbox.url, SESSION);
    let call = home.vastenv(&["show", "ssh-keys", "--api-key", "a-session-that-is-long-over"]);
    call.run().refuses(4, &["Invalid user key", "is from --api-key; use another key"]);
    assert!(session_file(&home).exists());
}

#[test]
fn the_background_refresh_drops_a_dead_session_and_goes_on() {
    let account = account();
    let home = home(&account.sandbox.url, SESSION);
    home.ok(&["refresh", "--quiet"]);
    home.age_snapshot(10_000);
    home.write(".config/vastai/vast_tfa_key", "a-session-that-is-long-over");
    let elsewhere = account.home();
    elsewhere.ok(&["update", "env-var", "A", "2"]);
    account.forget();
    let said = home.vastenv(&["__refresh"]).run().expect(0);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("", ""));
    assert!(!session_file(&home).exists());
    assert_eq!(home.snapshot_value()["variables"]["A"]["value"], json!("2"));
    assert_eq!(account.requests()[0], "GET /users/current/ 401");
    // Its user hears of no refusal, and no shell loses a variable.
    assert_eq!(home.vastenv(&["export", "dotenv"]).run().expect(0).out, "A='2'\n");
}

#[test]
fn a_call_that_wants_a_session_says_how_to_get_one_and_costs_nothing() {
    let account = account();
    let home = home(&account.sandbox.url, SESSION);
    fs::remove_file(session_file(&home)).expect("removed");
    home.ok(&["refresh", "--quiet"]);
    let server = RawServer::always(Reply::json(
        401,
        r#"{"success": false, "error": "auth_error", "msg": "This endpoint requires Two Factor Authentication."}"#,
    ));
    for arguments in [&["show", "api-keys"][..], &["reset", "api-key", "-y"], &["refresh"]] {
        let said = home.vastenv(arguments).env("VAST_URL", server.url()).run();
        said.refuses(4, &["Two Factor Authentication", "hint: this takes a 2FA session: `vastai tfa login"]);
    }
    assert!(home.path(".config/vastai/vast_api_key").exists());
    assert!(!home.path(".local/state/vastenv/reset-api-key.json").exists());
    assert_eq!(home.ok(&["export", "dotenv"]), "A='1'\n");
}

#[test]
fn a_missing_permission_is_named() {
    let permitted = |category: &str| {
        let key = json!({"id": 1, "key": OTHER_KEY, "permissions": {"api": {category: {}}}});
        TestAccount::of(&json!({"api_keys": [key]}), Options::default())
    };
    let reads: [&[&str]; 4] =
        [&["show", "ssh-keys"], &["show", "api-keys"], &["show", "api-key", "1"], &["show", "env-vars"]];
    let account = permitted("misc");
    for arguments in reads {
        let said = account.home().vastenv(arguments).run();
        said.refuses(
            4,
            &["hint: the key …cdef is from VAST_API_KEY; the key lacks the permission user_read"],
        );
    }
    let account = permitted("user_read");
    let writes: [&[&str]; 6] = [
        &["create", "ssh-key", super::ssh_keys::ED25519],
        &["update", "ssh-key", "1", super::ssh_keys::ED25519],
        &["delete", "ssh-key", "1"],
        &["create", "api-key", "--name", "x", "--permission", "misc"],
        &["delete", "api-key", "1", "-y"],
        &["create", "env-var", "A", "b"],
    ];
    for arguments in writes {
        account.home().vastenv(arguments).run().refuses(4, &["the key lacks the permission user_write"]);
    }
}

#[test]
fn the_servers_own_word_for_a_permission_wins() {
    for status in [401, 403] {
        let server = RawServer::always(Reply::json(
            status,
            r#"{"success": false, "error": "permission_denied", "msg": "Requires team_write."}"#,
        ));
        let home = Home::at(&server.url(), OTHER_KEY);
        home.vastenv(&["show", "api-keys"])
            .run()
            .refuses(4, &["hint: ", "the key lacks the permission team_write"]);
    }
}
