//! `show`, `create`, `update`, `set` and `delete env-var`: what is sent, what is kept, what is said.

use std::fs;

use serde_json::{Value, json};
use vastenv::sandbox::Options;

use super::account::{OTHER_KEY, TestAccount};
use crate::home::Home;
use crate::raw_server::{RawServer, Reply};

#[test]
fn a_change_is_written_through_without_asking_again() {
    let account = TestAccount::with(&json!({"A": "1"}));
    let home = account.known_home();
    let mut generation = home.generation().expect("published");
    for (arguments, said, request, exported) in [
        (&["create", "env-var", "B", "two"][..], "created B\n", "POST", json!({"A": "1", "B": "two"})),
        (&["update", "env-var", "B", "2 3"], "updated B\n", "PUT", json!({"A": "1", "B": "2 3"})),
        (&["set", "env-var", "A", "x"], "updated A\n", "PUT", json!({"A": "x", "B": "2 3"})),
        (&["set", "env-var", "C", "new"], "created C\n", "POST", json!({"A": "x", "B": "2 3", "C": "new"})),
        (&["delete", "env-var", "B"], "deleted B\n", "DELETE", json!({"A": "x", "C": "new"})),
    ] {
        account.forget();
        let run = home.vastenv(arguments).run().expect(0).mentions(&[said]);
        assert_eq!(run.out, "", "{arguments:?}");
        let loaded: Value = serde_json::from_str(&home.ok(&["export", "json"])).expect("JSON");
        assert_eq!((&loaded, &account.secrets()), (&exported, &exported), "{arguments:?}");
        assert_eq!(account.requests(), [format!("{request} /secrets/ 200")], "{arguments:?}");
        let next = home.generation().expect("published");
        assert_ne!(next, generation, "{arguments:?}");
        generation = next;
    }
}

#[test]
fn a_deleted_variable_can_be_brought_back_as_said() {
    let account = TestAccount::with(&json!({"A": "1"}));
    let home = account.known_home();
    home.vastenv(&["delete", "env-var", "A"]).run().expect(0).mentions(&["vastenv create env-var A"]);
}

#[test]
fn set_finds_out_by_itself_what_the_account_has() {
    let account = TestAccount::with(&json!({"A": "1"}));
    let home = account.home();
    home.vastenv(&["set", "env-var", "A", "2"]).run().expect(0).mentions(&["updated A"]);
    assert_eq!(account.requests(), ["GET /users/current/ 200", "POST /secrets/ 400", "PUT /secrets/ 200"]);
    home.ok(&["refresh", "--quiet"]);
    // Gone at the account, but not known here to be gone.
    let elsewhere = account.home();
    elsewhere.ok(&["delete", "env-var", "A"]);
    home.vastenv(&["set", "env-var", "A", "3"]).run().expect(0).mentions(&["created A"]);
    assert_eq!(account.secrets(), json!({"A": "3"}));
}

#[test]
fn a_change_on_a_machine_that_knows_nothing_asks_no_more_than_it_needs() {
    let owner = "GET /users/current/ 200";
    for (arguments, requests) in [
        // Remembered for the account, so whose the key is must be known.
        (&["create", "env-var", "B", "2"][..], &[owner, "POST /secrets/ 200"][..]),
        (&["update", "env-var", "A", "2"], &[owner, "PUT /secrets/ 200"]),
        (&["create", "env-var", "B", "2", "--no-remember"], &["POST /secrets/ 200"]),
        (&["update", "env-var", "A", "2", "--no-remember"], &["PUT /secrets/ 200"]),
        (&["delete", "env-var", "A"], &["DELETE /secrets/ 200"]),
    ] {
        let account = TestAccount::with(&json!({"A": "1"}));
        let home = account.home();
        let said = home.vastenv(arguments).run().expect(0);
        assert_eq!(account.requests(), requests, "{said:?}");
        assert!(!said.err.contains("warning"), "{said:?}");
        let loaded: Value = serde_json::from_str(&home.ok(&["export", "json"])).expect("JSON");
        assert_eq!(loaded, account.secrets(), "{arguments:?}");
    }
}

