//! What a project sets: made of the account's values, judged like all else.

use std::fs;

use serde_json::{Value, json};

use super::narrow::{account, all, allowed, give};
use super::{FILE, say};
use crate::cli::account::TestAccount;
use crate::cli::masks::masked;
use crate::home::Home;

#[test]
fn texts_are_filled_with_what_the_account_has_and_left_alone_by_the_project_itself() {
    let (_account, home) = account();
    allowed(
        &home,
        "only = [\"HF_TOKEN\"]\nexcept = [\"URL\"]\nprefix = \"P_\"\n[set]\nURL = \"x://${AWS_SECRET}:${aws_key}@h/$$(id)`id`\"\nP_HF_TOKEN = \"mine\"\nEMPTY = \"\"\n",
    );
    let url = "x://s:k@h/$(id)`id`";
    give(&home, &[], &json!({"P_HF_TOKEN": "mine", "URL": url, "EMPTY": ""}));
    give(&home, &["--only", "url", "--rename", "U=URL"], &json!({"U": url}));
    give(&home, &["--except", "URL,EMPTY", "--prefix", "X_"], &json!({"X_P_HF_TOKEN": "mine"}));
    assert_eq!(say(&home, "p", &["show", "env-var", "url"]).expect(0).out, format!("{url}\n"));
    let why = say(&home, "p", &["why", "URL", "--raw"]).expect(0).out;
    assert_eq!(serde_json::from_str::<Value>(&why).expect("JSON")["source"], "project");
    let shown = say(&home, "p", &["show", "env-vars"]).expect(0).out;
    let is_set = |line: &&str| line.starts_with("URL ") && line.contains("project");
    assert_eq!(shown.lines().filter(is_set).count(), 1, "{shown}");
    // What is made of a value shows it.
    let script = "echo $URL $P_HF_TOKEN";
    let said = say(&home, "p", &["run", "--redact", "--", "sh", "-c", script]).expect(0);
    assert_eq!(said.out, "***** mine\n");
}

#[test]
fn what_is_made_of_a_value_is_redacted_whole() {
    let account = TestAccount::with(&json!({"TOKEN": "a-long-token-0123456789"}));
    let home = account.known_home();
    allowed(
        &home,
        "only = []\n[set]\nURL = \"https://u:${TOKEN}@host/path\"\nPLAIN = \"plain-text-is-no-secret\"\n",
    );
    let said = say(&home, "p", &["run", "--redact", "--", "sh", "-c", "echo $URL; echo $PLAIN"]).expect(0);
    assert_eq!(said.out, "*****\nplain-text-is-no-secret\n");
}

#[test]
fn a_name_that_nobody_has_leaves_it_unset_and_is_named() {
    let (_account, home) = account();
    allowed(
        &home,
        "only = [\"HF_TOKEN\"]\n[set]\nHF_TOKEN = \"${GONE}\"\nGOOD = \"g\"\nNEW = \"${HF_TOKEN}-${GONE}\"\n",
    );
    for said in &all(&home, &[])[..2] {
        assert!(said.code == 0 && said.out.contains("GOOD") && !said.out.contains("hf_v"), "{said:?}");
        assert!(said.err.contains("NEW not loaded: made of GONE: no such variable"), "{said:?}");
        assert!(said.err.contains("HF_TOKEN not loaded: made of GONE"), "{said:?}");
    }
    say(&home, "p", &["run", "--require", "NEW", "--", "true"])
        .refuses(1, &["required but missing: NEW (made of GONE: no such variable)"]);
    say(&home, "p", &["show", "env-var", "NEW"]).refuses(1, &["made of GONE"]);
}

#[test]
fn a_hidden_value_in_it_is_missing_like_any_other() {
    let account = masked(&json!({"KNOWN": "1", "SECRET": "2"}));
    let home = account.known_home();
    home.ok(&["remember", "env-var", "KNOWN", "one"]);
    allowed(&home, "only = [\"KNOWN\"]\n[set]\nURL = \"x://${SECRET}\"\n");
    for arguments in [&["run", "--", "touch", "ran"][..], &["export", "sh"]] {
        say(&home, "p", arguments).refuses(
            1,
            &["value unknown here: URL", "hint: enter its value once: vastenv remember env-var SECRET"],
        );
    }
    assert!(!home.path("p/ran").exists());
    let said = say(&home, "p", &["export", "sh", "--allow-missing"]).expect(0);
    assert_eq!(said.out, "export KNOWN='one'\n");
    home.ok(&["remember", "env-var", "SECRET", "two"]);
    assert_eq!(say(&home, "p", &["show", "env-var", "URL"]).expect(0).out, "x://two\n");
}

#[test]
fn refused_names_and_values_that_no_environment_holds_are_skipped_and_named() {
    let account = TestAccount::with(&json!({"BIG": "b".repeat(100_000), "OK": "ok"}));
    let home: Home = account.known_home();
    let megabyte = "${BIG}".repeat(11);
    allowed(
        &home,
        &format!(
            "only = [\"OK\"]\n[set]\nLD_PRELOAD = \"x.so\"\nPATH = \"/tmp\"\nLARGE = \"{megabyte}\"\nFINE = \"f\"\n"
        ),
    );
    for said in &all(&home, &[])[..2] {
        assert!(said.code == 0 && said.out.contains("FINE") && !said.out.contains("x.so"), "{said:?}");
        for part in [
            "LD_PRELOAD not loaded: refused: changes how programs are loaded",
            "PATH not loaded: refused",
            "LARGE not loaded: the value is over 128 KiB",
        ] {
            assert!(said.err.contains(part), "{part}: {}", said.err);
        }
        assert!(!said.out.contains("PATH=/tmp"), "{said:?}");
    }
    // The user may allow a name for the project as for the account.
    home.write(".config/vastenv/config.toml", "allow = [\"LD_PRELOAD\"]");
    let said = say(&home, "p", &["export", "json"]).expect(0);
    assert!(said.out.contains("x.so"), "{said:?}");
    fs::write(home.path("p").join(FILE), "[set]\nNUL = \"a\\u0000b\"\n").expect("written");
    for said in all(&home, &[]) {
        said.expect(1).mentions(&["NUL"]);
    }
}
