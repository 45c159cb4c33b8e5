//! What is remembered and forgotten, and what is not.

use std::fs;

use serde_json::json;

use super::account::TestAccount;
use super::masks::{MASK, Moody, exports, masked, values_file, values_path};
use crate::terminal::Terminal;

#[test]
fn only_a_name_that_the_account_has_is_remembered() {
    let account = masked(&json!({"HF_TOKEN": "1"}));
    let home = account.known_home();
    home.vastenv(&["remember", "env-var", "NOPE", "x"])
        .run()
        .refuses(1, &["the account has no variable NOPE"]);
    home.ok(&["remember", "env-var", "hf_token", "any case"]);
    exports(&home, &json!({"HF_TOKEN": "any case"}));
    home.vastenv(&["remember", "env-var", "HF_TOKEN"])
        .stdin("from stdin\n")
        .run()
        .expect(0)
        .hides("from stdin");
    exports(&home, &json!({"HF_TOKEN": "from stdin"}));
    home.vastenv(&["remember", "env-var", "HF_TOKEN", ""]).run().refuses(2, &["is empty"]);
    assert_eq!(account.secrets(), json!({"HF_TOKEN": "1"}));
}

#[test]
fn the_environment_is_a_source_of_what_is_unknown() {
    let account = masked(&json!({"A": "1", "B": "2", "C": "3", "D": "4"}));
    let home = account.known_home();
    home.ok(&["remember", "env-var", "A", "mine"]);
    for arguments in [&["remember", "--from-env"][..], &["remember", "env-var", "--from-env"]] {
        let call = home.vastenv(arguments).env("A", "other").env("B", "two").env("C", MASK).env("D", "");
        let said = call.run();
        assert!(!said.err.contains("two"), "{said:?}");
    }
    exports(&home, &json!({"A": "mine", "B": "two"}));
    home.vastenv(&["remember", "env-var", "A", "--from-env"]).env("A", "other").run().expect(0);
    exports(&home, &json!({"A": "other", "B": "two"}));
}

#[test]
fn all_are_asked_for_one_by_one() {
    let account = masked(&json!({"A": "1", "B": "2", "C": "3"}));
    let home = account.known_home();
    home.vastenv(&["remember", "env-var", "--all"]).run().refuses(2, &["terminal", "--from-env"]);
    let mut terminal = Terminal::open(&home, 80, "vastenv remember env-var --all");
    for (number, value) in [("1 of 3, A", "hidden-a"), ("2 of 3, B", ""), ("3 of 3, C", "hidden-c")] {
        terminal.wait_for(&format!("value {number} (Enter skips): "));
        terminal.type_in(&format!("{value}\r"));
    }
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("remembered A, C") && !seen.contains("hidden"), "{seen}");
    exports(&home, &json!({"A": "hidden-a", "C": "hidden-c"}));
}

#[test]
fn forgetting_takes_it_from_here_and_not_from_the_account() {
    let account = masked(&json!({"A": "1", "B": "2"}));
    let home = account.known_home();
    home.vastenv(&["forget", "env-var", "A"]).run().refuses(1, &["no remembered value of A"]);
    home.ok(&["remember", "env-var", "A", "one"]);
    home.ok(&["remember", "env-var", "B", "two"]);
    home.vastenv(&["forget", "env-var", "a"]).run().expect(0).mentions(&["forgot the value of A"]);
    exports(&home, &json!({"B": "two"}));
    home.vastenv(&["forget", "env-var", "--all"]).run().refuses(2, &["-y"]);
    exports(&home, &json!({"B": "two"}));
    home.ok(&["forget", "env-var", "--all", "-y"]);
    exports(&home, &json!({}));
    assert_eq!(account.secrets(), json!({"A": "1", "B": "2"}));
    assert_eq!(account.requests(), [""; 0]);
}

#[test]
fn a_damaged_file_of_values_is_no_empty_one() {
    let server = Moody::saying(json!({"A": MASK, "B": "plain"}));
    let home = server.home();
    home.ok(&["refresh", "--quiet"]);
    home.ok(&["remember", "env-var", "A", "one"]);
    let path = values_path(&home);
    let whole = fs::read(&path).expect("read");
    fs::write(&path, &whole[..whole.len() / 2]).expect("written");
    home.vastenv(&["export", "json"]).run().refuses(1, &["values.json", "damaged"]);
    home.vastenv(&["run", "--", "true"]).run().refuses(1, &["values.json", "--allow-missing"]);
    let show = ["run", "--allow-missing", "--", "sh", "-c", "echo ${A-unset} $B"];
    assert_eq!(home.vastenv(&show).run().expect(0).mentions(&["values.json"]).out, "unset plain\n");
    home.vastenv(&["why", "B"]).run().expect(0);
    home.vastenv(&["why", "A"]).run().expect(0).mentions(&["values.json"]);
    home.vastenv(&["remember", "env-var", "A", "two"]).run().refuses(1, &["values.json", "damaged"]);
    server.now_says(&home, json!({"A": MASK, "B": "plain"}));
    assert_eq!(fs::read(&path).expect("read"), whole[..whole.len() / 2]);
    fs::write(&path, &whole).expect("written");
    exports(&home, &json!({"A": "one", "B": "plain"}));
}