#[test]
fn an_older_value_goes_also_where_another_key_left_it() {
    let state = json!({
        "secrets": {"A": "old"},
        "user": {"id": 7},
        "api_keys": [{"id": 1, "key": "first-key-of-the-account"}, {"id": 2, "key": OTHER_KEY}],
    });
    let account = TestAccount::of(&state, Options { mask: true, ..Options::default() });
    let mut home = account.home();
    home.set("VAST_API_KEY", "first-key-of-the-account");
    home.ok(&["update", "env-var", "A", "older"]);
    home.set("VAST_API_KEY", OTHER_KEY);
    home.ok(&["update", "env-var", "A", "new", "--no-remember"]);
    home.ok(&["refresh", "--quiet"]);
    assert_eq!(home.ok(&["show", "env-vars", "-s", "--raw"]), "{\n \"A\": null\n}\n");
}

#[test]
fn values_come_from_stdin_to_the_byte() {
    let account = TestAccount::with(&json!({}));
    let home = account.known_home();
    for (given, options, kept) in [
        ("hf_x\n", &[][..], "hf_x"),
        ("hf_x\r\n", &[], "hf_x"),
        ("hf_x\n\n", &[], "hf_x\n"),
        (" it's \"$(x)\" `y` \\ é🦀\t", &[], " it's \"$(x)\" `y` \\ é🦀\t"),
        ("hf_x\n", &["--keep-newline"], "hf_x\n"),
    ] {
        let arguments = [&["set", "env-var", "A"], options].concat();
        home.vastenv(&arguments).stdin(given).run().expect(0).hides("hf_x");
        assert_eq!(account.secrets(), json!({"A": kept}), "{given:?}");
        assert_eq!(
            home.ok(&["export", "json"]),
            format!("{}\n", vastenv::domain::to_python_json(&json!({"A": kept})))
        );
    }
}

#[test]
fn what_no_variable_can_be_is_refused_before_anything_is_sent() {
    let account = TestAccount::with(&json!({}));
    let home = account.known_home();
    for name in ["1hidden", "hid-den", "", "hidden=hidden", "hidden;id", "Ähidden"] {
        for verb in ["create", "update", "set"] {
            home.vastenv(&[verb, "env-var", name, "hidden"])
                .run()
                .refuses(2, &["not a valid variable name", "hint: "])
                .hides("hidden");
        }
    }
    home.vastenv(&["create", "env-var", "HF_TOKEN=hidden"])
        .run()
        .refuses(2, &["two arguments"])
        .hides("hidden");
    home.vastenv(&["create", "env-var", "A"]).stdin("a\0b").run().refuses(2, &["NUL"]);
    home.vastenv(&["create", "env-var", "A"]).stdin(b"\xff\xe9").run().refuses(1, &["not UTF-8", "base64"]);
    home.vastenv(&["create", "env-var", "A"]).run().refuses(2, &["the value of A is empty"]);
    assert_eq!(account.requests(), [""; 0]);
}

#[test]
fn the_servers_spelling_of_a_name_is_shown() {
    let account = TestAccount::with(&json!({}));
    let home = account.known_home();
    home.vastenv(&["create", "env-var", "hf_token", "v"])
        .run()
        .expect(0)
        .mentions(&["created hf_token, saved as HF_TOKEN"]);
    assert_eq!(home.ok(&["export", "dotenv"]), "HF_TOKEN='v'\n");
    home.vastenv(&["delete", "env-var", "hf_token"]).run().expect(0).mentions(&["deleted HF_TOKEN\n"]);
    assert_eq!(account.secrets(), json!({}));
}

#[test]
fn refusals_say_what_to_do_instead() {
    let account = TestAccount::with(&json!({"A": "1"}));
    let home = account.known_home();
    for (arguments, parts) in [
        (
            &["create", "env-var", "A", "hidden-v"][..],
            ["cannot create the variable A: ", "vastenv update env-var A"],
        ),
        (
            &["update", "env-var", "B", "hidden-v"],
            ["cannot update the variable B: ", "vastenv create env-var B"],
        ),
        (&["delete", "env-var", "B"], ["cannot delete the variable B: ", "vastenv show env-vars"]),
    ] {
        home.vastenv(arguments).run().refuses(1, &parts).hides("hidden-v");
    }
    home.vastenv(&["create", "env-var", "PATH", "hidden-v"])
        .run()
        .expect(0)
        .mentions(&["PATH is in the account but not loaded into shells"])
        .hides("hidden-v");
    assert_eq!(home.ok(&["export", "json"]), "{\n \"A\": \"1\"\n}\n");
}

