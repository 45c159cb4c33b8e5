//! Files that a passphrase opens.

use serde_json::{Value, json};

use super::{age_key, carry, has_tools, hiding, knowing, values};
use crate::cli::masks::exports;
use crate::common::process::program;
use crate::home::Home;
use crate::terminal::Terminal;

/// Runs `script` on a terminal, and answers each question.
#[track_caller]
fn answer(home: &Home, script: &str, answers: &[(&str, &str)]) -> String {
    let mut terminal = Terminal::open(home, 200, script);
    for (question, answer) in answers {
        terminal.wait_for(question);
        terminal.type_in(&format!("{answer}\r"));
    }
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    // age shows a prompt before it silences the terminal.
    assert!(!script.starts_with("vastenv") || !seen.contains("pass word"), "{seen}");
    seen
}

fn age() -> String {
    program("age").expect("age").display().to_string()
}

const NEW: [(&str, &str); 2] =
    [("Enter passphrase (leave empty", "pass word"), ("Confirm passphrase", "pass word")];

#[test]
fn a_passphrase_is_asked_for_twice_and_age_opens_the_file() {
    if !has_tools() {
        return;
    }
    let account = hiding();
    let home = knowing(&account);
    let seal = "vastenv export age --passphrase --output vars.age";
    answer(
        &home,
        seal,
        &[("passphrase (not shown): ", "pass word"), ("the same again (not shown): ", "pass word")],
    );
    let opened = answer(&home, &format!("{} -d vars.age", age()), &[("Enter passphrase: ", "pass word")]);
    let json = &opened[opened.find('{').expect("JSON")..];
    let opened: Value = serde_json::from_str(json).expect("JSON");
    assert_eq!(opened["variables"], values());

    let other = account.known_home();
    carry(&home, &other, "vars.age");
    let from = ["remember", "env-var", "--from", "vars.age"];
    other.vastenv(&from).stdin("wrong\n").run().refuses(1, &["vars.age: wrong passphrase"]);
    answer(
        &other,
        &format!("vastenv {}", from.join(" ")),
        &[("passphrase of vars.age (not shown): ", "pass word")],
    );
    exports(&other, &values());
}

#[test]
fn a_passphrase_comes_from_stdin_where_nobody_can_be_asked() {
    let account = hiding();
    let home = knowing(&account);
    let seal = ["export", "age", "--passphrase", "--output", "vars.age"];
    home.vastenv(&seal).run().refuses(2, &["the passphrase is empty"]);
    home.vastenv(&seal).stdin("two\nlines\n").run().refuses(2, &["2 lines"]);
    home.vastenv(&seal).stdin("pass word\n").run().expect(0).mentions(&["with a passphrase"]);
    let other = account.known_home();
    carry(&home, &other, "vars.age");
    other.vastenv(&["remember", "--from", "vars.age"]).stdin("pass word").run().expect(0);
    exports(&other, &values());
}

#[test]
fn what_age_sealed_with_a_passphrase_is_opened() {
    if !has_tools() {
        return;
    }
    let account = hiding();
    let home = account.known_home();
    home.write(".env", "HF_TOKEN=hf_hidden\n");
    answer(&home, &format!("{} -p -o vars.age .env", age()), &NEW);
    home.vastenv(&["remember", "--from", "vars.age"]).stdin("pass word\n").run().expect(0);
    exports(&home, &json!({"HF_TOKEN": "hf_hidden"}));
}

#[test]
fn an_age_key_may_have_a_passphrase_too() {
    if !has_tools() {
        return;
    }
    let account = hiding();
    let home = knowing(&account);
    let public = age_key(&home, "key.txt");
    answer(&home, &format!("{} -p -o key.age key.txt", age()), &NEW);
    home.ok(&["export", "age", "--to", &public, "--output", "vars.age"]);
    home.ok(&["forget", "env-var", "--all", "-y"]);
    let from = ["remember", "--from", "vars.age", "--identity", "key.age"];
    home.vastenv(&from).stdin("wrong\n").run().refuses(1, &["key.age: wrong passphrase"]);
    home.vastenv(&from).stdin("pass word\n").run().expect(0);
    exports(&home, &values());
}
