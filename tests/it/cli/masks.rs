//! Every way in which a mask comes along, and none in which it passes for a value.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use vastenv::sandbox::Options;

use super::account::{OTHER_KEY, TestAccount};
use crate::home::{Home, Said, VASTENV};
use crate::official::vastai;
use crate::raw_server::{RawServer, Reply};

pub const MASK: &str = "********";

/// An account whose server masks every value.
pub fn masked(secrets: &Value) -> TestAccount {
    TestAccount::serving(secrets, Options { mask: true, ..Options::default() })
}

/// A server whose listing a test changes as it goes.
pub struct Moody {
    server: RawServer,
    listing: Arc<Mutex<Value>>,
}

impl Moody {
    pub fn saying(secrets: Value) -> Self {
        let listing = Arc::new(Mutex::new(secrets));
        let said = Arc::clone(&listing);
        let server = RawServer::start(move |target| match target {
            "GET /api/v0/users/current/" => Reply::json(200, r#"{"id": 7, "email": "a@b.c"}"#),
            "GET /api/v0/secrets/" => {
                let secrets = said.lock().expect("a listing").clone();
                Reply::json(200, &json!({"success": true, "secrets": secrets}).to_string())
            }
            _ => Reply::json(200, r#"{"success": true, "msg": "done"}"#),
        });
        Self { server, listing }
    }

    pub fn home(&self) -> Home {
        Home::at(&self.server.url(), "a-key-of-this-server-0001")
    }

    /// Says something else from now on, and is asked at once.
    #[track_caller]
    pub fn now_says(&self, home: &Home, secrets: Value) -> Said {
        *self.listing.lock().expect("a listing") = secrets;
        home.age_snapshot(10);
        home.vastenv(&["refresh"]).run().expect(0)
    }
}

#[track_caller]
pub fn exports(home: &Home, expected: &Value) {
    let exported: Value =
        serde_json::from_str(&home.ok(&["export", "json", "--allow-missing"])).expect("JSON");
    assert_eq!(exported, *expected);
}

pub fn values_path(home: &Home) -> PathBuf {
    let accounts = fs::read_dir(home.path(".local/share/vastenv")).expect("a folder");
    let mut paths = accounts.map(|entry| entry.expect("an entry").path().join("values.json"));
    paths.find(|path| path.exists()).expect("a file")
}

pub fn values_file(home: &Home) -> Value {
    serde_json::from_slice(&fs::read(values_path(home)).expect("read")).expect("JSON")
}

#[test]
fn no_form_of_export_holds_a_mask() {
    let account = masked(&json!({"A": "1", "B": "2"}));
    let home = account.known_home();
    for format in ["bash", "zsh", "fish", "json", "dotenv"] {
        for remembered in [false, true] {
            if remembered {
                home.ok(&["remember", "env-var", "A", "one"]);
            }
            let text = home.ok(&["export", format, "--allow-missing"]);
            assert!(!text.contains("**") && !text.contains('B'), "{format}: {text}");
            assert_eq!(text.contains("one"), remembered, "{format}: {text}");
        }
        home.ok(&["forget", "env-var", "A"]);
    }
    assert_eq!(home.ok(&["run", "--allow-missing", "--", "sh", "-c", "echo ${A-unset}"]), "unset\n");
}

#[test]
fn a_mask_of_any_length_is_none_of_the_values() {
    let server = Moody::saying(
        json!({"A": "***", "B": "****", "C": "*****", "D": MASK, "E": "*".repeat(300), "F": "**", "G": "***x"}),
    );
    let home = server.home();
    exports(&home, &json!({"F": "**", "G": "***x"}));
    let shown = home.ok(&["show", "env-vars", "-s", "--raw"]);
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(shown["D"], Value::Null);
    assert_eq!(home.snapshot_value()["variables"]["E"]["value"], Value::Null);
}

#[test]
fn show_and_why_name_what_is_unknown_and_where_the_rest_comes_from() {
    let account = masked(&json!({"A": "1", "B": "2"}));
    let home = account.known_home();
    home.ok(&["remember", "env-var", "A", "one"]);
    let shown = home.ok(&["show", "env-vars", "-s"]);
    let rows: Vec<Vec<&str>> = shown.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!((rows[1][..3].to_vec(), rows[2][1]), (vec!["A", "one", "remembered"], "unknown"), "{shown}");
    assert!(!shown.contains("***"), "{shown}");
    for arguments in [&["why", "A"][..], &["why", "B"], &["why", "-s", "B"], &["status"]] {
        assert!(!home.ok(arguments).contains("***"));
    }
    let why = home.ok(&["why", "A"]);
    assert!(why.contains("given with `vastenv remember`"), "{why}");
    assert!(why.contains("the server does not say whether it changed since"), "{why}");
    assert!(home.ok(&["status"]).contains("1 value in "));
}

#[test]
fn create_and_update_remember_and_a_refresh_keeps_it() {
    let account = masked(&json!({"OLD": "never seen"}));
    let home = account.known_home();
    home.ok(&["create", "env-var", "NEW", "one"]);
    home.ok(&["update", "env-var", "OLD", "two"]);
    for _ in 0..2 {
        exports(&home, &json!({"NEW": "one", "OLD": "two"}));
        home.age_snapshot(10);
        let said = home.vastenv(&["refresh"]).run().expect(0);
        assert!(said.err.contains("nothing changed") && !said.err.contains("hidden by Vast"), "{said:?}");
    }
    // The cache may go at any time; what is remembered is no cache.
    fs::remove_dir_all(home.path(".cache/vastenv")).expect("removed");
    exports(&home, &json!({"NEW": "one", "OLD": "two"}));
    assert!(!home.snapshot_value().to_string().contains("one"));
    home.vastenv(&["why", "NEW"]).run().expect(0);
    assert!(home.ok(&["why", "NEW"]).contains("sent to the account from here"));
}

#[test]
fn the_official_client_changes_it_unseen() {
    let account = masked(&json!({"A": "1"}));
    let home = account.known_home();
    home.ok(&["update", "env-var", "A", "mine"]);
    let Some(client) = vastai() else { return };
    let call = home.command(client, &["update", "env-var", "A", "theirs"]);
    call.env("VASTAI_NO_UPDATE_CHECK", "1").run().expect(0);
    assert_eq!(account.secrets(), json!({"A": "theirs"}));
    home.age_snapshot(10);
    home.ok(&["refresh", "--quiet"]);
    exports(&home, &json!({"A": "mine"}));
    // Nobody can know that it is another one; and so nobody says so.
    assert!(home.ok(&["why", "A"]).contains("the server does not say whether it changed since"));
    // Deleted and made anew by somebody else: that can be known.
    for arguments in [&["delete", "env-var", "A"][..], &["create", "env-var", "A", "theirs"]] {
        let client = vastai().expect("it was there");
        home.command(client, arguments).env("VASTAI_NO_UPDATE_CHECK", "1").run().expect(0);
        home.age_snapshot(10);
        home.ok(&["refresh", "--quiet"]);
    }
    exports(&home, &json!({"A": "mine"}));
    assert!(home.ok(&["why", "A"]).contains("may be another value"));
    assert!(home.ok(&["status"]).contains("A: may be stale, see `vastenv why A`"));
}

#[test]
fn a_server_that_begins_to_mask_takes_nothing_away() {
    let server = Moody::saying(json!({"A": "one", "B": "two"}));
    let home = server.home();
    exports(&home, &json!({"A": "one", "B": "two"}));
    for _ in 0..2 {
        server.now_says(&home, json!({"A": MASK, "B": "*****", "C": "***"}));
        exports(&home, &json!({"A": "one", "B": "two"}));
    }
    assert!(home.ok(&["why", "A"]).contains("shown by the server before it hid it"));
    // One that tells again wins, and takes the remembered value's place.
    server.now_says(&home, json!({"A": "new", "B": MASK, "C": MASK}));
    exports(&home, &json!({"A": "new", "B": "two"}));
    server.now_says(&home, json!({"A": MASK, "B": MASK, "C": MASK}));
    exports(&home, &json!({"A": "new", "B": "two"}));
}

#[test]
fn a_plain_value_replaces_a_remembered_one_for_good() {
    let server = Moody::saying(json!({"A": MASK}));
    let home = server.home();
    home.ok(&["refresh", "--quiet"]);
    home.ok(&["remember", "env-var", "A", "old"]);
    server.now_says(&home, json!({"A": "plain"}));
    exports(&home, &json!({"A": "plain"}));
    assert_eq!(values_file(&home)["values"]["A"]["value"], json!("plain"));
    home.vastenv(&["remember", "env-var", "A", "mine"])
        .run()
        .expect(0)
        .mentions(&["the server shows the value of A"]);
    exports(&home, &json!({"A": "plain"}));
}

#[test]
fn values_of_one_account_are_never_anothers() {
    let one = masked(&json!({"A": "1"}));
    let two = masked(&json!({"A": "2"}));
    let mut home = one.known_home();
    home.ok(&["remember", "env-var", "A", "of one"]);
    home.set("VAST_URL", &two.sandbox.url);
    home.set("VAST_API_KEY", two.sandbox.key.expose());
    exports(&home, &json!({}));
    home.ok(&["remember", "env-var", "A", "of two"]);
    exports(&home, &json!({"A": "of two"}));
    home.set("VAST_URL", &one.sandbox.url);
    home.set("VAST_API_KEY", one.sandbox.key.expose());
    exports(&home, &json!({"A": "of one"}));
}

#[test]
fn another_key_of_the_account_finds_what_is_remembered() {
    let state = json!({"secrets": {"A": "1"}, "api_keys": [{"key": OTHER_KEY}, {"key": "f".repeat(64)}]});
    let account = TestAccount::of(&state, Options { mask: true, ..Options::default() });
    let mut home = account.known_home();
    home.ok(&["remember", "env-var", "A", "one"]);
    let key = if account.sandbox.key.expose() == OTHER_KEY { "f".repeat(64) } else { OTHER_KEY.to_owned() };
    home.set("VAST_API_KEY", key);
    exports(&home, &json!({"A": "one"}));
    home.ok(&["reset", "api-key", "-y"]);
}

#[test]
fn offline_all_of_it_stays() {
    let account = masked(&json!({"A": "1", "B": "2"}));
    let home = account.known_home();
    home.ok(&["remember", "env-var", "A", "one"]);
    drop(account);
    exports(&home, &json!({"A": "one"}));
    home.age_snapshot(7000);
    home.vastenv(&["refresh"]).run().refuses(1, &["vastenv: "]);
    exports(&home, &json!({"A": "one"}));
    // What is known suffices to remember more.
    let said = home.vastenv(&["remember", "env-var", "B", "two"]).run().expect(0);
    said.mentions(&["using the cache", "remembered B"]);
    exports(&home, &json!({"A": "one", "B": "two"}));
}

#[test]
fn a_refused_key_takes_the_variables_and_leaves_what_is_remembered() {
    let account = masked(&json!({"A": "1"}));
    let home = account.known_home();
    home.ok(&["remember", "env-var", "A", "one"]);
    let refused = home.vastenv(&["refresh"]).env("VAST_API_KEY", OTHER_KEY);
    refused.run().expect(4);
    exports(&home, &json!({"A": "one"}));
}

#[test]
fn a_second_machine_is_told_once_and_how_to_mend_it() {
    let account = masked(&json!({"A": "1", "B": "2", "C": "3", "D": "4", "PATH": "x"}));
    let home = account.home();
    let first = home.vastenv(&["refresh"]).run().expect(0);
    first.mentions(&[
        "4 of 5 variables are hidden by Vast and unknown here: A, B, C, D",
        "vastenv remember env-var --all",
    ]);
    home.age_snapshot(10);
    let second = home.vastenv(&["refresh"]).run().expect(0);
    assert!(!second.err.contains("hidden by Vast"), "{second:?}");
    let status = home.ok(&["status"]);
    assert_eq!(status.matches("0 to load, 4 hidden by Vast, 1 refused").count(), 1, "{status}");
    let script =
        format!("for n in 1 2; do eval \"$('{VASTENV}' hook bash)\"; '{VASTENV}' hook bash >/dev/null; done");
    for expected in [1, 0] {
        let said = home.command("bash", &["--norc", "-c", &script]).run().expect(0);
        assert_eq!(said.err.matches("4 of 5 variables are hidden").count(), expected, "{said:?}");
    }
    home.ok(&["remember", "env-var", "A", "one"]);
    let said = home.command("bash", &["--norc", "-c", &script]).run().expect(0);
    assert!(!said.err.contains("hidden by Vast"), "{said:?}");
}