#[test]
fn asterisks_of_ones_own_are_taken_as_typed_and_never_sent_by_mistake() {
    let account = masked(&json!({"A": "1"}));
    let home = account.known_home();
    home.ok(&["update", "env-var", "A", "real"]);
    for verb in ["update", "set"] {
        home.vastenv(&[verb, "env-var", "A", MASK]).run().refuses(2, &["all asterisks", "-y"]);
    }
    assert_eq!(account.secrets(), json!({"A": "real"}));
    home.vastenv(&["remember", "env-var", "A", "***"])
        .run()
        .expect(0)
        .mentions(&["warning", "taken as typed"]);
    exports(&home, &json!({"A": "***"}));
    assert_eq!(account.secrets(), json!({"A": "real"}));
    home.ok(&["update", "env-var", "A", MASK, "-y"]);
    assert_eq!(account.secrets(), json!({"A": MASK}));
}

#[test]
fn a_deleted_variables_value_comes_back_with_it() {
    let account = masked(&json!({}));
    let home = account.known_home();
    home.ok(&["create", "env-var", "A", "one"]);
    home.vastenv(&["delete", "env-var", "A"])
        .run()
        .expect(0)
        .mentions(&["vastenv create env-var A --remembered"]);
    exports(&home, &json!({}));
    // 30 days, less what a slow machine took.
    let status = home.ok(&["status"]);
    assert!(
        status.contains("A: deleted, kept for 30 days more")
            || status.contains("A: deleted, kept for 29 days more"),
        "{status}"
    );
    home.ok(&["create", "env-var", "A", "--remembered"]);
    assert_eq!(account.secrets(), json!({"A": "one"}));
    exports(&home, &json!({"A": "one"}));
    home.vastenv(&["create", "env-var", "B", "--remembered"]).run().refuses(1, &["no remembered value of B"]);
}

#[test]
fn who_does_not_want_it_remembered_is_obeyed() {
    let account = masked(&json!({}));
    let home = account.known_home();
    home.ok(&["create", "env-var", "A", "canary-1", "--no-remember"]);
    exports(&home, &json!({}));
    home.ok(&["set", "env-var", "A", "canary-2"]);
    exports(&home, &json!({"A": "canary-2"}));
    // The older value would pass for the new one.
    home.ok(&["update", "env-var", "A", "canary-3", "--no-remember"]);
    exports(&home, &json!({}));
    assert_eq!(account.secrets(), json!({"A": "canary-3"}));
    assert_eq!(values_file(&home)["values"], json!({}));
    // A server that tells it makes it known all the same.
    let plain = TestAccount::with(&json!({}));
    let home = plain.known_home();
    home.ok(&["create", "env-var", "A", "told", "--no-remember"]);
    assert_eq!(home.ok(&["run", "--", "sh", "-c", "echo ${A-unset}"]), "told\n");
    exports(&home, &json!({"A": "told"}));
}

#[test]
fn a_value_that_the_server_tells_is_not_lost_by_a_deletion_either() {
    let account = TestAccount::with(&json!({"A": "told"}));
    let home = account.known_home();
    home.ok(&["delete", "env-var", "A"]);
    exports(&home, &json!({}));
    assert_eq!(account.secrets(), json!({}));
    home.ok(&["create", "env-var", "A", "--remembered"]);
    assert_eq!(account.secrets(), json!({"A": "told"}));
    home.ok(&["delete", "env-var", "A"]);
    home.ok(&["forget", "env-var", "A"]);
    home.vastenv(&["create", "env-var", "A", "--remembered"]).run().refuses(1, &["no remembered value of A"]);
}

#[test]
fn a_value_that_was_changed_from_here_is_not_taken_for_the_new_one() {
    let account = masked(&json!({"A": "1", "B": "2"}));
    let home = account.known_home();
    home.ok(&["remember", "env-var", "A", "old"]);
    home.ok(&["remember", "env-var", "B", "other"]);
    let path = values_path(&home);
    let whole = fs::read(&path).expect("read");
    fs::write(&path, "{").expect("written");
    home.vastenv(&["update", "env-var", "A", "new"]).run().expect(1).mentions(&["could not be updated"]);
    fs::write(&path, &whole).expect("written");
    exports(&home, &json!({"B": "other"}));
    home.age_snapshot(10);
    home.ok(&["refresh", "--quiet"]);
    exports(&home, &json!({"B": "other"}));
    home.ok(&["remember", "env-var", "A", "new"]);
    exports(&home, &json!({"A": "new", "B": "other"}));
}