#[test]
fn a_masked_account_keeps_what_passed_through_here() {
    let options = Options { mask: true, ..Options::default() };
    let account = TestAccount::serving(&json!({"OLD": "never-seen"}), options);
    let home = account.known_home();
    assert_eq!(home.ok(&["export", "json", "--allow-missing"]), "{}\n");
    home.ok(&["create", "env-var", "NEW", "seen here"]);
    for _ in 0..2 {
        assert_eq!(home.ok(&["export", "json", "--allow-missing"]), "{\n \"NEW\": \"seen here\"\n}\n");
        assert_eq!(
            home.ok(&["run", "--allow-missing", "--", "sh", "-c", "echo $NEW/${OLD-unset}"]),
            "seen here/unset\n"
        );
        // The next answer masks all of it.
        home.age_snapshot(10);
        home.ok(&["refresh", "--quiet"]);
    }
    let shown = home.ok(&["show", "env-vars", "-s"]);
    let rows: Vec<Vec<&str>> = shown.lines().map(|line| line.split("  ").map(str::trim).collect()).collect();
    assert_eq!(rows[1][..3], ["NEW", "seen here", "remembered"], "{shown}");
    assert_eq!(rows[2][..2], ["OLD", "unknown"], "{shown}");
    assert!(!shown.contains("***"), "{shown}");
    home.ok(&["update", "env-var", "OLD", "known now"]);
    assert_eq!(
        home.ok(&["run", "--allow-missing", "--", "sh", "-c", "echo $NEW/$OLD"]),
        "seen here/known now\n"
    );
}

