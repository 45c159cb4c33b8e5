//! `vastenv run --watch -- CMD` into pipes.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, ChildStdout};

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use serde_json::json;

use super::account::{OTHER_KEY, TestAccount};
use crate::home::{Home, Said, chmod};

const VALUE: &str = "value-that-nobody-sees";

/// `vastenv run --watch` under way.
struct Watched {
    child: Child,
    out: BufReader<ChildStdout>,
    err: BufReader<ChildStderr>,
}

impl Watched {
    /// Runs `script`.
    fn start(home: &Home, options: &[&str], script: &str) -> Self {
        let arguments = [&["run", "--watch"], options, &["--", "sh", "-c", script]].concat();
        let mut child = home.vastenv(&arguments).spawn();
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        let err = BufReader::new(child.stderr.take().expect("a pipe"));
        Self { child, out, err }
    }

    /// The next line that the command prints.
    fn line(&mut self) -> String {
        line(&mut self.out)
    }

    /// The next line that vastenv says.
    fn says(&mut self) -> String {
        line(&mut self.err)
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).expect("sent");
    }

    /// What it prints from now on, to the end.
    fn end(mut self) -> Said {
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out).expect("text");
        self.err.read_to_string(&mut err).expect("text");
        let mut said = crate::home::said(self.child.wait_with_output().expect("ended"));
        (said.out, said.err) = (out, err);
        said
    }

    /// Asks it to end.
    fn terminate(self) -> Said {
        self.signal(Signal::SIGTERM);
        self.end()
    }
}

fn line(from: &mut impl BufRead) -> String {
    let mut line = String::new();
    from.read_line(&mut line).expect("text");
    line.trim_end().to_owned()
}

/// Prints what the command has, and waits.
const SHOW: &str = "echo \"A=$A B=$B\"; sleep 1000 & wait";

fn set(home: &Home, name: &str, value: &str) {
    home.vastenv(&["set", "env-var", name, value, "--quiet"]).run().expect(0);
}

fn delete(home: &Home, name: &str) {
    home.ok(&["delete", "env-var", name, "--quiet"]);
}

#[test]
fn the_command_starts_again_when_its_variables_change_and_only_then() {
    let account = TestAccount::with(&json!({"A": "one", "OTHER": "1"}));
    let home = account.known_home();
    let mut watched = Watched::start(&home, &["--except", "OTHER"], SHOW);
    assert_eq!(watched.line(), "A=one B=");
    for (change, started, said) in [
        (Some(("A", VALUE)), format!("A={VALUE} B="), "~A"),
        // What is filtered out is no reason; neither is the same value.
        (Some(("OTHER", "2")), String::new(), ""),
        (Some(("A", VALUE)), String::new(), ""),
        (Some(("B", "b")), format!("A={VALUE} B=b"), "+B"),
        (None, "A= B=b".to_owned(), "-A"),
    ] {
        match change {
            Some((name, value)) => set(&home, name, value),
            None => delete(&home, "A"),
        }
        if !said.is_empty() {
            assert_eq!(watched.says(), format!("vastenv: restarting sh: {said}"));
            assert_eq!(watched.line(), started);
        }
    }
    let said = watched.terminate().expect(143);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("", ""));
}

#[test]
fn a_command_has_nothing_left_of_what_was_deleted_since_the_shell_loaded_it() {
    let account = TestAccount::with(&json!({"A": "one"}));
    let home = account.known_home();
    let script = "eval \"$(\"$0\" hook bash)\"; exec \"$0\" run --watch --quiet -- sh -c 'echo \"A=$A\"; sleep 1000 & wait'";
    let mut child = home.command("bash", &["--norc", "-c", script, crate::home::VASTENV]).spawn();
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    assert_eq!(line(&mut out), "A=one");
    delete(&home, "A");
    assert_eq!(line(&mut out), "A=");
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).expect("sent");
    let said = crate::home::said(child.wait_with_output().expect("ended")).expect(143);
    assert!(!said.err.contains("restarting"), "{said:?}");
}

#[test]
fn changes_while_it_restarts_are_not_lost_and_a_storm_is_one() {
    let account = TestAccount::with(&json!({"A": "0"}));
    let home = account.known_home();
    mkfifo(&home.path("fifo"), Mode::S_IRWXU).expect("made");
    let script =
        "trap 'echo ending; read -r x <fifo; exit 0' TERM; echo \"A=$A B=$B\"; while :; do sleep 0.1; done";
    let mut watched = Watched::start(&home, &[], script);
    assert_eq!(watched.line(), "A=0 B=");
    set(&home, "A", "1");
    assert_eq!(watched.line(), "ending");
    for value in ["2", "3", "4"] {
        set(&home, "A", value);
    }
    set(&home, "B", "b");
    fs::write(home.path("fifo"), "go\n").expect("written");
    // At once, or with one more restart if it was that fast; never with an older value to stay.
    let mut starts = 1;
    while watched.line() != "A=4 B=b" {
        starts += 1;
        fs::write(home.path("fifo"), "go\n").expect("written");
    }
    assert!(starts <= 3, "{starts}");
    watched.signal(Signal::SIGTERM);
    assert_eq!(watched.line(), "ending");
    fs::write(home.path("fifo"), "go\n").expect("written");
    watched.end().expect(0);
}

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
fn a_signal_in_place_of_a_restart_leaves_the_environment_as_it_was() {
    let account = TestAccount::with(&json!({"A": "0"}));
    let home = account.known_home();
    let script = "trap 'echo \"A=$A\"; echo $(\"$VASTENV\" export json --only A)' HUP; echo ready; while :; do sleep 0.1; done";
    let home = {
        let mut home = home;
        home.set("VASTENV", crate::home::VASTENV);
        home
    };
    for signal in ["HUP", "sighup", "1"] {
        set(&home, "A", "0");
        let mut watched = Watched::start(&home, &["--signal", signal], script);
        assert_eq!(watched.line(), "ready");
        set(&home, "A", "1");
        assert_eq!((watched.line(), watched.line()), ("A=0".to_owned(), "{ \"A\": \"1\" }".to_owned()));
        assert_eq!(watched.says(), "vastenv: sending SIGHUP to sh: ~A");
        watched.terminate().expect(143);
    }
    for wrong in ["FOO", "0", "-1", "99", ""] {
        home.vastenv(&["run", "--watch", &format!("--signal={wrong}"), "--", "true"])
            .run()
            .refuses(2, &["--signal"]);
    }
}

