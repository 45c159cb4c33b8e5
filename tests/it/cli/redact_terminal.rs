//! `vastenv run --redact -- CMD` on a terminal.

use std::fs;

use serde_json::json;

use super::account::TestAccount;
use crate::home::Home;
use crate::terminal::Terminal;

const TOKEN: &str = "hf_AbCdEf0123456789";

fn home() -> (TestAccount, Home) {
    let account = TestAccount::with(&json!({"HF_TOKEN": TOKEN, "WANDB": "wandb-0123456789"}));
    let mut home = account.known_home();
    home.set("TERM", "xterm");
    (account, home)
}

fn open(home: &Home, script: &str) -> Terminal {
    Terminal::open(home, 80, script)
}

#[test]
fn the_command_has_a_terminal_of_the_same_size_and_settings() {
    let (_account, home) = home();
    let script = "stty susp ^X; vastenv run --redact -- sh -c '
        test -t 0 && test -t 1 && test -t 2 && echo terminal
        echo \"$HF_TOKEN\" >/dev/tty; stty size; stty -a | grep -o \"susp = ^X\"; printf \"\\033[31mred\\033[0m\\n\"'";
    let (seen, code) = open(&home, script).end();
    assert_eq!((seen.as_str(), code), ("terminal\n*****\n24 80\nsusp = ^X\n\u{1b}[31mred\u{1b}[0m\n", 0));
}

#[test]
fn a_new_size_is_followed() {
    let (_account, home) = home();
    let mut terminal = open(
        &home,
        "vastenv run --redact -- sh -c 'trap \"stty size; exit\" WINCH; echo ready; while :; do :; done'",
    );
    terminal.wait_for("ready");
    terminal.resize(40, 120);
    terminal.wait_for("40 120");
    assert_eq!(terminal.end().1, 0);
}

#[test]
fn a_shell_can_be_used_in_it() {
    let (_account, mut home) = home();
    home.set("PS1", "ready> ");
    let mut terminal = open(&home, "vastenv run --redact -- bash --norc; echo ended: $?");
    terminal.wait_for("ready> ");
    // What may begin a secret is shown while it is typed, up to three letters.
    terminal.type_in("echo wa");
    terminal.wait_for("echo wa");
    terminal.type_in("s; echo \"$HF_TOKEN\"\n");
    terminal.wait_for("*****");
    terminal.type_in("exit 6\n");
    let (seen, code) = terminal.end();
    assert!(seen.contains("ended: 6"), "{seen}");
    assert!(!seen.contains(&TOKEN[..4]), "{seen}");
    assert_eq!(code, 0);
}

#[test]
fn the_terminal_is_as_before_however_it_ends() {
    let (_account, home) = home();
    for end in ["exit 3", "kill -KILL $$", "kill -TERM $PPID; read -r x", "kill -INT $PPID; read -r x"] {
        let script =
            format!("stty -a >before; vastenv run --redact -- sh -c '{end}'; echo code $?; stty -a >after");
        let (seen, _) = open(&home, &script).end();
        let read = |name: &str| fs::read_to_string(home.path(name)).expect("text");
        assert_eq!(read("before"), read("after"), "{end}: {seen}");
        let code = match end {
            "exit 3" => 3,
            "kill -KILL $$" => 128 + 9,
            "kill -TERM $PPID; read -r x" => 128 + 15,
            _ => 128 + 2,
        };
        assert!(seen.contains(&format!("code {code}\n")), "{end}: {seen}");
    }
}

#[test]
fn streams_that_are_no_terminal_stay_what_they_are() {
    let (_account, home) = home();
    let show = "sh -c 'cat; echo out $HF_TOKEN; echo err $HF_TOKEN >&2'";
    let script = format!("echo piped | vastenv run --redact -- {show} 2>err");
    assert_eq!(open(&home, &script).end().0, "piped\nout *****\n");
    let script = format!("echo piped | vastenv run --redact -- {show} >out");
    assert_eq!(open(&home, &script).end().0, "err *****\n");
    let read = |name: &str| fs::read_to_string(home.path(name)).expect("text");
    assert_eq!((read("out").as_str(), read("err").as_str()), ("piped\nout *****\n", "err *****\n"));
}

#[test]
fn the_end_of_long_output_arrives_and_nobody_left_behind_is_waited_for() {
    let (_account, home) = home();
    let script =
        "vastenv run --redact -- sh -c 'trap \"\" HUP; cat <fifo & seq 1 50000; printf hf_'; echo +$?";
    nix::unistd::mkfifo(&home.path("fifo"), nix::sys::stat::Mode::S_IRWXU).expect("made");
    let (seen, _) = open(&home, script).end();
    assert!(seen.ends_with("\n49999\n50000\nhf_+0\n"), "{}", &seen[seen.len().saturating_sub(100)..]);
    assert_eq!(seen.lines().count(), 50_001);
    // It hears nothing more, and ends.
    fs::write(home.path("fifo"), "\n").expect("written");
}

#[test]
fn a_terminal_that_goes_away_ends_the_command() {
    let (_account, home) = home();
    let mut terminal = open(
        &home,
        "vastenv run --redact -- sh -c 'trap \"echo gone >gone; exit\" HUP; echo ready; while read -r x; do :; done; echo gone >gone'",
    );
    terminal.wait_for("ready");
    drop(terminal);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !home.path("gone").exists() {
        assert!(std::time::Instant::now() < deadline, "the command was not told");
        std::thread::park_timeout(std::time::Duration::from_millis(5));
    }
}
