//! `vastenv run --watch -- CMD` into pipes.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, ChildStdout};

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use serde_json::json;

use super::account::{OTHER_KEY, TestAccount};
use crate::home::{Home, Said};

const VALUE: &str = "value-that-nobody-sees";

/// `vastenv run --watch` under way.
pub(super) struct Watched {
    pub(super) child: Child,
    pub(super) out: BufReader<ChildStdout>,
    pub(super) err: BufReader<ChildStderr>,
}

impl Watched {
    /// Runs `script`.
    pub(super) fn start(home: &Home, options: &[&str], script: &str) -> Self {
        let arguments = [&["run", "--watch"], options, &["--", "sh", "-c", script]].concat();
        let mut child = home.vastenv(&arguments).spawn();
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        let err = BufReader::new(child.stderr.take().expect("a pipe"));
        Self { child, out, err }
    }

    /// The next line that the command prints.
    pub(super) fn line(&mut self) -> String {
        line(&mut self.out)
    }

    /// The next line that vastenv says.
    pub(super) fn says(&mut self) -> String {
        line(&mut self.err)
    }

    pub(super) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).expect("sent");
    }

    /// What it prints from now on, to the end.
    pub(super) fn end(mut self) -> Said {
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out).expect("text");
        self.err.read_to_string(&mut err).expect("text");
        let mut said = crate::home::said(self.child.wait_with_output().expect("ended"));
        (said.out, said.err) = (out, err);
        said
    }

    /// Asks it to end.
    pub(super) fn terminate(self) -> Said {
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

pub(super) fn set(home: &Home, name: &str, value: &str) {
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
    loop {
        match watched.line().as_str() {
            "A=4 B=b" => break,
            "ending" => fs::write(home.path("fifo"), "go\n").expect("written"),
            _ => starts += 1,
        }
    }
    assert!(starts <= 3, "{starts}");
    watched.signal(Signal::SIGTERM);
    assert_eq!(watched.line(), "ending");
    fs::write(home.path("fifo"), "go\n").expect("written");
    watched.end().expect(0);
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
fn a_name_that_the_filters_chose_is_removed_like_any_other() {
    let account = TestAccount::with(&json!({"A": "a", "B": "b", "C": "c"}));
    let home = account.known_home();
    for (options, removed) in [
        (&["--only", "A,B"][..], "-B"),
        (&["--only", "A", "--rename", "B=C", "--only", "C"], "-B"),
        (&["--except", "C", "--prefix", "X_"], "-X_B"),
    ] {
        home.ok(&["set", "env-var", "B", "b", "--quiet"]);
        home.ok(&["set", "env-var", "C", "c", "--quiet"]);
        let mut watched = Watched::start(&home, options, "echo started; sleep 1000 & wait");
        assert_eq!(watched.line(), "started");
        for name in ["C", "B"] {
            delete(&home, name);
        }
        assert_eq!(watched.says(), format!("vastenv: restarting sh: {removed}"));
        assert_eq!(watched.line(), "started");
        set(&home, "B", "b");
        set(&home, "C", "c");
        assert_eq!(watched.says(), format!("vastenv: restarting sh: {}", removed.replace('-', "+")));
        watched.terminate().expect(143);
    }
    // At the start it may be a mistake.
    home.vastenv(&["run", "--watch", "--only", "NOPE", "--", "true"]).run().refuses(1, &["NOPE"]);
}

#[test]
fn what_changes_elsewhere_comes_when_the_cache_is_old() {
    let account = TestAccount::with(&json!({"A": "one"}));
    let home = account.known_home();
    home.write(".config/vastenv/config.toml", "max_age = \"5s\"\n");
    let mut watched = Watched::start(&home, &[], SHOW);
    assert_eq!(watched.line(), "A=one B=");
    set(&account.home(), "A", "two");
    assert_eq!(watched.says(), "vastenv: restarting sh: ~A");
    assert_eq!(watched.line(), "A=two B=");
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
