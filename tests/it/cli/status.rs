//! `vastenv status`: true in every state, and nobody is asked.

use serde_json::{Value, json};
use vastenv::sandbox::Options;

use super::account::TestAccount;
use crate::home::{Home, VASTENV};
use crate::raw_server::nobody;

fn raw(home: &Home) -> Value {
    serde_json::from_str(&home.ok(&["status", "--raw"])).expect("JSON")
}

#[test]
fn without_a_key_it_says_so_and_how_to_get_one() {
    let said = Home::new().vastenv(&["status"]).run().expect(4).mentions(&["vastenv: no API key", "hint: "]);
    assert!(said.out.contains("account  none") && said.out.contains("https://console.vast.ai"), "{said:?}");
    let said = Home::new().vastenv(&["status", "--raw"]).run().expect(4);
    let status: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(status["account"], Value::Null);
    assert_eq!(said.err.lines().count(), 1);
    serde_json::from_str::<Value>(&said.err).expect("JSON");
}

#[test]
fn before_the_first_answer_nothing_is_known() {
    let home = Home::at(&nobody(), "a-key-of-this-server-0001");
    let text = home.ok(&["status"]);
    for part in ["not known yet", "…0001 from VAST_API_KEY", "→ vastenv refresh", "vastenv hook bash"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("a-key-of"), "{text}");
    let text = home.vastenv(&["status"]).env("SHELL", "/usr/bin/fish").run().expect(0).out;
    assert!(text.contains("vastenv hook fish --install"), "{text}");
}

#[test]
fn what_is_known_is_counted() {
    let options = Options { mask: true, ..Options::default() };
    let account = TestAccount::serving(&json!({"A": "1", "B": "2", "PATH": "x"}), options);
    let home = account.known_home();
    home.ok(&["set", "env-var", "A", "hidden-v"]);
    home.ok(&["set", "env-var", "PATH", "hidden-v"]);
    account.forget();
    let text = home.vastenv(&["status"]).run().expect(0).hides("hidden-v").out;
    for part in [
        "you@sandbox.invalid (user ",
        "1 to load, 1 hidden by Vast, 1 refused",
        "PATH: refused",
        "snapshot.json",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let status = raw(&home);
    assert_eq!(status["variables"], json!({"loadable": 1, "masked": 1, "refused": 1, "run_only": 0}));
    assert_eq!(status["hook"], json!({"active": false, "loaded": []}));
    assert_eq!(status["key_source"], json!("VAST_API_KEY"));
    assert_eq!(status["snapshot"]["path"], json!(home.snapshot().expect("a snapshot").display().to_string()));
    assert!(status["next_refresh"].as_u64().is_some_and(|wait| (200..=300).contains(&wait)), "{status}");
    home.age_snapshot(7000);
    assert!(home.ok(&["status"]).contains("116 min old"));
    assert_eq!(raw(&home)["next_refresh"], json!(0));
    assert_eq!(account.requests(), [""; 0]);
}

#[test]
fn in_a_hooked_shell_it_counts_what_is_loaded() {
    let account = TestAccount::with(&json!({"A": "1", "B": "2"}));
    let home = account.known_home();
    let script = format!(
        "eval \"$('{VASTENV}' hook bash)\"; '{VASTENV}' status --raw; (VASTENV_DISABLE=1 '{VASTENV}' status)"
    );
    let said = home.command("bash", &["--norc", "-c", &script]).run().expect(0);
    let end = said.out.find("\n}\n").expect("an end") + 3;
    let status: Value = serde_json::from_str(&said.out[..end]).expect("JSON");
    assert_eq!(
        status["hook"],
        json!({"active": true, "current": true, "loaded": ["A", "B"], "edited": [], "own": []})
    );
    assert!(
        said.out.contains("disabled by VASTENV_DISABLE\n            → unset VASTENV_DISABLE"),
        "{said:?}"
    );
}
