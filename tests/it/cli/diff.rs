//! `diff`: what differs, as names or as values, and the exit code that tells a script.

use serde_json::{Value, json};
use vastenv::sandbox::Options;

use super::account::TestAccount;

const FILE: &str = "NEW=hidden-1\nCHANGED='hidden-2\n'\nsame=hidden-3\n";

fn secrets() -> Value {
    json!({"CHANGED": "hidden-old", "SAME": "hidden-3", "GONE": "hidden-\u{1b}[2J"})
}

#[test]
fn names_tell_what_differs_and_values_only_where_they_are_asked_for() {
    let account = TestAccount::with(&secrets());
    let home = account.home();
    home.write(".env", FILE);
    let said = home.vastenv(&["diff", ".env"]).run().expect(1).hides("hidden");
    assert_eq!(said.out, "~ CHANGED\n- GONE\n+ NEW\n");
    let summary = "1 in the file only, 1 in the account only, 1 different, 0 unknown; 1 variable the same\n";
    said.mentions(&[summary, "same is SAME in the account"]);
    let shown = home.vastenv(&["diff", "-s", "-q", ".env"]).run().expect(1);
    let expected = "~ CHANGED  account 'hidden-old', file 'hidden-2\\n'\n\
                    - GONE  account 'hidden-\\u{1b}[2J'\n+ NEW  file 'hidden-1'\n";
    assert_eq!((shown.out.as_str(), shown.err.as_str()), (expected, ""));
}

#[test]
fn scripts_get_json() {
    let account = TestAccount::with(&secrets());
    let home = account.home();
    home.write(".env", format!("{FILE}a.b=hidden\n"));
    let raw = |arguments: &[&str]| -> Value {
        serde_json::from_str(&home.vastenv(arguments).run().expect(1).out).expect("JSON")
    };
    assert_eq!(
        raw(&["diff", "--raw", ".env"]),
        json!({
            "added": ["NEW"], "missing": ["GONE"], "different": ["CHANGED"], "unknown": [],
            "same": ["SAME"], "misnamed_lines": [5],
        })
    );
    assert_eq!(
        raw(&["diff", "--raw", "-s", ".env"]),
        json!({
            "added": {"NEW": "hidden-1"}, "missing": {"GONE": "hidden-\u{1b}[2J"},
            "different": {"CHANGED": {"account": "hidden-old", "file": "hidden-2\n"}}, "unknown": {},
            "same": ["SAME"], "misnamed_lines": [5],
        })
    );
}

#[test]
fn what_export_writes_is_the_same_to_the_byte() {
    let value = "it's \"$(x)\" `y` \\ é🦀\r\n\t#";
    let account = TestAccount::with(&json!({"A": value, "B": "", "C": "$X", "D": " # "}));
    let home = account.home();
    let written = home.ok(&["export", "dotenv"]);
    let said = home.vastenv(&["diff", "-"]).stdin(written).run().expect(0);
    assert_eq!(said.out, "");
    said.mentions(&["4 variables, all the same\n"]);
}

#[test]
fn what_nobody_knows_is_no_equality() {
    let account =
        TestAccount::serving(&json!({"A": "1", "B": "2"}), Options { mask: true, ..Options::default() });
    let home = account.home();
    home.ok(&["update", "env-var", "B", "known"]);
    home.write(".env", "A=1\nB=known\n");
    let said = home.vastenv(&["diff", "-s", ".env"]).run().expect(1);
    assert_eq!(said.out, "? A  account (unknown), file '1'\n");
    home.write(".env", "A=********\nB=known\n");
    home.vastenv(&["diff", ".env"]).run().expect(1).mentions(&["1 unknown; 1 variable the same"]);
}

#[test]
fn a_server_that_cannot_be_asked_is_no_difference() {
    let account = TestAccount::with(&secrets());
    let home = account.known_home();
    home.write(".env", FILE);
    home.age_snapshot(60);
    drop(account);
    home.vastenv(&["diff", ".env"]).run().refuses(1, &["cannot read the account's variables"]);
}
