//! What the doctor finds, and what mends it.

use serde_json::{Value, json};
use vastenv::sandbox::Options;

use super::account::{OTHER_KEY, TestAccount};
use crate::home::{Home, VASTENV, chmod, mode};
use crate::raw_server::nobody;

/// Each check's finding, as `--raw` tells it.
fn findings(home: &Home, code: i32) -> Vec<(String, String)> {
    let said = home.vastenv(&["doctor", "--raw"]).run().expect(code);
    let checks: Value = serde_json::from_str(&said.out).expect("JSON");
    let text = |check: &Value, field: &str| check[field].as_str().expect("text").to_owned();
    checks
        .as_array()
        .expect("a list")
        .iter()
        .map(|check| {
            assert_ne!(
                (text(check, "finding") != "ok").then(|| text(check, "next")),
                Some(String::new()),
                "{check}"
            );
            (text(check, "check"), text(check, "finding"))
        })
        .collect()
}

#[track_caller]
fn expect(home: &Home, code: i32, check: &str, finding: &str) {
    let found = findings(home, code);
    assert!(found.contains(&(check.to_owned(), finding.to_owned())), "{check} {finding}: {found:?}");
}

#[test]
fn all_is_well_in_a_shell_with_the_hook() {
    let account = TestAccount::with(&json!({"A": "hidden-v"}));
    let home = account.known_home();
    let script = format!("eval \"$('{VASTENV}' hook bash)\"; '{VASTENV}' doctor");
    let said = home.command("bash", &["--norc", "-c", &script]).run().expect(0).hides("hidden-v");
    let marks: Vec<&str> = said.out.lines().map(|line| line.split(' ').next().unwrap_or_default()).collect();
    assert!(marks.iter().all(|mark| *mark == "ok"), "{said:#?}");
    assert!(said.out.contains("answers as you@sandbox.invalid"), "{said:#?}");
    assert_eq!(account.requests(), ["GET /users/current/ 200"]);
}

#[test]
fn every_fault_is_found_with_what_mends_it() {
    let account = TestAccount::serving(&json!({"A": "1"}), Options { mask: true, ..Options::default() });
    let mut home = account.known_home();
    expect(&home, 0, "variables", "note");
    expect(&home, 0, "hook", "note");
    home.set("VASTENV_DISABLE", "1");
    expect(&home, 0, "hook", "note");
    home.set("VAST_URL", nobody());
    expect(&home, 1, "server", "bad");
    home.set("VAST_URL", &account.sandbox.url);
    home.set("VAST_API_KEY", OTHER_KEY);
    expect(&home, 1, "server", "bad");
    home.unset("VAST_API_KEY");
    expect(&home, 1, "key", "bad");
    home.write(".config/vastenv/config.toml", "max_age = 5");
    expect(&home, 1, "settings", "bad");
    std::fs::remove_file(home.path(".config/vastenv/config.toml")).expect("removed");
    chmod(&home.path(".local/state/vastenv"), 0o777);
    expect(&home, 1, "folders", "ok");
    assert_eq!(mode(&home.path(".local/state/vastenv")), 0o700);
    home.unset("HOME");
    expect(&home, 1, "settings", "bad");
}

#[test]
fn values_that_look_mistaken_are_a_note_by_name() {
    let shapes = json!({"HF_TOKEN": "sk-hidden", "QUOTED": "\"hidden\"", "GOOD": "hidden", "XS": "xxx"});
    let account = TestAccount::with(&shapes);
    let home = account.known_home();
    expect(&home, 0, "values", "note");
    let said = home.vastenv(&["doctor"]).run().expect(0).hides("hidden").hides("xxx");
    for part in [
        "values      HF_TOKEN: unexpected form, usually begins with hf_",
        "values      QUOTED: has quotes around it",
        "values      XS: looks like a placeholder",
        "→ vastenv update env-var QUOTED",
    ] {
        assert!(said.out.contains(part), "{part:?} is missing in {}", said.out);
    }
    assert!(!said.out.contains("GOOD"), "{said:?}");
    // What is only remembered here is mended here.
    let account = TestAccount::serving(&json!({"A": "1"}), Options { mask: true, ..Options::default() });
    let home = account.known_home();
    home.vastenv(&["remember", "env-var", "A", "--keep-newline"]).stdin("hidden\n").run().expect(0);
    let said = home.vastenv(&["doctor"]).run().expect(0).hides("hidden");
    assert!(said.out.contains("A: ends with a line break"), "{said:?}");
    assert!(said.out.contains("→ vastenv remember env-var A"), "{said:?}");
    home.ok(&["remember", "env-var", "A", "fine"]);
    expect(&home, 0, "values", "ok");
    // What was sent from here is wrong in the account too.
    home.ok(&["update", "env-var", "A", "'hidden'", "--quiet"]);
    let said = home.vastenv(&["doctor"]).run().expect(0).hides("hidden");
    assert!(said.out.contains("→ vastenv update env-var A"), "{said:?}");
}
