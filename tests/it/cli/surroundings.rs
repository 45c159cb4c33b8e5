//! No home, closed streams, full disks, and readers that go away.

use std::fs::OpenOptions;
use std::process::Stdio;

use serde_json::json;

use super::account::{OTHER_KEY, TestAccount};
use crate::common::process::command;
use crate::common::skip::can;
use crate::home::{Home, Said, VASTENV, said};
use crate::terminal::Terminal;

#[test]
fn without_a_home_every_command_says_so() {
    let nowhere = Home::new();
    for arguments in [
        &["status"][..],
        &["export", "bash"],
        &["refresh"],
        &["run", "--", "true"],
        &["show", "env-vars"],
        &["create", "env-var", "A", "hidden-v"],
        &["update", "env-var", "A", "hidden-v"],
        &["set", "env-var", "A", "hidden-v"],
        &["set", "api-key", "hidden-v-hidden-v"],
        &["delete", "env-var", "A"],
    ] {
        for home in ["", "relative"] {
            let call = nowhere.vastenv(arguments).env("HOME", home);
            call.run().refuses(1, &["HOME is not set", "hint: "]).hides("hidden-v");
        }
        nowhere.vastenv(arguments).without("HOME").run().refuses(1, &["HOME is not set"]);
    }
    // A shell keeps what it has, and is told once.
    for (told, says) in [("", "HOME is not set"), ("home", "")] {
        let hook = ["export", "bash", "--hook", "1", "start", told, "", "", ""];
        let said = nowhere.vastenv(&hook).without("HOME").run().expect(0);
        assert!(said.out.ends_with("__vastenv_done\n") && !said.out.contains("_unset"), "{said:?}");
        assert!(said.err.contains(says) && said.err.is_empty() == says.is_empty(), "{said:?}");
    }
    for arguments in [&["hook", "bash"][..], &["--help"], &["--version"]] {
        assert!(!nowhere.vastenv(arguments).without("HOME").run().expect(0).out.is_empty());
    }
}

#[test]
fn xdg_folders_stand_in_for_a_home() {
    let account = TestAccount::with(&json!({"A": "1"}));
    let mut home = account.home();
    for name in ["CONFIG", "CACHE", "STATE"] {
        home.set(format!("XDG_{name}_HOME"), home.path(name));
    }
    home.unset("HOME");
    assert_eq!(home.ok(&["export", "dotenv"]), "A='1'\n");
    assert!(home.path("CACHE/vastenv").exists() && home.path("STATE/vastenv").exists());
}

#[test]
fn no_child_of_a_test_has_the_terminal_of_the_tester() {
    let this = std::env::current_exe().expect("a path");
    let test = "cli::surroundings::helper_opens_a_terminal";
    let script = format!(
        "'{}' --exact {test} --ignored --nocapture; : </dev/tty && echo tester has one",
        this.display()
    );
    let (seen, code) = Terminal::open(&Home::new(), 80, &script).end();
    assert!(code == 0 && seen.contains("tester has one") && seen.contains("1 passed"), "{seen}");
}

#[test]
#[ignore = "needs the terminal that the test above makes"]
fn helper_opens_a_terminal() {
    let home = Home::new();
    let open = [home.command("sh", &["-c", ": </dev/tty"]).run().code, {
        let mut command = command("sh");
        command.args(["-c", ": </dev/tty"]).status().expect("started").code().expect("a code")
    }];
    assert!(!open.contains(&0), "{open:?}");
}

#[test]
fn a_home_that_is_gone_is_never_made_anew() {
    let account = TestAccount::with(&json!({"A": "1"}));
    let mut home = account.home();
    let gone = home.path("gone");
    home.set("HOME", &gone);
    let hook = ["export", "bash", "--hook", "1", "start", "", "", "", ""];
    let man = gone.join("man").display().to_string();
    for state in [None, Some(gone.join(".local/state"))] {
        if let Some(state) = state {
            home.set("XDG_STATE_HOME", state);
        }
        for arguments in [
            &hook[..],
            &["__refresh"],
            &["refresh"],
            &["export", "json"],
            &["run", "--", "true"],
            &["set", "env-var", "A", "2"],
            &["set", "api-key", "--no-verify", OTHER_KEY],
            &["create", "ssh-key", "-y"],
            &["man", &man],
            &["status"],
        ] {
            let said = home.vastenv(arguments).run();
            assert!(!gone.exists(), "{arguments:?}: {said:?}");
            assert!(said.code == 0 || arguments == ["__refresh"] || said.err.contains("hint: "), "{said:?}");
        }
    }
    home.vastenv(&["set", "api-key", "--no-verify", OTHER_KEY])
        .run()
        .refuses(1, &["cannot write", "HOME does not exist: set it to your home folder"]);
    // Other folders are made as ever.
    for name in ["CONFIG", "CACHE", "STATE", "DATA"] {
        home.set(format!("XDG_{name}_HOME"), home.path("new").join(name));
    }
    home.ok(&["refresh", "--quiet"]);
    assert!(home.path("new/STATE/vastenv").exists() && !gone.exists());
}

/// The program in `home` with stdout as given.
fn with_stdout(home: &Home, arguments: &[&str], stdout: Stdio) -> Said {
    let mut command = command(VASTENV);
    command
        .args(arguments)
        .env_clear()
        .env("HOME", home.path(""))
        .env("VAST_API_KEY", "a-key-that-never-leaves-1");
    command.env("VAST_URL", "http://127.0.0.1:9").stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped());
    said(command.spawn().expect("started").wait_with_output().expect("ended"))
}

#[test]
fn a_full_disk_behind_stdout_is_a_failure() {
    let full = OpenOptions::new().write(true).open("/dev/full");
    if !can(full.is_ok(), "the system has no /dev/full") {
        return;
    }
    let full = full.expect("a device");
    let home = Home::new();
    for arguments in [&["status"][..], &["hook", "zsh"], &["--help"], &["--version"], &["--curl", "refresh"]]
    {
        let full = full.try_clone().expect("a copy");
        with_stdout(&home, arguments, full.into())
            .expect(1)
            .mentions(&["vastenv: cannot write to stdout: no space left on device"]);
    }
}

#[test]
fn a_reader_that_has_gone_is_none() {
    let home = Home::new();
    for arguments in [&["status"][..], &["hook", "zsh"], &["--help"], &["--curl", "refresh"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let said = with_stdout(&home, arguments, writer.into()).expect(0);
        assert_eq!(said.err, "", "{arguments:?}");
    }
}

#[test]
fn closed_streams_are_survived() {
    let account = TestAccount::with(&json!({"A": "1"}));
    let home = account.known_home();
    for line in ["export json >&-", "status 2>&-", "status <&- >&- 2>&-", "show env-vars >&-"] {
        home.command("sh", &["-c", &format!("'{VASTENV}' {line}")]).run().expect(0);
    }
    let script = format!("'{VASTENV}' set env-var A <&-");
    home.command("sh", &["-c", &script]).run().refuses(2, &["the value of A is empty"]);
}