#[test]
fn what_was_typed_before_an_end_is_remembered() {
    let account = masked(&json!({"A": "1", "B": "2"}));
    for end in ["\u{4}", "\u{3}"] {
        let home = account.known_home();
        let mut terminal = Terminal::open(&home, 80, "vastenv remember env-var --all");
        terminal.wait_for("value 1 of 2, A (Enter skips): ");
        // Ctrl-Z is no part of it.
        terminal.type_in("one\u{1a}\r");
        terminal.wait_for("value 2 of 2, B (Enter skips): ");
        terminal.type_in(end);
        terminal.end();
        exports(&home, &json!({"A": "one"}));
    }
}

#[test]
fn after_thirty_days_a_deleted_variables_value_is_gone() {
    let account = masked(&json!({"A": "1", "B": "2"}));
    let home = account.known_home();
    home.ok(&["remember", "env-var", "A", "hidden-a", "--quiet"]);
    home.ok(&["remember", "env-var", "B", "hidden-b", "--quiet"]);
    home.ok(&["delete", "env-var", "A", "--quiet"]);
    let accounts = fs::read_dir(home.path(".local/share/vastenv")).expect("a folder");
    let path = accounts.map(|entry| entry.expect("an entry").path().join("values.json")).next().expect("one");
    let mut values = values_file(&home);
    let gone_at = values["values"]["A"]["gone_at"].as_u64().expect("a time");
    values["values"]["A"]["gone_at"] = json!(gone_at - 31 * 86_400);
    let expired = values.to_string();
    fs::write(&path, &expired).expect("written");
    home.vastenv(&["create", "env-var", "A", "--remembered"]).run().refuses(1, &["no remembered value of A"]);
    assert!(fs::read_to_string(&path).expect("read").contains("hidden-a"));
    let status = home.ok(&["status"]);
    assert!(status.contains("1 value in ") && !status.contains("deleted"), "{status}");
    let left = fs::read_to_string(&path).expect("read");
    assert!(!left.contains("hidden-a") && left.contains("hidden-b"), "{left}");
}

#[test]
fn every_source_takes_the_filters() {
    let account = masked(&json!({"A": "1", "B": "2", "HF_TOKEN": "3"}));
    let null = "A=one\0B=two\0HUB=hub\0HF_TOKEN=other\0HOME=/x\0";
    for source in [&["--from", "values.env"][..], &["--from", "-", "--null"], &["--from-env"]] {
        let home = account.known_home();
        fs::write(home.path("values.env"), "A=one\nB=two\nHUB=hub\nHF_TOKEN=other\n").expect("written");
        let remember = |filters: &[&str]| {
            let call = home.vastenv(&[&["remember", "env-var"], source, filters].concat());
            let set = [("A", "one"), ("B", "two"), ("HUB", "hub"), ("HF_TOKEN", "other")];
            let call = set.iter().fold(call, |call, (name, value)| call.env(name, value));
            call.stdin(null).run()
        };
        for (filters, why) in [
            (&["--only", "TYPO"][..], "no variable matches TYPO"),
            (&["--rename", "HF_TOKEN=HUB"], "HF_TOKEN and HUB would both be called HF_TOKEN"),
            (&["--except", "HF_TOKEN", "--require", "HF_TOKEN"], "required but not found: HF_TOKEN"),
            (&["--require", "TYPO"], "required but not found: TYPO"),
            (&["--only", "HUB"], "the filters leave none"),
            (&["--only", "HUB"], "HUB is not in the account"),
        ] {
            let said = remember(filters).refuses(1, &[why]);
            assert!(!said.err.contains("not in the environment"), "{said:?}");
            exports(&home, &json!({}));
        }
        remember(&["--only", "a,B*", "--except", "B"]).expect(0);
        exports(&home, &json!({"A": "one"}));
        remember(&["--except", "HF_*", "--rename", "HF_TOKEN=HUB", "--require", "A,HF_TOKEN"]).expect(0);
        exports(&home, &json!({"A": "one", "B": "two", "HF_TOKEN": "hub"}));
        home.ok(&["forget", "env-var", "--all", "-y", "--quiet"]);
        remember(&["--only", "TOKEN*", "--prefix", "HF_"]).refuses(1, &["no variable matches TOKEN*"]);
        exports(&home, &json!({}));
    }
    let home = account.known_home();
    home.vastenv(&["remember", "env-var", "A", "v", "--only", "A"]).run().refuses(2, &["--from FILE"]);
    home.vastenv(&["remember", "env-var", "--all", "--only", "A"]).run().refuses(2, &["--from FILE"]);
}
