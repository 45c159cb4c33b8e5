//! `vastenv sandbox [-- CMD]`.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, ChildStdout};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use vastenv::shell::LEDGER_VARIABLE;

use super::account::TestAccount;
use crate::home::{Home, VASTENV, mode, said};

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id()).expect("a pid")), signal).expect("sent");
}

/// The next two lines that a serving sandbox prints.
fn exports(child: &mut Child) -> (HashMap<String, String>, BufReader<ChildStdout>) {
    let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut variables = HashMap::new();
    for _ in 0..2 {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line");
        let (name, value) =
            line.trim_end().strip_prefix("export ").expect("an export").split_once('=').expect("=");
        variables.insert(name.to_owned(), value.trim_matches('\'').to_owned());
    }
    (variables, reader)
}

#[test]
fn it_prints_what_to_set_and_serves_until_interrupted() {
    let home = Home::new();
    for ending in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let mut child = home.vastenv(&["sandbox", "--state", "state.json"]).spawn();
        let (variables, mut rest) = exports(&mut child);
        let user = Home::at(&variables["VAST_URL"], &variables["VAST_API_KEY"]);
        user.ok(&["set", "env-var", "A", "kept"]);
        signal(&child, ending);
        assert!(child.wait().expect("ended").success());
        let mut text = String::new();
        rest.read_to_string(&mut text).expect("text");
        assert_eq!(text, "");
        // The account and its key are there at the next start.
        let state: Value =
            serde_json::from_slice(&fs::read(home.path("state.json")).expect("read")).expect("JSON");
        assert_eq!(state["secrets"], json!({"A": "kept"}));
        assert_eq!(state["api_keys"][0]["key"], json!(variables["VAST_API_KEY"]));
        assert_eq!(mode(&home.path("state.json")), 0o600);
    }
}

#[test]
fn raw_prints_the_same_as_json() {
    let home = Home::new();
    let mut child = home.vastenv(&["--raw", "sandbox"]).spawn();
    let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut text = String::new();
    while !text.ends_with("\n}\n") {
        reader.read_line(&mut text).expect("a line");
    }
    let settings: Value = serde_json::from_str(&text).expect("JSON");
    assert!(settings["VAST_URL"].as_str().is_some_and(|url| url.starts_with("http://127.0.0.1:")), "{text}");
    signal(&child, Signal::SIGINT);
    child.wait().expect("ended");
}

#[test]
fn a_command_has_the_sandbox_and_a_home_of_its_own() {
    let mut home = Home::new();
    home.set("VAST_API_KEY", "my-own-key-stays-out-0001");
    home.set("XDG_CONFIG_HOME", home.path("my-config"));
    let key = home.write("my-config/vastai/vast_api_key", "my-own-key-stays-out-0002");
    let script = format!(
        "'{VASTENV}' set env-var A 'it'\\''s' && '{VASTENV}' set api-key \"$VAST_API_KEY\" && \
         echo \"$HOME\" && '{VASTENV}' run -- sh -c 'echo $A' && '{VASTENV}' status"
    );
    let said = home.vastenv(&["sandbox", "--", "sh", "-c", &script]).run().expect(0).hides("my-own-key");
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(lines[0].contains("vastenv-sandbox-") && !std::path::Path::new(lines[0]).exists(), "{said:?}");
    assert_eq!(lines[1], "it's");
    assert!(said.out.contains("you@sandbox.invalid") && said.out.contains("http://127.0.0.1:"), "{said:?}");
    assert_eq!(fs::read_to_string(key).expect("a key"), "my-own-key-stays-out-0002");
    assert!(!home.path(".cache").exists() && !home.path(".local").exists());
    let kept = home
        .vastenv(&["sandbox", "--keep-home", "--", "sh", "-c", "echo $HOME $XDG_CONFIG_HOME"])
        .run()
        .expect(0);
    assert_eq!(kept.out, format!("{} {}\n", home.path("").display(), home.path("my-config").display()));
}

#[test]
fn it_ends_with_the_command_and_with_its_exit_code() {
    let home = Home::new();
    for code in [0, 3, 255] {
        home.vastenv(&["sandbox", "--", "sh", "-c", &format!("exit {code}")]).run().expect(code);
    }
    home.vastenv(&["sandbox", "--", "sh", "-c", "kill -KILL $$"]).run().expect(128 + 9);
    home.vastenv(&["sandbox", "--", "no-such-program"]).run().refuses(127, &["cannot run no-such-program"]);
    let plain = home.write("plain", "");
    home.vastenv(&["sandbox", "--", plain.to_str().expect("text")])
        .run()
        .refuses(126, &["permission denied"]);
    assert_eq!(home.ok(&["sandbox", "--", "printf", "%s|", "--state", "-q", "--", ""]), "--state|-q|--||");
}

#[test]
fn a_request_to_end_is_passed_on_and_the_end_awaited() {
    let home = Home::new();
    // The wait for a line that never comes ends with the signal.
    let script = "trap 'echo asked; exit 5' TERM; mkfifo f; exec 3<>f; echo ready; read line <&3";
    let mut child = home.vastenv(&["sandbox", "--", "sh", "-c", script]).spawn();
    let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    reader.read_line(&mut line).expect("a line");
    assert_eq!(line, "ready\n");
    // Ctrl-C is the command's own affair.
    signal(&child, Signal::SIGINT);
    signal(&child, Signal::SIGTERM);
    line.clear();
    reader.read_line(&mut line).expect("a line");
    assert_eq!(line, "asked\n");
    assert_eq!(child.wait().expect("ended").code(), Some(5));
}

