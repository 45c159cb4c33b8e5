//! `vastenv run -- CMD`: the command runs as itself, with the variables.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use vastenv::domain::hex;

use super::account::TestAccount;
use crate::common::skip::can;
use crate::home::{Home, VASTENV, said};
use crate::raw_server::{RawServer, Reply, nobody};

#[test]
fn arguments_arrive_untouched() {
    let account = TestAccount::with(&json!({}));
    let home = account.known_home();
    let words: [&[u8]; 9] = [b"a b", b"", b"*", b"--", b"--raw", b"-q", b"$HOME;", b"\xff\xfe", b"it's\n"];
    let mut call = home.vastenv(&[
        "run",
        "--",
        "sh",
        "-c",
        r#"for word; do printf '<%s>' "$word" | od -An -tx1 | tr -d ' \n'; echo; done"#,
        "sh",
    ]);
    let mut expected = String::new();
    for word in words {
        call = call.arg(word);
        expected.push_str(&format!("3c{}3e\n", hex(word)));
    }
    assert_eq!(call.run().expect(0).out, expected);
    // Without the two dashes, everything from the command on is the command's.
    assert_eq!(home.ok(&["run", "printf", "%s|", "--raw", "-q", "--", "x"]), "--raw|-q|--|x|");
    home.vastenv(&["run", "--no-such-option", "true"]).run().refuses(2, &["--no-such-option"]);
    home.vastenv(&["run"]).run().refuses(2, &["CMD"]);
}

#[test]
fn the_command_takes_the_place_of_vastenv() {
    let account = TestAccount::with(&json!({"A": "it's $HOME\n"}));
    let home = account.known_home();
    let child = home.vastenv(&["run", "--", "sh", "-c", "printf '%s %s.' $$ \"$A\""]).spawn();
    let pid = child.id();
    let said = said(child.wait_with_output().expect("ended")).expect(0);
    assert_eq!(said.out, format!("{pid} it's $HOME\n."));
    assert_eq!(home.ok(&["run", "--", "cat"]), "");
    assert_eq!(home.vastenv(&["run", "--", "cat"]).stdin("through").run().expect(0).out, "through");
}

#[test]
fn the_exit_code_is_the_commands_or_says_why_there_was_none() {
    let account = TestAccount::with(&json!({}));
    let home = account.known_home();
    for code in [0, 1, 7, 255] {
        home.vastenv(&["run", "--", "sh", "-c", &format!("exit {code}")]).run().expect(code);
    }
    home.vastenv(&["run", "--", "sh", "-c", "kill -TERM $$"]).run().expect(128 + 15);
    home.vastenv(&["run", "--", "no-such-program"])
        .run()
        .refuses(127, &["cannot run no-such-program: not found"]);
    let plain = home.write("plain", "#!/bin/sh\n");
    let folder = home.path("folder");
    fs::create_dir(&folder).expect("made");
    for program in [&plain, &folder] {
        let program = program.to_str().expect("text");
        home.vastenv(&["run", "--", program]).run().refuses(126, &["cannot run", "permission denied"]);
    }
}

#[test]
fn what_was_set_before_wins_only_if_asked() {
    let account = TestAccount::with(&json!({"A": "account", "B": "account"}));
    let home = account.known_home();
    let show = ["sh", "-c", "echo $A,$B"];
    let run = |options: &[&str]| {
        let arguments = [&["run"], options, &["--"], &show].concat();
        home.vastenv(&arguments).env("A", "mine").run().expect(0).out
    };
    assert_eq!(run(&[]), "account,account\n");
    assert_eq!(run(&["--preserve-env"]), "mine,account\n");
    assert_eq!(
        home.vastenv(&["run", "--preserve-env", "--", "sh", "-c", "echo .$A."]).env("A", "").run().out,
        "..\n"
    );
}

#[test]
fn without_variables_nothing_runs_unless_that_is_wanted() {
    let down = Home::at(&nobody(), "a-key-of-this-server-0001");
    let keyless = Home::new();
    for (home, code, reason) in [(&down, 1, "cannot be reached"), (&keyless, 4, "no API key")] {
        home.vastenv(&["run", "--", "touch", "ran"]).run().refuses(code, &[reason, "--allow-missing"]);
        assert!(!home.path("ran").exists());
        home.vastenv(&["run", "--allow-missing", "--", "touch", "ran"])
            .run()
            .expect(0)
            .mentions(&["vastenv: warning: going on without the account's variables", reason]);
        assert!(home.path("ran").exists());
    }
}

#[test]
fn an_old_snapshot_is_renewed_first() {
    let account = TestAccount::with(&json!({"A": "1"}));
    let home = account.known_home();
    let elsewhere = account.home();
    elsewhere.ok(&["set", "env-var", "A", "2"]);
    assert_eq!(home.ok(&["run", "--", "sh", "-c", "echo $A"]), "1\n");
    home.age_snapshot(400);
    account.forget();
    let said = home.vastenv(&["run", "--", "sh", "-c", "echo $A"]).run().expect(0);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("2\n", ""));
    assert_eq!(account.requests(), ["GET /secrets/ 200"]);
}

