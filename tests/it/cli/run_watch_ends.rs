//! How the command of `vastenv run --watch` ends, and vastenv with it.

use std::fs;
use std::io::Read;

use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::json;

use super::account::TestAccount;
use super::run_watch::{Watched, set};
use crate::common::process::program;
use crate::home::chmod;

#[test]
fn what_ignores_sigterm_is_killed_and_so_is_all_of_its_group() {
    let account = TestAccount::with(&json!({"A": "0"}));
    let home = account.known_home();
    // The first one and its child hold the pipe: its end is that of both.
    mkfifo(&home.path("held"), Mode::S_IRWXU).expect("made");
    let script = "if [ \"$A\" = 0 ]; then exec 3>held; trap '' TERM; (while :; do sleep 1; done) & \
        echo started; while :; do sleep 1; done; fi; echo again; sleep 1000 & wait";
    let mut watched = Watched::start(&home, &[], script);
    let mut held = fs::File::open(home.path("held")).expect("opened");
    assert_eq!(watched.line(), "started");
    set(&home, "A", "1");
    assert_eq!(watched.line(), "again");
    assert_eq!(held.read(&mut [0]).expect("read"), 0);
    watched.terminate().expect(143);
}

#[test]
fn the_group_ends_with_vastenv_however_that_ends() {
    if program("ps").is_none() {
        return;
    }
    let account = TestAccount::with(&json!({"A": "0"}));
    let home = account.known_home();
    mkfifo(&home.path("held"), Mode::S_IRWXU).expect("made");
    let script = "exec 3>held; (trap 'echo asked; exit' TERM; \
        until ps -eo pgid=,args= | grep -q \"^ *$$ .*[_]_guardian\"; do sleep 0.1; done; echo child; while :; do sleep 0.1; done) & \
        while :; do sleep 0.1; done";
    for signal in [Signal::SIGKILL, Signal::SIGTERM] {
        let mut watched = Watched::start(&home, &[], script);
        let mut held = fs::File::open(home.path("held")).expect("opened");
        assert_eq!(watched.line(), "child");
        watched.signal(signal);
        assert_eq!(held.read(&mut [0]).expect("read"), 0, "{signal}");
        assert_eq!(watched.end().expect(128 + signal as i32).out, "asked\n");
    }
}

#[test]
fn a_crash_is_followed_by_another_start_and_success_is_not() {
    let account = TestAccount::with(&json!({"A": "0"}));
    let home = account.known_home();
    let script = "echo run; echo x >>runs; test $(wc -l <runs) -gt 2 || exit 3";
    let said = Watched::start(&home, &[], script).end().expect(0);
    assert_eq!(said.out, "run\nrun\nrun\n");
    let pauses =
        ["1 s", "2 s"].map(|pause| format!("vastenv: sh ended with 3, starting it again in {pause}\n"));
    assert_eq!(said.err, pauses.concat());
    // A change may be what it was waiting for.
    let mut watched = Watched::start(&home, &[], "echo \"A=$A\"; test \"$A\" = 1 || exit 3");
    for _ in 0..3 {
        assert_eq!(watched.line(), "A=0");
    }
    set(&home, "A", "1");
    let said = watched.end().expect(0);
    assert!(said.out.ends_with("A=1\n") && said.err.contains("restarting sh: ~A\n"), "{said:?}");
}

#[test]
fn with_always_it_starts_again_until_it_is_told_to_end() {
    let account = TestAccount::with(&json!({"A": "0"}));
    let home = account.known_home();
    let mut watched = Watched::start(&home, &["--always"], "echo run");
    assert_eq!((watched.line(), watched.line()), ("run".to_owned(), "run".to_owned()));
    assert_eq!(watched.says(), "vastenv: sh ended with 0, starting it again in 1 s");
    assert_eq!(watched.says(), "vastenv: sh ended with 0, starting it again in 2 s");
    watched.terminate().expect(143);
}

#[test]
fn a_command_whose_output_nobody_reads_any_more_is_not_started_again() {
    let account = TestAccount::with(&json!({"A": "one"}));
    let home = account.known_home();
    for options in [&[][..], &["--redact"], &["--always"]] {
        let mut watched = Watched::start(&home, options, "trap 'exit 6' PIPE; while :; do echo run; done");
        assert_eq!(watched.line(), "run");
        let Watched { mut child, out, err } = watched;
        drop(out);
        let code = child.wait().expect("ended").code();
        assert!(matches!(code, Some(6 | 141)), "{options:?}: {code:?}");
        drop(err);
    }
}

#[test]
fn a_command_that_kills_vastenv_at_once_ends_too() {
    let account = TestAccount::with(&json!({"A": "one"}));
    let home = account.known_home();
    mkfifo(&home.path("held"), Mode::S_IRWXU).expect("made");
    for option in [&[][..], &["--redact"]] {
        for _ in 0..10 {
            let watched = Watched::start(&home, option, "exec 3>held; kill -9 $PPID; sleep 1000 & wait");
            let mut held = fs::File::open(home.path("held")).expect("opened");
            assert_eq!(held.read(&mut [0]).expect("read"), 0);
            watched.end().expect(137);
        }
    }
}

#[test]
fn what_cannot_be_started_is_not_tried_again() {
    let account = TestAccount::with(&json!({"A": "one"}));
    let home = account.known_home();
    chmod(&home.write("script", "echo \"A=$A\"; exit 0"), 0o755);
    home.write("plain", "");
    for options in [&[][..], &["--redact"]] {
        let run =
            |program: &str| home.vastenv(&[&["run", "--watch"], options, &["--", program]].concat()).run();
        run("no-such-program").refuses(127, &["cannot run no-such-program: not found"]);
        run("./plain").refuses(126, &["cannot run ./plain: permission denied"]);
        assert!(run("./script").expect(0).out.starts_with("A="), "{options:?}");
    }
    home.vastenv(&["run", "--watch", "--on", "host", "--", "true"]).run().refuses(2, &["--watch"]);
    for option in ["--signal=HUP", "--always", "--no-restart-on=removed"] {
        home.vastenv(&["run", option, "--", "true"]).run().refuses(2, &["--watch"]);
    }
}

#[test]
fn signals_reach_the_command_and_its_end_is_ours() {
    let account = TestAccount::with(&json!({"A": "one"}));
    let home = account.known_home();
    let script = "trap 'echo usr1' USR1; trap 'echo hup' HUP; trap 'exit 7' TERM; trap 'exit 8' INT; \
        echo ready; while :; do sleep 0.1; done";
    for (end, code) in [(Signal::SIGTERM, 7), (Signal::SIGINT, 8)] {
        let mut watched = Watched::start(&home, &["--always"], script);
        assert_eq!(watched.line(), "ready");
        for (signal, said) in [(Signal::SIGUSR1, "usr1"), (Signal::SIGHUP, "hup")] {
            watched.signal(signal);
            assert_eq!(watched.line(), said);
        }
        watched.signal(end);
        watched.end().expect(code);
    }
}
