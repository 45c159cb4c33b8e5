//! No value is in an argument, in the environment of `ssh` or `sshd`, or in a file, at any moment.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::json;

use vastenv::sandbox::Options;

use super::instance::{Launch, is_root, wait_for, waiting_sh};
use super::seen::{Watch, look};
use crate::cli::account::TestAccount;
use crate::common::skip::can;
use crate::terminal::Terminal;

/// A value of one test: others run beside it.
fn secret(test: &str) -> String {
    format!("hf_a_secret_of_{test}_that_is_looked_for")
}

fn can_look() -> bool {
    can(is_root() && Path::new("/proc/self/environ").exists(), "only root sees every process")
}

/// Whether any file below `folder` holds the secret.
fn is_written(secret: &str, folder: &Path) -> bool {
    fs::read_dir(folder).expect("a folder").map_while(Result::ok).any(|entry| {
        let (path, kind) = (entry.path(), entry.file_type().expect("a type"));
        let holds = |text: Vec<u8>| text.windows(secret.len()).any(|part| part == secret.as_bytes());
        kind.is_dir() && is_written(secret, &path) || kind.is_file() && fs::read(path).is_ok_and(holds)
    })
}

#[test]
fn reading_shows_no_value_to_anybody() {
    if !can_look() {
        return;
    }
    let secret = secret("reading");
    let secret = secret.as_str();
    let account =
        TestAccount::serving(&json!({"HF_TOKEN": "x"}), Options { mask: true, ..Options::default() });
    let home = account.known_home();
    let environ = [("HF_TOKEN", secret), ("CONTAINER_ID", "7")];
    let launch = Launch { environ: &environ, sh: Some(&waiting_sh("cat")), ..Launch::default() };
    let Some(instance) = launch.start(&home) else { return };
    instance.close_gate();
    let own = instance.own_processes();
    // Its server was started with the container's environment, as everything there is.
    let others = |seen: BTreeSet<String>| -> Vec<String> {
        seen.into_iter()
            .filter(|place| !(place.starts_with("environ: ") && place.contains("/sshd ")))
            .collect()
    };
    let watch = Watch::start(secret, own.clone());
    let destination = instance.destination();
    let child =
        home.vastenv(&instance.arguments(&["remember", "env-var", "--from-ssh"], &destination)).spawn();
    wait_for(&instance.path("waits"));
    assert_eq!(others(look(secret, &own)), [""; 0]);
    let gate = instance.open_gate();
    let output = child.wait_with_output().expect("ended");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(instance.exit_code(), "0");
    assert_eq!(others(watch.end()), [""; 0]);
    assert!(!is_written(secret, &instance.path("")));
    drop(gate);
}

/// Runs a command there that waits, and looks at each step.
fn look_at_each_step(terminal: bool) {
    if !can_look() {
        return;
    }
    let secret = secret(if terminal { "terminal" } else { "pipes" });
    let secret = secret.as_str();
    let account = TestAccount::with(&json!({"HF_TOKEN": secret}));
    let mut home = account.known_home();
    let launch = Launch { sh: Some(&waiting_sh("read")), ..Launch::default() };
    let Some(instance) = launch.start(&home) else { return };
    instance.close_gate();
    // A shell that has it loaded.
    let destination = instance.destination();
    home.set("HF_TOKEN", secret);
    let words = instance.arguments(&["run", "--on"], &destination);
    let words = [&words[..], &["sleep", "1001"]].concat();
    let watch = Watch::start(secret, instance.own_processes());
    let ours = |seen: BTreeSet<String>| -> BTreeSet<String> {
        // The shell and vastenv, which were given it, and the command, which is to have it.
        let may = |place: &&String| {
            let Some(line) = place.strip_prefix("environ: ") else { return false };
            line.contains("vastenv run") || line.contains("vastenv() {") || line.starts_with("sleep 1001")
        };
        seen.iter().filter(|place| !may(place)).cloned().collect()
    };
    let (mut child, mut screen) = (None, None);
    if terminal {
        screen = Some(Terminal::open(&home, 80, &format!("vastenv {}", words[..].join(" "))));
    } else {
        child = Some(home.vastenv(&words).spawn());
    }
    wait_for(&instance.path("waits"));
    assert_eq!(ours(look(secret, &[])), BTreeSet::new(), "before");
    let gate = instance.open_gate();
    let runs = || look(secret, &[]).iter().any(|place| place.starts_with("environ: sleep 1001"));
    while !runs() {
        std::thread::yield_now();
    }
    assert_eq!(ours(watch.end()), BTreeSet::new());
    assert!(!is_written(secret, &instance.path("")));
    drop(gate);
    // The instance goes away, and with it the command.
    drop(instance);
    if let Some(child) = child {
        assert_eq!(child.wait_with_output().expect("ended").status.code(), Some(255));
    }
    if let Some(screen) = screen {
        assert_eq!(screen.end().1, 255);
    }
}

#[test]
fn running_shows_values_to_the_command_alone() {
    look_at_each_step(false);
}

#[test]
fn running_in_a_terminal_shows_values_to_the_command_alone() {
    look_at_each_step(true);
}
