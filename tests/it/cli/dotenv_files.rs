//! Dotenv files that are none, or worse: an error with file and line, and nothing of the text.

use std::fs;
use std::thread;

use nix::sys::stat::Mode;
use serde_json::{Value, json};
use vastenv::sandbox::Options;

use super::account::TestAccount;
use super::bad_files::unprivileged;
use crate::home::chmod;

#[test]
fn a_fault_is_told_by_file_and_line_before_any_request() {
    let account = TestAccount::with(&json!({}));
    let home = account.home();
    fs::create_dir(home.path("folder")).expect("made");
    for (text, parts) in [
        (&b"A=1\nhid den\n"[..], ["bad.env, line 2: no = in it", "NAME=value"]),
        (b"A=1\r\nB=\"hidden\n\n", ["bad.env, line 2: the quote", "close it"]),
        (b"A='x'hidden", ["bad.env, line 1: there is text after", "hint: "]),
        (b"A=1\nB=\xff\xfehidden", ["bad.env, line 2: it is not UTF-8", "base64"]),
        (b"\xff\xfeh\0i\0d\0", ["bad.env is UTF-16 text", "iconv -f UTF-16 -t UTF-8"]),
    ] {
        home.write("bad.env", text);
        for command in ["import", "diff"] {
            home.vastenv(&[command, "bad.env"]).run().refuses(1, &parts).hides("hidden");
        }
        home.vastenv(&["import", "-"]).stdin(text).run().refuses(1, &[&parts[0].replace("bad.env", "stdin")]);
    }
    home.write("large.env", "A=hidden-v\n".repeat(500_000));
    home.vastenv(&["import", "large.env"]).run().refuses(1, &["large.env is over 4 MiB"]);
    home.vastenv(&["import", "folder"]).run().refuses(1, &["folder is a folder", "name a file"]);
    home.vastenv(&["import", "none.env"]).run().refuses(1, &["cannot read none.env: no such file"]);
    home.vastenv(&["diff", "/dev/zero"]).run().refuses(1, &["/dev/zero is over 4 MiB"]);
    assert_eq!(account.requests(), [""; 0]);
}

#[test]
fn a_file_of_somebody_else_cannot_be_read() {
    let account = TestAccount::with(&json!({}));
    let home = account.home();
    let Some(user) = unprivileged(&home) else { return };
    let path = home.write("their.env", "A=hidden\n");
    chmod(&path, 0o000);
    home.vastenv_as(user, &["import", "their.env"])
        .run()
        .refuses(1, &["cannot read their.env: permission denied", "ls -l their.env"]);
}

#[test]
fn names_and_values_that_attack_reach_neither_screen_nor_shell() {
    let account = TestAccount::with(&json!({}));
    let home = account.home();
    home.write(
        ".env",
        "\u{1b}[2Jevil=1\nA;touch=1\n'$(touch x)'=1\nB=$(touch x)`touch x`\nC=nul\0byte\n\u{202e}D=1\nÄ=1\n",
    );
    let said = home.vastenv(&["import", "-y", ".env"]).run().expect(0);
    assert!(!said.out.contains(['\u{1b}', '\u{202e}', '\0']), "{said:#?}");
    for part in [
        "create: B\n",
        "skip: line 1, line 2, line 3, line 6, line 7 (not a",
        "skip: C (the value holds a NUL",
    ] {
        assert!(said.out.contains(part), "{part}: {said:#?}");
    }
    said.hides("evil").hides("touch");
    assert_eq!(account.secrets(), json!({"B": "$(touch x)`touch x`"}));
    assert!(!home.path("x").exists());
    home.command("touch", &["-r", ".env", "a\u{1b}[2J.env"]).run().expect(0);
    home.write("a\u{1b}[2J.env", "x y");
    home.vastenv(&["import", "a\u{1b}[2J.env"])
        .run()
        .expect(1)
        .hides("\u{1b}")
        .mentions(&["a\\u{1b}[2J.env, line 1"]);
}

#[test]
fn a_name_without_a_value_is_told_by_its_line_and_left_out() {
    let account = TestAccount::with(&json!({}));
    let home = account.home();
    home.write(".env", "A=1\nhidden\nexport A\nB=2\n");
    let said = home.vastenv(&["import", "-y", ".env"]).run().expect(0).hides("hidden");
    said.mentions(&[".env: line 2 has no =: skipped", ".env: line 3 has no =", "created 2"]);
    assert_eq!(account.secrets(), json!({"A": "1", "B": "2"}));
}

#[test]
fn a_pipe_is_as_good_as_a_file() {
    let account = TestAccount::with(&json!({"A": "1"}));
    let home = account.home();
    let path = home.path("pipe");
    nix::unistd::mkfifo(&path, Mode::from_bits_truncate(0o600)).expect("a pipe");
    let writer = thread::spawn(move || fs::write(path, "A=1\n").expect("written"));
    home.vastenv(&["diff", "pipe"]).run().expect(0).mentions(&["1 variable, all the same"]);
    writer.join().expect("no panic");
}

#[test]
fn values_that_the_server_hides_are_remembered_from_a_file() {
    let masking = Options { mask: true, ..Options::default() };
    let account = TestAccount::serving(&json!({"A": "1", "B": "2", "D": "4", "E": "5"}), masking);
    let home = account.home();
    home.write(".env", "a='hidden #1'\nB=hidden-2\nC=3\nD=****\nE=\n");
    let json = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    home.vastenv(&["remember", "env-var", "B", "--from", ".env"]).run().expect(0).hides("hidden");
    assert_eq!(json(&home.ok(&["export", "json", "--allow-missing"])), json!({"B": "hidden-2"}));
    let said = home.vastenv(&["remember", "env-var", "--from", ".env"]).run().expect(0).hides("hidden");
    said.mentions(&[
        "C is not in the account (`vastenv import` creates it)",
        "D skipped: a mask, not a value",
        "E skipped: empty",
        "remembered A, B on this machine",
    ]);
    let known = home.ok(&["export", "json", "--except", "D,E"]);
    assert_eq!(json(&known), json!({"A": "hidden #1", "B": "hidden-2"}));
    home.vastenv(&["remember", "env-var", "--from", "-"])
        .stdin("A=x\nhid den\n")
        .run()
        .refuses(1, &["stdin, line 2"]);
    assert_eq!(account.secrets(), json!({"A": "1", "B": "2", "D": "4", "E": "5"}));
}
