//! Either side dies in the middle of a step.

use std::os::unix::process::ExitStatusExt;
use std::process::Child;
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use vastenv::sandbox::Options;

use super::instance::{Instance, Launch, children, is_root, wait_for, waiting_sh};
use super::run::account;
use crate::cli::account::TestAccount;
use crate::common::skip::can;
use crate::home::Home;
use crate::pty::PATIENCE;
use crate::terminal::Terminal;

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Victim {
    Vastenv,
    Ssh,
    Server,
}

const VICTIMS: [Victim; 3] = [Victim::Vastenv, Victim::Ssh, Victim::Server];

/// Kills processes, of which one may take others with it.
fn kill_all(ids: &[u32]) {
    let killed = ids.iter().filter(|id| {
        let id = Pid::from_raw(i32::try_from(**id).expect("an id"));
        kill(id, Signal::SIGKILL).is_ok()
    });
    assert!(killed.count() > 0, "{ids:?}");
}

/// Kills one, and gives what that comes to for who started vastenv, as a shell tells it.
fn kill_one(victim: Victim, vastenv: &mut Child, instance: &Instance) -> i32 {
    match victim {
        Victim::Vastenv => vastenv.kill().expect("killed"),
        Victim::Ssh => kill_all(&children(vastenv.id())),
        // The processes of the session, not the one that listens.
        Victim::Server => kill_all(&instance.sessions()),
    }
    let status = vastenv.wait().expect("ended");
    status.code().or(status.signal().map(|signal| 128 + signal)).expect("an end")
}

fn wanted(victim: Victim) -> i32 {
    match victim {
        Victim::Vastenv | Victim::Ssh => 137,
        Victim::Server => 255,
    }
}

/// Starts a command there.
fn run(home: &Home, instance: &Instance, command: &[&str]) -> Child {
    let destination = instance.destination();
    home.vastenv(&[&instance.arguments(&["run", "--on"], &destination), command].concat()).spawn()
}

/// Large enough that it gets stuck on the way: a line break takes many bytes there.
fn large_account() -> (TestAccount, Home) {
    let value = "\n".repeat(100_000);
    let account = TestAccount::with(&json!({"A": value, "B": value, "C": value, "D": value}));
    let home = account.known_home();
    (account, home)
}

#[test]
fn a_command_never_runs_on_half_of_what_is_sent() {
    if !can(is_root(), "only root can make an instance wait") {
        return;
    }
    let (_account, home) = large_account();
    for victim in VICTIMS {
        let launch = Launch { sh: Some(&waiting_sh("read")), ..Launch::default() };
        let Some(instance) = launch.start(&home) else { return };
        instance.close_gate();
        let mut child = run(&home, &instance, &["touch", "ran"]);
        // The shell there has said that it listens, and reads nothing: what is sent gets stuck half-way.
        wait_for(&instance.path("waits"));
        assert_eq!(kill_one(victim, &mut child, &instance), wanted(victim), "{victim:?}");
        let _gate = instance.open_gate();
        assert_eq!(instance.exit_code(), "98", "{victim:?}");
        assert!(!instance.path("ran").exists(), "{victim:?}");
    }
}

#[test]
fn a_login_that_breaks_off_gets_nothing_and_is_told() {
    if !can(is_root(), "only root can make an instance wait") {
        return;
    }
    let (_account, home) = large_account();
    for victim in [Victim::Ssh, Victim::Server] {
        let Some(instance) = Instance::with(&home, &[]) else { return };
        instance.close_gate();
        instance.write(".bashrc", "echo noise >&2; : >waits; : <gate; cat >got; : >ended\n");
        let mut child = run(&home, &instance, &["touch", "ran"]);
        wait_for(&instance.path("waits"));
        assert_eq!(kill_one(victim, &mut child, &instance), wanted(victim), "{victim:?}");
        let _gate = instance.open_gate();
        wait_for(&instance.path("ended"));
        assert_eq!(std::fs::read(instance.path("got")).expect("read"), b"", "{victim:?}");
        assert!(!instance.path("ran").exists(), "{victim:?}");
    }
}

