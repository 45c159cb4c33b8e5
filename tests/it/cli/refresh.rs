//! `vastenv refresh`: what changed, how often the server is asked, and what a crash leaves.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::account::TestAccount;
use crate::home::{Home, mode};
use crate::pty::wait_for;
use crate::raw_server::{RawServer, Reply};

#[test]
fn changes_are_named_and_nothing_of_their_values() {
    let account = TestAccount::with(&json!({"A": "hidden-a", "GONE": "hidden-g"}));
    let home = account.home();
    let said = home.vastenv(&["refresh"]).run().expect(0).mentions(&["2 variables (", " ms)"]);
    assert_eq!(said.out, "+ A\n+ GONE\n");
    let elsewhere = account.home();
    elsewhere.ok(&["update", "env-var", "A", "hidden-b"]);
    elsewhere.ok(&["delete", "env-var", "GONE"]);
    elsewhere.ok(&["create", "env-var", "NEW", "hidden-n"]);
    home.age_snapshot(10);
    let generation = home.generation();
    let said = home.vastenv(&["refresh"]).run().expect(0).hides("hidden");
    assert_eq!(said.out, "+ NEW\n~ A\n- GONE\n");
    assert_ne!(home.generation(), generation);
    home.age_snapshot(10);
    let generation = home.generation();
    let said = home.vastenv(&["refresh"]).run().expect(0).mentions(&["2 variables, nothing changed"]);
    assert_eq!(said.out, "");
    assert_eq!(home.generation(), generation, "shells load for nothing");
    home.age_snapshot(10);
    let raw: Value = serde_json::from_str(&home.ok(&["refresh", "--raw"])).expect("JSON");
    assert_eq!((&raw["added"], &raw["removed"], &raw["variables"]), (&json!([]), &json!([]), &json!(2)));
    let snapshot = home.snapshot().expect("a snapshot");
    assert_eq!((mode(&snapshot), mode(snapshot.parent().expect("a folder"))), (0o600, 0o700));
}

#[test]
fn who_asks_gets_the_servers_answer_each_time() {
    let account = TestAccount::with(&json!({"A": "1"}));
    let home = account.home();
    // Nothing is known, or it is new: one answer does for every shell that starts.
    home.ok(&["export", "sh"]);
    home.ok(&["export", "sh"]);
    assert_eq!(account.requests(), ["GET /users/current/ 200", "GET /secrets/ 200"]);
    account.forget();
    for arguments in [&["refresh"][..], &["show", "env-vars"], &["refresh"], &["diff", ".env"]] {
        home.write(".env", "A=1\n");
        home.ok(arguments);
    }
    assert_eq!(account.requests(), ["GET /secrets/ 200"; 4]);
}

#[test]
fn a_detached_refresh_asks_the_account_that_the_command_line_named() {
    let account = TestAccount::with(&json!({"A": "old"}));
    let home = account.known_home();
    home.age_snapshot(1000);
    let (url, key) = (account.sandbox.url.as_str(), account.sandbox.key.expose());
    let said = home
        .vastenv(&["--url", url, "--api-key", key, "export", "json"])
        .env("VAST_URL", "http://127.0.0.1:1")
        .env("VAST_API_KEY", "another")
        .run()
        .expect(0);
    assert!(said.out.contains("old"), "{said:?}");
    wait_for("the refresh", || account.requests().contains(&"GET /secrets/ 200".to_owned()).then_some(()));
}

#[test]
fn a_kill_at_any_moment_leaves_a_snapshot_that_parses() {
    let account = TestAccount::with(&json!({"A": "x".repeat(10_000)}));
    let home = account.known_home();
    let mut killed = 0;
    for round in 0..40 {
        home.age_snapshot(10);
        let mut child = home.vastenv(&["refresh", "--quiet"]).spawn();
        // A little later each time: from before the first instruction to after the last.
        for _ in 0..round {
            if child.try_wait().expect("a child").is_some() {
                break;
            }
            fs::read_dir(home.path(".cache")).expect("a folder").count();
            std::thread::yield_now();
        }
        if child.try_wait().expect("a child").is_none() {
            child.kill().expect("killed");
            killed += 1;
        }
        child.wait().expect("ended");
        let value = home.snapshot_value();
        assert_eq!(value["variables"]["A"]["value"].as_str().map(str::len), Some(10_000));
    }
    assert!(killed > 0);
    home.age_snapshot(10);
    home.ok(&["refresh", "--quiet"]);
}

#[test]
fn a_failure_is_remembered_by_the_background_and_forgotten_by_a_success() {
    let is_well = Arc::new(AtomicBool::new(false));
    let well = Arc::clone(&is_well);
    let server = RawServer::start(move |target| match target {
        _ if !well.load(Ordering::SeqCst) => Reply::json(500, r#"{"msg": "on fire"}"#),
        "GET /api/v0/users/current/" => Reply::json(200, r#"{"id": 7}"#),
        _ => Reply::json(200, r#"{"success": true, "secrets": {"A": "1"}}"#),
    });
    let home = Home::at(&server.url(), "a-key-of-this-server-0001");
    home.vastenv(&["refresh"]).run().refuses(1, &["on fire (HTTP 500)", "hint: try again later"]);
    let status: Value = serde_json::from_str(&home.ok(&["status", "--raw"])).expect("JSON");
    assert!(status["next_refresh"].as_u64().is_some_and(|wait| wait <= 5), "{status}");
    assert!(home.ok(&["status"]).contains("at the earliest: "), "the reason is told");
    is_well.store(true, Ordering::SeqCst);
    // Asked for by hand, there is no waiting.
    home.ok(&["refresh"]);
    assert!(!home.ok(&["status"]).contains("at the earliest"));
}
