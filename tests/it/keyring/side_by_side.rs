//! Conversions at the same time, and what else is written beside them: nothing is ever lost.

use std::thread;

use serde_json::Value;

use super::machine::{Machine, VALUES};
use crate::home::Said;

/// Runs all of `calls` at once.
fn at_once(machine: &Machine, calls: &[&[&str]]) -> Vec<Said> {
    thread::scope(|scope| {
        let started: Vec<_> =
            calls.iter().map(|call| scope.spawn(|| machine.home.vastenv(call).run())).collect();
        started.into_iter().map(|call| call.join().expect("no panic")).collect()
    })
}

/// Checks that everything opens, also after the next login: the kernel has nothing of it then.
#[track_caller]
fn assert_whole(machine: &Machine, third: &str, when: &str) {
    let said = machine.anew(&["export", "json"]).run();
    let values: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{when}: {said:?}"));
    for (name, value) in [VALUES[0], VALUES[1], ("THIRD", third)] {
        assert_eq!(values[name], value, "{when}: {name}");
    }
}

#[test]
fn sealing_and_unsealing_at_once_lose_nothing() {
    let machine = Machine::new();
    for round in 0..16 {
        for said in at_once(&machine, &[&["storage", "file"], &["storage", "keyring"]]) {
            assert_eq!(said.code, 0, "round {round}: {said:?}");
        }
        assert_whole(&machine, VALUES[2].1, &format!("round {round}"));
    }
    machine.home.ok(&["storage", "file", "--quiet"]);
    Machine::assert_whole(&machine.home, "unsealed at last");
    assert_eq!(machine.entries(), 0);
}

#[test]
fn what_is_written_beside_conversions_is_kept_too() {
    let machine = Machine::new();
    for round in 0..10 {
        let value = format!("third-of-round-{round}");
        let calls: [&[&str]; 6] = [
            &["storage", "file"],
            &["storage", "keyring"],
            &["remember", "env-var", "THIRD", &value],
            &["storage", "file"],
            if round % 5 == 0 { &["refresh"] } else { &["remember", "env-var", "TWO", VALUES[1].1] },
            &["storage", "keyring"],
        ];
        for said in at_once(&machine, &calls) {
            assert_eq!(said.code, 0, "round {round}: {said:?}");
        }
        assert_whole(&machine, &value, &format!("round {round}"));
    }
    machine.home.ok(&["storage", "keyring", "--quiet"]);
    assert!(machine.home.ok(&["storage"]).contains("(the keyring answers)"));
}