#[test]
fn a_command_that_runs_breaks_off_as_under_ssh() {
    let (_account, home) = large_account();
    for victim in [Victim::Ssh, Victim::Server] {
        let Some(instance) = Instance::with(&home, &[]) else { return };
        let mut child = run(&home, &instance, &["sh", "-c", ": >waits; exec sleep 1003"]);
        wait_for(&instance.path("waits"));
        assert_eq!(kill_one(victim, &mut child, &instance), wanted(victim), "{victim:?}");
    }
}

/// The `ssh` that has a terminal to this instance.
fn ssh_to(instance: &Instance) -> u32 {
    let config = format!("/ssh-{} ", instance.port());
    let limit = Instant::now() + PATIENCE;
    while Instant::now() < limit {
        for entry in std::fs::read_dir("/proc").expect("processes").map_while(Result::ok) {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            if line.starts_with("ssh -tt ") && line.contains(&config) {
                return entry.file_name().to_str().expect("text").parse().expect("an id");
            }
        }
    }
    panic!("no ssh");
}

#[test]
fn a_terminal_comes_back_whoever_dies_and_nothing_is_left_there() {
    if !can(is_root(), "only root can make an instance wait") {
        return;
    }
    for victim in [Victim::Ssh, Victim::Server] {
        for at_the_mark in [true, false] {
            let (_account, home) = if at_the_mark { large_account() } else { account() };
            let sh = waiting_sh("read");
            let launch = Launch { sh: at_the_mark.then_some(&sh), ..Launch::default() };
            let Some(instance) = launch.start(&home) else { return };
            instance.close_gate();
            let destination = instance.destination();
            let line = instance.arguments(&["vastenv", "run", "--on"], &destination).join(" ");
            let command = "sh -c ': >ran; : >waits; exec sleep 1002'";
            let script = format!("stty -g >before; {line} -- {command}; code=$?; stty -g >after; exit $code");
            let terminal = Terminal::open(&home, 80, &script);
            wait_for(&instance.path("waits"));
            match victim {
                Victim::Server => kill_all(&instance.sessions()),
                _ => kill_all(&[ssh_to(&instance)]),
            }
            let (seen, code) = terminal.end();
            assert_eq!(code, wanted(victim), "{victim:?} {at_the_mark}: {seen}");
            let settings = |name: &str| std::fs::read_to_string(home.path(name)).expect("settings");
            assert_eq!(settings("before"), settings("after"));
            if at_the_mark {
                let _gate = instance.open_gate();
                instance.exit_code();
                assert!(!instance.path("ran").exists(), "{victim:?}");
            }
            // The hang-up reaches everything in the terminal there.
            while instance.sessions().iter().any(|id| !children(*id).is_empty()) {
                std::thread::yield_now();
            }
        }
    }
}

#[test]
fn an_answer_that_breaks_off_is_not_remembered() {
    if !can(is_root(), "only root can make an instance wait") {
        return;
    }
    for victim in VICTIMS {
        let options = Options { mask: true, ..Options::default() };
        let account = TestAccount::serving(&json!({"HF_TOKEN": "x"}), options);
        let home = account.known_home();
        let environ = [("HF_TOKEN", "hf"), ("CONTAINER_ID", "7")];
        // The block is out, and its end is not.
        let launch = Launch { environ: &environ, sh: Some(&waiting_sh("wc")), ..Launch::default() };
        let Some(instance) = launch.start(&home) else { return };
        instance.close_gate();
        let destination = instance.destination();
        let words = instance.arguments(&["remember", "env-var", "--from-ssh"], &destination);
        let mut child = home.vastenv(&words).spawn();
        wait_for(&instance.path("waits"));
        assert_eq!(
            kill_one(victim, &mut child, &instance),
            if victim == Victim::Vastenv { 137 } else { 1 },
            "{victim:?}"
        );
        let _gate = instance.open_gate();
        let values = home.ok(&["run", "--allow-missing", "sh", "-c", "echo ${HF_TOKEN-none}"]);
        assert_eq!(values, "none\n", "{victim:?}");
        assert!(!home.path(".local/share/vastenv/values").exists());
    }
}