#[test]
fn an_old_snapshot_is_better_than_none() {
    for failing in
        [Reply::json(503, r#"{"detail": "maintenance"}"#), Reply::Silence, Reply::html(200, "<html>")]
    {
        let is_well = Arc::new(AtomicBool::new(true));
        let well = Arc::clone(&is_well);
        let server = RawServer::start(move |target| match target {
            "GET /api/v0/users/current/" => Reply::json(200, r#"{"id": 7}"#),
            _ if well.load(Ordering::SeqCst) => {
                Reply::json(200, r#"{"success": true, "secrets": {"A": "1"}}"#)
            }
            _ => failing.clone(),
        });
        let home = Home::at(&server.url(), "a-key-of-this-server-0001");
        home.ok(&["refresh", "--quiet"]);
        home.age_snapshot(400);
        is_well.store(false, Ordering::SeqCst);
        for _ in 0..2 {
            let said = home.vastenv(&["run", "--", "sh", "-c", "echo $A"]).run().expect(0);
            assert_eq!(said.out, "1\n");
            said.mentions(&["vastenv: warning: ", "running with the variables cached 6 min ago"]);
        }
        // The second one asked nobody: the first one's failure is remembered.
        assert_eq!(server.targets().len(), 3);
    }
}

#[test]
fn a_key_refused_meanwhile_runs_nothing() {
    let account = TestAccount::with(&json!({"A": "1"}));
    let home = account.known_home();
    home.age_snapshot(400);
    drop(account);
    let server = RawServer::always(Reply::json(401, r#"{"msg": "Invalid user key"}"#));
    let mut other = Home::at(&server.url(), "a-key-of-this-server-0001");
    other.set("HOME", home.path(""));
    other.vastenv(&["run", "--", "touch", "ran"]).run().refuses(4, &["Invalid user key", "VAST_API_KEY"]);
    assert!(!other.path("ran").exists() && !home.path("ran").exists());
}

#[test]
fn nothing_of_ours_is_left_beside_the_command() {
    if !can(Path::new("/proc/self/task").exists(), "the system has no /proc") {
        return;
    }
    let account = TestAccount::with(&json!({"A": "1"}));
    let home = account.known_home();
    home.age_snapshot(400);
    let open = home.command("ls", &["/proc/self/fd"]).run().expect(0).out;
    assert_eq!(home.ok(&["run", "--", "ls", "/proc/self/fd"]), open);
    home.age_snapshot(400);
    let children = home.ok(&["run", "--", "sh", "-c", "cat /proc/$$/task/$$/children; :"]);
    assert!(children.split_whitespace().count() < 2, "{children}");
}

#[test]
fn a_command_starts_whatever_the_account_holds_and_the_system_allows() {
    let value = "v".repeat(20_000);
    let variables: serde_json::Map<_, _> = (0..10).map(|n| (format!("V{n}"), json!(value))).collect();
    let account = TestAccount::with(&json!(variables));
    let home = account.known_home();
    let within = |command: &str, arguments: &[&str]| {
        let script = format!("ulimit -s 512; exec \"$0\" {command}");
        home.command("sh", &[&["-c", &script, VASTENV][..], arguments].concat()).run().expect(0)
    };
    let named = ["of 10 variables are not loaded, too large or too many: ", ", V9"];
    let said = within("run -- sh -c 'echo ${#V0} ${#V9}'", &[]).mentions(&named);
    assert_eq!(said.out, "20000 0\n");
    // What the arguments take is left for them.
    let long = "a".repeat(60_000);
    let said = within("run -- sh -c 'echo ${#V0} ${#V9} ${#1}' sh \"$1\"", &[&long]).mentions(&named);
    assert_eq!(said.out, "20000 0 60000\n");
    let said = within("export json", &[]).mentions(&named);
    let exported: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!((exported["V0"].as_str(), exported.get("V9")), (Some(value.as_str()), None));
    // A caller who has them already is given the same.
    assert_eq!(
        home.command("sh", &["-c", "ulimit -s 512; exec \"$0\" run -- \"$0\" export json", VASTENV])
            .run()
            .expect(0)
            .out,
        said.out
    );
}

#[test]
fn scripts_start_as_in_a_shell_and_a_missing_interpreter_is_named() {
    let account = TestAccount::with(&json!({"A": "some value"}));
    let home = account.known_home();
    for (name, text) in
        [("script", "echo \"<$A> $1\""), ("broken", "#!/no/such/interpreter -x\n"), ("empty", "")]
    {
        crate::home::chmod(&home.write(&format!("bin/{name}"), text), 0o755);
    }
    let path = format!("{}:/usr/bin:/bin", home.path("bin").display());
    for (option, value) in [(&[][..], "some value"), (&["--redact"], "*****")] {
        for program in ["./bin/script", "script"] {
            let arguments = [&["run"], option, &["--", program, "one two"]].concat();
            let said = home.vastenv(&arguments).env("PATH", &path).run().expect(0);
            assert_eq!(said.out, format!("<{value}> one two\n"), "{program}");
        }
        home.vastenv(&[&["run"], option, &["--", "./bin/empty"]].concat()).run().expect(0);
        for program in ["./bin/broken", "broken"] {
            home.vastenv(&[&["run"], option, &["--", program]].concat())
                .env("PATH", &path)
                .run()
                .refuses(127, &["cannot run", "broken: its interpreter /no/such/interpreter is missing"]);
        }
    }
}
