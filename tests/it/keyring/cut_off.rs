//! `vastenv storage` killed at every system call that changes anything: whatever it left, everything
//! is still there, and doing it again finishes it.

use super::machine::{Machine, VALUES, files, purge};
use crate::common::process::command;
use crate::home::{Home, VASTENV};

/// What makes, writes, moves and removes files, and what talks to the keyring: in a thread for each
/// question, each with a count of its own.
const CALLS: [&str; 7] = ["openat", "write", "renameat", "unlink", "sendmsg", "clone,clone3", "fsync"];

fn copy(from: &Home, to: &Home) {
    for folder in [".cache", ".local", ".config"] {
        let source = from.path(folder);
        if source.exists() {
            let done = command("cp").arg("-a").arg(source).arg(to.path("")).status().expect("cp");
            assert!(done.success());
        }
    }
}

/// Kills `storage wanted` at each call in turn, each time with a home as it was before.
fn kill_everywhere(machine: &Machine, wanted: &str) {
    let mut killed = 0;
    for call in CALLS {
        // Much of what a program opens at its start changes nothing: every third is enough there.
        let step = if call == "openat" { 3 } else { 1 };
        for nth in (1..).step_by(step) {
            let mut home = machine.account.home();
            home.set("DBUS_SESSION_BUS_ADDRESS", machine.session.address());
            copy(&machine.home, &home);
            if wanted == "file" {
                home.ok(&["storage", "keyring", "--quiet"]);
            }
            let inject = format!("inject={call}:signal=KILL:when={nth}");
            let trace =
                ["-f", "-qq", "-o", "/dev/null", "-e", &inject, VASTENV, "storage", wanted, "--quiet"];
            let said = home.command("strace", &trace).run();
            let when = format!("storage {wanted}, killed at {call} number {nth}");
            Machine::assert_whole(&home, &when);
            let again = home.vastenv(&["storage", wanted]).run();
            assert_eq!(again.code, 0, "{when}: {again:?}");
            Machine::assert_whole(&home, &format!("{when}, and done again"));
            let in_clear = files(&home.path("")).into_iter().any(|(_, bytes)| {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                VALUES.iter().any(|(_, value)| text.contains(value))
            });
            assert_eq!(in_clear, wanted == "file", "{when}");
            purge(&home);
            if said.code == 0 {
                break;
            }
            assert_eq!(said.code, 137, "{when}: {said:?}");
            killed += 1;
        }
    }
    assert!(killed > 20, "{killed}");
}

#[test]
fn sealing_may_end_anywhere() {
    kill_everywhere(&Machine::new(), "keyring");
}

#[test]
fn unsealing_may_end_anywhere() {
    kill_everywhere(&Machine::new(), "file");
}