#[test]
fn what_a_shell_has_loaded_does_not_leak_in() {
    // So many that the ledger rests in a file, and few that it does not.
    for count in [2, 1500] {
        let secrets: serde_json::Map<_, _> =
            (0..count).map(|number| (format!("A_LONG_NAME_{number}"), json!("hidden-v"))).collect();
        let account = TestAccount::with(&Value::Object(secrets));
        let home = account.known_home();
        let script =
            format!("eval \"$('{VASTENV}' hook bash)\"; echo \"$A_LONG_NAME_1\"; '{VASTENV}' sandbox -- env");
        let said = home.command("bash", &["--norc", "-c", &script]).run().expect(0);
        let (first, rest) = said.out.split_once('\n').expect("lines");
        assert_eq!(first, "hidden-v");
        assert!(rest.contains("VAST_URL=http://127.0.0.1:"), "{rest}");
        assert!(!rest.contains("hidden-v") && !rest.contains(LEDGER_VARIABLE), "{rest}");
    }
}

#[test]
fn a_taken_port_and_a_bad_state_file_are_named() {
    let home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let said = home.vastenv(&["sandbox", "--port", &port, "--", "touch", "ran"]).run();
    let said = said
        .refuses(1, &[&format!("cannot listen on port {port}"), "already in use", "hint: give another port"]);
    assert!(!said.err.contains("os error") && !home.path("ran").exists());
    let state = home.write("state.json", "{\"secrets\": {\"A\": hidden-v");
    home.vastenv(&["sandbox", "--state", "state.json", "--", "true"])
        .run()
        .refuses(1, &["state.json is not JSON", "hint: "])
        .hides("hidden-v");
    assert_eq!(fs::read_to_string(state).expect("text"), "{\"secrets\": {\"A\": hidden-v");
    home.vastenv(&["sandbox", "--state", "no/such/folder.json", "--", "true"])
        .run()
        .refuses(1, &["no/such/folder.json"]);
}

#[test]
fn two_sandboxes_stand_side_by_side() {
    let home = Home::new();
    let children: Vec<Child> =
        (0..2).map(|_| home.vastenv(&["sandbox", "--", "sh", "-c", "echo $VAST_URL"]).spawn()).collect();
    let urls: Vec<String> = children
        .into_iter()
        .map(|child| said(child.wait_with_output().expect("ended")).expect(0).out)
        .collect();
    assert_ne!(urls[0], urls[1]);
}

#[test]
fn values_are_hidden_as_by_the_service_unless_they_are_to_be_told() {
    let home = Home::new();
    let script = format!(
        "'{VASTENV}' -q create env-var A hidden-v --no-remember && '{VASTENV}' show env-vars -s --raw"
    );
    for (option, told) in
        [(None, Value::Null), (Some("--mask"), Value::Null), (Some("--plain"), json!("hidden-v"))]
    {
        let words: Vec<&str> =
            ["sandbox"].into_iter().chain(option).chain(["--", "sh", "-c", &script]).collect();
        let shown: Value = serde_json::from_str(&home.ok(&words)).expect("JSON");
        assert_eq!(shown, json!({"A": told}), "{option:?}");
    }
}

#[test]
fn its_instances_are_what_the_command_line_says() {
    let home = Home::new();
    let seeds = ["--instance", "7=127.0.0.1:2222,label=train", "--instance", "8,status=exited"];
    let script = format!("'{VASTENV}' __refresh instances; cat \"$XDG_CACHE_HOME\"/vastenv/*/instances.json");
    let words: Vec<&str> = ["sandbox"].into_iter().chain(seeds).chain(["--", "sh", "-c", &script]).collect();
    let cached: Value = serde_json::from_str(&home.ok(&words)).expect("JSON");
    let entry = |id: u64, name: &str, status: &str| json!({"id": id, "name": name, "detail": "RTX 4090", "status": status});
    assert_eq!(cached["entries"], json!([entry(7, "train", "running"), entry(8, "", "exited")]));
    for bad in ["7=127.0.0.1", "train", "7,size=9"] {
        home.vastenv(&["sandbox", "--instance", bad, "--", "touch", "ran"]).run().refuses(2, &["--instance"]);
    }
    assert!(!home.path("ran").exists());
}

#[test]
fn only_a_shell_to_type_in_finds_variables() {
    let home = Home::new();
    for words in [&["sh", "-c", "cat"][..], &["bash", "-c", "cat"], &["cat"]] {
        let words = [&["sandbox", "--"], words].concat();
        let said = home.vastenv(&words).stdin("typed").run().expect(0);
        assert_eq!((said.out.as_str(), said.err.as_str()), ("typed", ""), "{words:?}");
    }
    let said = home.vastenv(&["sandbox", "--", "bash"]).stdin("echo \"$0 reads\"").run().expect(0);
    assert_eq!(said.out, "bash reads\n");
    // One that has variables keeps them, and gets no others.
    home.write("state.json", r#"{"secrets": {"MINE": "1"}}"#);
    home.vastenv(&["sandbox", "--state", "state.json", "--", "bash"]).stdin("exit").run().expect(0);
    let state: Value =
        serde_json::from_slice(&fs::read(home.path("state.json")).expect("read")).expect("JSON");
    assert_eq!(state["secrets"], json!({"MINE": "1"}));
    home.vastenv(&["sandbox", "--keep-home", "--", "bash"]).stdin("exit").run().expect(0);
    assert!(!home.path(".bashrc").exists());
}