#[test]
fn a_change_whose_answer_is_lost_may_or_may_not_have_been_made() {
    for lost in [
        Reply::Bytes(Vec::new()),
        Reply::html(200, "<html>hidden-page</html>"),
        Reply::html(502, "bad gateway"),
    ] {
        let server = RawServer::start(move |target| match target {
            "GET /api/v0/users/current/" => Reply::json(200, r#"{"id": 7}"#),
            "GET /api/v0/secrets/" => Reply::json(200, r#"{"success": true, "secrets": {"A": "1"}}"#),
            _ => lost.clone(),
        });
        let home = Home::at(&server.url(), "a-key-of-this-server-0001");
        home.ok(&["refresh", "--quiet"]);
        let generation = home.generation();
        for arguments in [&["create", "env-var", "B", "hidden-v"][..], &["delete", "env-var", "A"]] {
            home.vastenv(arguments)
                .run()
                .refuses(1, &["may or may not have been done", "hint: check the account before"])
                .hides("hidden-v")
                .hides("hidden-page");
        }
        let sent = server.targets();
        assert_eq!(sent[2..], ["POST /api/v0/secrets/", "DELETE /api/v0/secrets/"], "sent again");
        assert_eq!(home.snapshot_value()["doubtful"], json!(true));
        assert_ne!(home.generation(), generation);
        // What was known is still there for shells.
        assert_eq!(home.ok(&["export", "json"]), "{\n \"A\": \"1\"\n}\n");
    }
}

#[test]
fn a_doubtful_snapshot_is_fetched_anew_by_whoever_needs_it() {
    let account = TestAccount::with(&json!({"A": "1"}));
    let home = account.known_home();
    let mut value = home.snapshot_value();
    value["doubtful"] = json!(true);
    value["variables"] = json!({});
    value["fetched_at"] = json!(value["fetched_at"].as_u64().expect("a time") - 10);
    fs::write(home.snapshot().expect("a snapshot"), value.to_string()).expect("written");
    assert!(home.ok(&["show", "env-vars", "--raw"]).contains("\"A\""));
    assert_eq!(account.requests(), ["GET /secrets/ 200"]);
    assert_eq!(home.snapshot_value()["doubtful"], json!(false));
}

#[test]
fn a_key_that_may_not_write_keeps_the_snapshot() {
    let server = RawServer::start(|target| match target {
        "GET /api/v0/users/current/" => Reply::json(200, r#"{"id": 7}"#),
        "GET /api/v0/secrets/" => Reply::json(200, r#"{"success": true, "secrets": {"A": "1"}}"#),
        _ => Reply::json(403, r#"{"success": false, "error": "forbidden", "msg": "no user_write"}"#),
    });
    let home = Home::at(&server.url(), "a-key-of-this-server-0001");
    home.ok(&["refresh", "--quiet"]);
    home.vastenv(&["create", "env-var", "B", "2"])
        .run()
        .refuses(4, &["no user_write (HTTP 403)", "…0001 is from VAST_API_KEY", "permission"]);
    assert_eq!(home.ok(&["export", "json"]), "{\n \"A\": \"1\"\n}\n");
}

#[test]
fn values_are_shown_only_when_asked_for() {
    let account = TestAccount::with(&json!({"A": "it's\n\u{1b}[31m", "PATH": "/hidden-p"}));
    let home = account.home();
    let said =
        home.vastenv(&["show", "env-vars"]).run().expect(0).hides("it's").hides("hidden-p").mentions(&["-s"]);
    assert!(said.out.starts_with("NAME  VALUE  SOURCE"), "{said:?}");
    assert!(said.out.contains("PATH  *****  account  refused: "), "{said:?}");
    let shown = home.ok(&["show", "env-vars", "-s"]);
    assert!(shown.contains(r"it's\n\u{1b}[31m") && !shown.contains('\u{1b}'), "{shown:?}");
    assert_eq!(
        home.ok(&["show", "env-vars", "-s", "--raw"]),
        "{\n \"A\": \"it's\\n\\u001b[31m\",\n \"PATH\": \"/hidden-p\"\n}\n"
    );
    assert_eq!(home.ok(&["show", "env-vars", "--raw"]), "{\n \"A\": \"*****\",\n \"PATH\": \"*****\"\n}\n");
    let empty = TestAccount::with(&json!({}));
    assert_eq!(empty.home().ok(&["show", "env-vars", "--raw"]), "{}\n");
    let said = empty.home().vastenv(&["show", "env-vars"]).run().expect(0).mentions(&["no variables"]);
    assert_eq!(said.out, "");
}

#[test]
fn whatever_the_account_lists_can_be_deleted_several_at_once() {
    let names = ["MY-NAME", "1X", "LD_PRELOAD", "ODD NAME", "A", "B", "C"];
    let secrets: serde_json::Map<_, _> = names.iter().map(|name| ((*name).to_owned(), json!("v"))).collect();
    let account = TestAccount::with(&secrets.into());
    let home = account.home();
    // On a home that knows nothing yet, the server is asked.
    home.ok(&["delete", "env-var", "1X"]);
    let several = ["delete", "env-var", "MY-NAME", "A", "NOT_THERE", "LD_PRELOAD", "ODD NAME", "A", "B"];
    let said = home.vastenv(&several).run().expect(1);
    let said = said.mentions(&["cannot delete the variable NOT_THERE", "create env-var A --remembered"]);
    let deleted: Vec<_> = said.err.lines().filter_map(|line| line.strip_prefix("deleted ")).collect();
    assert_eq!(deleted, ["MY-NAME", "A", "LD_PRELOAD", "ODD NAME", "B"], "{said:?}");
    assert!(!said.err.contains("create env-var MY-NAME"), "{said:?}");
    assert_eq!(account.secrets(), json!({"C": "v"}));
    // A value in the wrong place is neither sent nor repeated.
    account.forget();
    home.vastenv(&["delete", "env-var", "C", "C=hidden"])
        .run()
        .refuses(2, &["not a valid variable name", "hint: list the names"])
        .hides("hidden");
    assert_eq!(account.requests(), ["GET /secrets/ 200"]);
    assert_eq!(home.ok(&["delete", "env-var", "C", "--raw"]).matches("\"name\": \"C\"").count(), 1);
}