#[test]
fn removed_variables_are_no_reason_if_so_wished() {
    let account = TestAccount::with(&json!({"A": "a", "B": "b"}));
    let home = account.known_home();
    let mut watched = Watched::start(&home, &["--no-restart-on", "removed,added"], SHOW);
    assert_eq!(watched.line(), "A=a B=b");
    delete(&home, "B");
    set(&home, "NEW", "n");
    set(&home, "A", "2");
    assert_eq!(watched.says(), "vastenv: restarting sh: ~A +NEW -B");
    assert_eq!(watched.line(), "A=2 B=");
    watched.terminate().expect(143);
}

#[test]
fn what_is_not_known_any_more_is_told_once_and_the_command_goes_on() {
    let account = TestAccount::with(&json!({"A": "one", "B": "b"}));
    let home = account.known_home();
    let mut watched = Watched::start(&home, &["--require", "A"], SHOW);
    assert_eq!(watched.line(), "A=one B=b");
    delete(&home, "A");
    let said = watched.says();
    assert!(said.starts_with("vastenv: warning: ") && said.contains('A'), "{said}");
    assert!(said.ends_with("; sh goes on with the variables it has"), "{said}");
    // Broken settings are another thing that is told.
    home.write(".config/vastenv/config.toml", "nonsense");
    let said = watched.says();
    assert!(
        said.contains("config.toml") && said.ends_with("; sh goes on with the variables it has"),
        "{said}"
    );
    home.write(".config/vastenv/config.toml", "");
    assert!(watched.says().contains('A'));
    set(&home, "A", "two");
    assert_eq!(watched.says(), "vastenv: restarting sh: ~A");
    assert_eq!(watched.line(), "A=two B=b");
    assert_eq!(watched.terminate().expect(143).err, "");
}

#[test]
fn a_server_without_an_answer_takes_nothing_away() {
    for options in [&[][..], &["--allow-missing"]] {
        let account = TestAccount::with(&json!({"A": "one"}));
        let home = account.known_home();
        let mut watched = Watched::start(&home, options, SHOW);
        assert_eq!(watched.line(), "A=one B=");
        drop(account);
        fs::remove_dir_all(home.path(".cache/vastenv")).expect("removed");
        home.write(".config/vastenv/config.toml", "");
        let said = watched.says();
        assert!(said.ends_with("; sh goes on with the variables it has"), "{said}");
        let said = watched.terminate().expect(143);
        assert_eq!((said.out.as_str(), said.err.as_str()), ("", ""));
    }
}

#[test]
fn a_new_key_is_a_change_for_a_command_that_has_it() {
    let mut account = TestAccount::with(&json!({"A": "one"}));
    let key = account.sandbox.key.expose().to_owned();
    let mut state = account.state();
    state["api_keys"] = json!([{"id": 1, "key": key}, {"id": 2, "key": OTHER_KEY}]);
    account = TestAccount::of(&state, vastenv::sandbox::Options::default());
    let mut home = Home::new();
    home.set("VAST_URL", &account.sandbox.url);
    home.write(".config/vastai/vast_api_key", &key);
    let mut watched = Watched::start(&home, &["--with-api-key"], "echo \"$VAST_API_KEY\"; sleep 1000 & wait");
    assert_eq!(watched.line(), key);
    home.write(".config/vastai/vast_api_key", OTHER_KEY);
    assert_eq!(watched.line(), OTHER_KEY);
    let said = watched.says();
    assert_eq!(said, "vastenv: restarting sh: ~VAST_API_KEY");
    watched.terminate().expect(143);
}

#[test]
fn redacted_output_stays_so_with_values_old_and_new() {
    let account = TestAccount::with(&json!({"A": "old-secret-value"}));
    let home = account.known_home();
    let script =
        "echo \"A=$A\"; echo \"E=$A\" >&2; test -e old || echo \"$A\" >old; cat old; sleep 1000 & wait";
    let mut watched = Watched::start(&home, &["--redact"], script);
    assert_eq!((watched.line(), watched.says()), ("A=*****".to_owned(), "E=*****".to_owned()));
    assert_eq!(watched.line(), "*****");
    set(&home, "A", "new-secret-value");
    assert_eq!(watched.says(), "vastenv: restarting sh: ~A");
    assert_eq!((watched.line(), watched.line()), ("A=*****".to_owned(), "*****".to_owned()));
    assert_eq!(watched.says(), "E=*****");
    watched.terminate().expect(143);
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
