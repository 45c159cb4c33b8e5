//! `vastenv export FORMAT` and `vastenv hook SHELL`.

use std::process::Child;
use std::sync::mpsc::channel;

use serde_json::json;

use super::account::TestAccount;
use crate::home::{Home, VASTENV, said};
use crate::raw_server::{RawServer, Reply};

#[test]
fn every_format_is_printed_from_files_alone() {
    let account = TestAccount::with(
        &json!({"A": "it's", "B": "a\nb", "E": "", "LD_PRELOAD": "/evil.so", "odd-name": "x"}),
    );
    let home = account.known_home();
    for (format, text) in [
        ("bash", "export A=$'it\\'s'\nexport B=$'a\\012b'\nexport E=''\n"),
        ("zsh", "export A=$'it\\'s'\nexport B=$'a\\012b'\nexport E=''\n"),
        ("sh", "export A='it'\\''s'\nexport B='a\nb'\nexport E=''\n"),
        ("fish", "set -gx A 'it\\'s'\nset -gx B 'a'\\x0a'b'\nset -gx E ''\n"),
        ("dotenv", "A=\"it's\"\nB='a\nb'\nE=''\n"),
        ("json", "{\n \"A\": \"it's\",\n \"B\": \"a\\nb\",\n \"E\": \"\"\n}\n"),
    ] {
        assert_eq!(home.ok(&["export", format]), text, "{format}");
    }
    assert_eq!(account.requests(), [""; 0]);
}

#[test]
fn what_sh_evals_is_what_the_account_holds() {
    let value = "it's \"$(touch x)\" `y` \\ \n\t!$HOME ~ é🦀 =ls *";
    let account = TestAccount::with(&json!({"A": value}));
    let home = account.known_home();
    let script = format!("eval \"$({VASTENV} export sh)\"; printf %s \"$A\"");
    assert_eq!(home.command("sh", &["-c", &script]).run().expect(0).out, value);
    assert!(!home.path("x").exists());
}

#[test]
fn a_dotenv_file_runs_nothing_and_what_others_cannot_read_is_named() {
    let values = json!({"A": "it's `touch x`", "B": "it's $5\nC=1", "C": "plain", "D": "$(touch x)"});
    let account = TestAccount::with(&values);
    let home = account.known_home();
    let said = home.vastenv(&["export", "dotenv"]).run().expect(0);
    let warning = "only shells and vastenv can read these, python-dotenv and Node's dotenv reject them: A, B";
    assert_eq!(said.err, format!("vastenv: warning: {warning}\n"));
    home.write(".env", &said.out);
    let read =
        home.command("sh", &["-c", ". ./.env; printf '%s|' \"$A\" \"$B\" \"$C\" \"$D\""]).run().expect(0);
    assert_eq!((read.out.as_str(), read.err.as_str()), ("it's `touch x`|it's $5\nC=1|plain|$(touch x)|", ""));
    assert!(!home.path("x").exists());
    home.vastenv(&["diff", ".env"]).run().expect(0);
}

#[test]
fn an_unknown_format_or_shell_is_told_the_known_ones() {
    let home = Home::new();
    home.vastenv(&["export", "powershell"]).run().refuses(2, &["bash, zsh, fish, sh, json, dotenv"]);
    home.vastenv(&["hook", "tcsh"]).run().refuses(2, &["bash, zsh, fish"]);
    home.vastenv(&["hook"]).run().refuses(2, &["<SHELL>"]);
}

#[test]
fn many_at_once_on_a_fresh_home_ask_the_server_once() {
    let account = TestAccount::with(&json!({"A": "1"}));
    let home = account.home();
    let children: Vec<Child> =
        (0..20).map(|_| home.vastenv(&["export", "json", "--wait", "10"]).spawn()).collect();
    for child in children {
        let said = said(child.wait_with_output().expect("ended")).expect(0);
        assert_eq!((said.out.as_str(), said.err.as_str()), ("{\n \"A\": \"1\"\n}\n", ""));
    }
    assert_eq!(account.requests(), ["GET /users/current/ 200", "GET /secrets/ 200"]);
}

#[test]
fn who_comes_between_the_two_questions_does_not_ask_again() {
    // The second process knows from the start whose the key is; the first has only just learned it.
    let (entered, enter) = channel();
    let (let_go, go) = channel::<()>();
    let server = RawServer::start(move |target| {
        if target == "GET /api/v0/users/current/" {
            return Reply::json(200, r#"{"id": 7}"#);
        }
        entered.send(()).expect("the test waits");
        // Later ones find the door open.
        let _ = go.recv();
        Reply::json(200, r#"{"success": true, "secrets": {"A": "1"}}"#)
    });
    let home = Home::at(&server.url(), "a-key-of-this-server-0001");
    let first = home.vastenv(&["export", "json"]).spawn();
    enter.recv().expect("asked");
    home.vastenv(&["export", "json", "--wait", "1"]).run().refuses(1, &["within 1 s"]);
    drop(let_go);
    let said = said(first.wait_with_output().expect("ended")).expect(0);
    assert_eq!(said.out, "{\n \"A\": \"1\"\n}\n");
    // Requests are taken in turn: after this one, none can be outstanding.
    home.age_snapshot(10);
    home.ok(&["refresh", "--quiet"]);
    let secrets = "GET /api/v0/secrets/";
    assert_eq!(server.targets(), ["GET /api/v0/users/current/", secrets, secrets]);
}

#[test]
fn wait_is_the_limit_where_nothing_is_known() {
    let server = RawServer::always(Reply::Silence);
    let home = Home::at(&server.url(), "a-key-of-this-server-0001");
    home.vastenv(&["export", "sh", "--wait", "1"])
        .run()
        .refuses(1, &["no answer from 127.0.0.1", "within 1 s"]);
    home.vastenv(&["export", "sh", "--wait", "0"])
        .run()
        .refuses(1, &["nothing is cached for the account yet", "--wait"]);
}

#[test]
fn hooks_hold_no_value_and_are_the_same_for_everybody() {
    let account = TestAccount::with(&json!({"HF_TOKEN": "hidden-v"}));
    let home = account.known_home();
    for shell in ["bash", "zsh", "fish"] {
        let text = home.vastenv(&["hook", shell]).run().expect(0).hides("hidden-v").hides("HF_TOKEN").out;
        let elsewhere = Home::new();
        assert_eq!(elsewhere.vastenv(&["hook", shell]).without("HOME").run().expect(0).out, text);
    }
    assert_eq!(account.requests(), [""; 0]);
}
