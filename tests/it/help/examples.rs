//! Every example of every help text, run as it stands there against an account of its own.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::thread;

use clap::CommandFactory;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use vastenv::cli::Cli;
use vastenv::cli::groups::{leaves, notes_and_examples};
use vastenv::sandbox::Options;

use super::prepared::{FILES, Given, PLAIN, PREPARED, PROGRAMS, Preparation, account};
use crate::cli::account::TestAccount;
use crate::home::{Home, VASTENV, chmod};
use crate::session::{Keyring, Session};
use crate::terminal::Terminal;

const KEY: &str = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";

/// Every example with its command's words; what goes on after a backslash is one example.
fn examples() -> Vec<(String, String)> {
    let cli = Cli::command();
    let mut found = Vec::new();
    for (words, command) in leaves(&cli) {
        let lines = notes_and_examples(command).1.join("\n").replace("\\\n", "");
        found.extend(lines.lines().map(|line| (words.clone(), line.to_owned())));
    }
    assert!(found.len() > 20, "{found:?}");
    found
}

fn preparation(example: &str) -> &'static Preparation {
    PREPARED.iter().find(|row| example.starts_with(row.example)).unwrap_or(&PLAIN)
}

/// A user's home with a key that opens the account, files, and programs.
fn home(account: &TestAccount) -> Home {
    let mut home = Home::new();
    home.set("VAST_URL", &account.sandbox.url);
    home.set("SHELL", "/bin/bash");
    home.write(".config/vastai/vast_api_key", KEY);
    home.write(".key", KEY);
    for (path, text) in FILES {
        home.write(path, text);
    }
    for (name, text) in PROGRAMS {
        chmod(&home.write(&format!("bin/{name}"), format!("#!/bin/sh\n{text}\n")), 0o700);
    }
    symlink(VASTENV, home.path("bin/vastenv")).expect("a link");
    let path = std::env::var("PATH").expect("a PATH");
    home.set("PATH", format!("{}:{path}", home.path("bin").display()));
    home
}

/// Runs an example; gives all that it printed.
fn run(home: &Home, example: &str, row: &Preparation) -> String {
    let script = format!("set -o pipefail; {}; \n{example}\ncode=$?; {}; exit $code", row.before, row.after);
    let stdin = match row.given {
        Given::Nothing => "",
        Given::Stdin(text) => text,
        Given::Answers(answers) => return answer(home, &script, answers),
        Given::Key => return answer(home, &script, &[("API key (not shown): ", KEY)]),
        Given::Interrupt(sign) => return interrupt(home, example, sign),
    };
    let said = home.command("bash", &["-c", &script]).stdin(stdin).run();
    assert_eq!(said.code, 0, "{example}: {said:#?}");
    said.out + &said.err
}

fn answer(home: &Home, script: &str, answers: &[(&str, &str)]) -> String {
    home.write("script", script);
    let mut terminal = Terminal::open(home, 200, "exec bash ./script");
    for (question, line) in answers {
        terminal.wait_for(question);
        terminal.type_in(&format!("{line}\r"));
    }
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    seen
}

fn interrupt(home: &Home, example: &str, sign: &str) -> String {
    let mut child = home.command("bash", &["-c", &format!("exec 2>&1; exec {example}")]).spawn();
    let mut seen = String::new();
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    while !seen.contains(sign) {
        assert!(stdout.read_line(&mut seen).expect("text") > 0, "{example}: {seen}");
    }
    let process = Pid::from_raw(i32::try_from(child.id()).expect("a process"));
    kill(process, Signal::SIGINT).expect("a signal");
    let status = child.wait().expect("an end");
    assert_eq!((status.code(), status.signal()), (Some(0), None), "{example}");
    seen
}

fn check(example: &str) {
    let row = preparation(example);
    let account = TestAccount::of(&account(KEY), Options { mask: row.mask, ..Options::default() });
    let mut home = home(&account);
    let session = example.contains("keyring").then(|| Session::start(Keyring::Unlocked));
    if let Some(session) = &session {
        home.set("DBUS_SESSION_BUS_ADDRESS", session.address());
    }
    let seen = run(&home, example, row);
    assert!(seen.contains(row.shows), "{example}: no {:?} in {seen}", row.shows);
    for fault in ["vastenv: cannot", "vastenv: there", "vastenv: unexpected", "hint: "] {
        assert!(!seen.contains(fault), "{example}: {seen}");
    }
}

#[test]
fn every_example_does_what_it_shows() {
    let examples = examples().into_iter();
    // In a thread each, so that one that fails does not hide the others.
    let failed: Vec<String> = examples
        .filter(|(_, example)| {
            let example = example.clone();
            thread::spawn(move || check(&example)).join().is_err()
        })
        .map(|(words, example)| format!("{words}: {example}"))
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn every_row_is_for_an_example() {
    let examples = examples();
    for row in PREPARED {
        let is_used = |(_, example): &(String, String)| preparation(example).example == row.example;
        assert!(examples.iter().any(is_used), "no example needs {:?}", row.example);
    }
}
