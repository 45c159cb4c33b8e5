//! `vastenv run --watch -- CMD` on a terminal.

use serde_json::json;

use super::account::TestAccount;
use crate::home::Home;
use crate::terminal::Terminal;

fn home() -> (TestAccount, Home) {
    let account = TestAccount::with(&json!({"A": "some-value"}));
    let mut home = account.known_home();
    home.set("TERM", "xterm");
    home.set("PS1", "READY> ");
    (account, home)
}

fn set(home: &Home, value: &str) {
    home.vastenv(&["set", "env-var", "A", value, "--quiet"]).run().expect(0);
}

#[test]
fn the_command_has_the_terminal_and_gets_it_again() {
    let (_account, home) = home();
    for (option, shown) in [("", ["some-value", "other-value"]), ("--redact", ["*****"; 2])] {
        set(&home, "some-value");
        let script = format!(
            "vastenv run --watch {option} -- sh -c 'stty size; while echo \"A=$A ready\" && read -r x; do echo \"got <$x>\"; done'; echo code $?"
        );
        let mut terminal = Terminal::open(&home, 80, &script);
        for (value, line) in shown.into_iter().zip(["one", "two"]) {
            terminal.wait_for_more("24 80");
            terminal.wait_for_more(&format!("A={value} ready"));
            terminal.type_in(&format!("{line}\n"));
            terminal.wait_for_more(&format!("got <{line}>"));
            if line == "one" {
                set(&home, "other-value");
                terminal.wait_for_more("restarting sh: ~A");
            }
        }
        terminal.type_in("\u{3}");
        let (seen, _) = terminal.end();
        assert!(seen.ends_with("code 130\n"), "{option}: {seen}");
        assert_eq!(seen.matches("restarting").count(), 1, "{seen}");
    }
}

#[test]
fn ctrl_c_ends_it_whatever_the_command_makes_of_that() {
    let (_account, home) = home();
    for option in ["", "--redact"] {
        for (trap, code) in [("exit 5", 5), ("exit 0", 0), ("trap - INT; kill -INT $$", 130)] {
            let script = format!(
                "stty -echo; vastenv run --watch --always {option} -- sh -c 'trap \"{trap}\" INT; stty -echo; echo ready; while :; do sleep 0.1; done'; echo code $?"
            );
            let mut terminal = Terminal::open(&home, 80, &script);
            terminal.wait_for("ready");
            terminal.type_in("\u{3}");
            let (seen, _) = terminal.end();
            assert!(seen.ends_with(&format!("code {code}\n")), "{option} {trap}: {seen}");
            assert!(!seen.contains("again"), "{seen}");
        }
    }
}

#[test]
fn a_pipeline_keeps_the_terminal_and_a_reader_in_it_gets_it() {
    let (_account, home) = home();
    let script = "stty -echo; vastenv run --watch -- sh -c 'echo ready; read -r x; echo \"got <$x>\"; read -r x' | cat; echo ended";
    let mut terminal = Terminal::open(&home, 80, script);
    terminal.wait_for("ready");
    terminal.type_in("line\n");
    terminal.wait_for("got <line>");
    terminal.type_in("\u{3}");
    terminal.end();
}

#[test]
fn ctrl_z_stops_it_and_fg_lets_it_go_on() {
    let (_account, home) = home();
    let mut terminal = Terminal::open(&home, 80, "exec bash --norc -i");
    terminal.wait_for("READY> ");
    terminal.type_in(&format!(
        "stty -echo; '{}' run --watch -- sh -c 'echo start; while read -r x; do echo \"got <$x>\"; done'\n",
        crate::home::VASTENV
    ));
    terminal.wait_for("start\r\n");
    for round in ["one", "two"] {
        terminal.type_in(&format!("{round}\n"));
        terminal.wait_for(&format!("got <{round}>"));
        terminal.type_in("\u{1a}");
        terminal.wait_for_more("Stopped");
        terminal.wait_for_more("READY> ");
        terminal.type_in("echo \"shell $((1 + 1))\"; fg\n");
        terminal.wait_for_more("shell 2");
        // What is typed before the shell has told of the job may be the shell's.
        terminal.wait_for_more("while read");
    }
    terminal.type_in("three\n");
    terminal.wait_for("got <three>");
    terminal.type_in("\u{3}");
    terminal.wait_for_more("READY> ");
    // What is typed first may be lost while the shell takes the terminal back.
    terminal.type_in("\necho \"code $?\"; exit\n");
    let (seen, _) = terminal.end();
    assert!(seen.contains("code 130\n"), "{seen}");
    assert_eq!(seen.matches("start\n").count(), 1, "{seen}");
}

#[test]
fn the_next_one_finds_the_terminal_as_the_first_did() {
    let (_account, home) = home();
    let script = "vastenv run --watch -- sh -c 'stty -a | grep -ow -- \"-*echo\"; test -e once && exit 0; touch once; stty -echo; exit 3'";
    let (seen, code) = Terminal::open(&home, 80, script).end();
    let lines: Vec<&str> = seen.lines().filter(|line| line.ends_with("echo")).collect();
    assert_eq!((lines, code), (vec!["echo", "echo"], 0), "{seen}");
}

#[test]
fn a_new_size_is_followed_and_a_hang_up_ends_it() {
    let (_account, home) = home();
    for option in ["", "--redact"] {
        let script = format!(
            "vastenv run --watch {option} -- sh -c 'trap \"stty size\" WINCH; trap \"echo gone >gone; exit\" HUP; echo ready; while :; do sleep 0.1; done'"
        );
        let mut terminal = Terminal::open(&home, 80, &script);
        terminal.wait_for("ready");
        terminal.resize(40, 120);
        terminal.wait_for("40 120");
        drop(terminal);
        crate::pty::wait_for("the command's end", || home.path("gone").exists().then_some(()));
        std::fs::remove_file(home.path("gone")).expect("removed");
    }
}
