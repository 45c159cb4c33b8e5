//! The list of instances that is kept for TAB and hints: who asks for it, and who does not.

use serde_json::{Value, json};
use vastenv::sandbox::Options;

use super::account::TestAccount;
use crate::home::Home;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const SEES_NONE: &str = "fedcba9876543210fedcba9876543210";
const LIST: &str = "GET /api/v1/instances/ 200";

fn account() -> TestAccount {
    let state = json!({
        "secrets": {"A": "1"},
        "api_keys": [{"key": KEY}, {"key": SEES_NONE, "permissions": {"api": {"user_read": {}}}}],
        "instances": [
            {"id": 20_931_234, "label": "train", "num_gpus": 2},
            {"id": 7, "label": "a\u{1b}[2J\tb", "actual_status": null, "gpu_name": null},
        ],
    });
    TestAccount::of(&state, Options::default())
}

/// What is cached of the instances.
fn cached(home: &Home) -> Option<Value> {
    let path = home.snapshot()?.with_file_name("instances.json");
    Some(serde_json::from_slice(&std::fs::read(path).ok()?).expect("JSON"))
}

#[test]
fn a_new_key_and_each_background_refresh_bring_the_list() {
    let account = account();
    let mut home = account.home();
    home.unset("VAST_API_KEY");
    home.vastenv(&["set", "api-key"]).stdin(KEY).run().expect(0);
    let expected = json!([
        {"id": 7, "name": "a\\u{1b}[2J\\tb", "detail": ""},
        {"id": 20_931_234, "name": "train", "detail": "2x RTX 4090", "status": "running"},
    ]);
    assert_eq!(cached(&home).expect("a list")["entries"], expected);
    account.forget();
    home.vastenv(&["__refresh"]).run().expect(0);
    assert_eq!(account.requests(), [""; 0], "all is fresh");
    home.age_snapshot(10_000);
    home.vastenv(&["__refresh"]).run().expect(0);
    assert_eq!(account.requests(), ["GET /secrets/ 200", LIST]);
    home.vastenv(&["__refresh", "instances"]).run().expect(0);
    assert_eq!(account.requests().len(), 2);
}

#[test]
fn a_key_that_may_not_read_it_is_told_nothing_and_asks_once() {
    let account = account();
    let mut home = account.home();
    home.unset("VAST_API_KEY");
    let said = home.vastenv(&["set", "api-key"]).stdin(SEES_NONE).run().expect(0);
    assert!(!said.err.contains("instance"), "{said:?}");
    assert!(account.requests().contains(&LIST.replace("200", "403")));
    account.forget();
    for refresh in [&["__refresh"][..], &["__refresh", "instances"]] {
        home.age_snapshot(10_000);
        home.vastenv(refresh).run().expect(0);
    }
    assert_eq!(account.requests(), ["GET /secrets/ 200"]);
    assert_eq!(cached(&home), None);
    // One that may is none of its business.
    home.vastenv(&["set", "api-key"]).stdin(KEY).run().expect(0);
    assert!(cached(&home).is_some());
}

#[test]
fn a_refused_key_leaves_no_list() {
    let account = account();
    let mut home = account.home();
    home.unset("VAST_API_KEY");
    home.vastenv(&["set", "api-key"]).stdin(KEY).run().expect(0);
    let list = home.snapshot().expect("a snapshot").with_file_name("instances.json");
    assert!(list.exists());
    let elsewhere = Home::at(&account.sandbox.url, KEY);
    elsewhere.vastenv(&["reset", "api-key", "-y"]).run().expect(0);
    home.vastenv(&["refresh"]).run().expect(4);
    assert!(!list.exists());
}
