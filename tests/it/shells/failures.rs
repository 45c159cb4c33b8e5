//! Failures change nothing: the variables stay, one line is shown once, and the shell recovers by
//! itself.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;

use super::account::{Account, FIRST_KEY};
use super::follow::each;
use super::hygiene::make_executable;
use super::trace::Traced;
use crate::pty::{Terminal, wait_for};

const CONFIG: &str = ".config/vastenv/config.toml";

fn account() -> Account {
    Account::with(&[("HF_TOKEN", "hf_1")])
}

fn snapshot(account: &Account) -> PathBuf {
    let folder = std::fs::read_dir(account.home.path(".cache/vastenv")).expect("a cache");
    folder.map(|entry| entry.expect("an entry").path().join("snapshot.json")).next().expect("an account")
}

/// Makes the shell load at its next prompt: another setting, of no consequence here.
fn nudge(account: &Account, minutes: usize) {
    account.home.write(CONFIG, &format!("max_age = \"{minutes}m\"\n"));
}

/// Waits until a refresh has failed, which is remembered in a file.
fn wait_for_failure(account: &Account) {
    let folder = account.home.path(".local/state/vastenv/backoff");
    wait_for("a failed refresh", || std::fs::read_dir(&folder).ok()?.next().map(drop));
}

/// Lines of vastenv's own in what a terminal showed.
fn said(text: &str) -> Vec<&str> {
    // fish writes spaces and a carriage return before what may have to begin a line.
    text.split(['\r', '\n']).filter(|line| line.starts_with("vastenv:")).collect()
}

#[test]
fn a_cache_that_cannot_be_used() {
    type Damage = fn(&PathBuf);
    let damages: [(&str, Damage); 5] = [
        ("garbage", |path| std::fs::write(path, "}{").expect("written")),
        ("nothing", |path| std::fs::write(path, "").expect("written")),
        ("another format", |path| std::fs::write(path, "{\"version\": 99}").expect("written")),
        ("a folder", |path| {
            std::fs::remove_file(path).expect("removed");
            std::fs::create_dir(path).expect("a folder");
        }),
        ("a link", |path| {
            std::fs::rename(path, path.with_extension("real")).expect("moved");
            std::os::unix::fs::symlink(path.with_extension("real"), path).expect("a link");
        }),
    ];
    each(|shell| {
        for (what, damage) in damages {
            let mut account = account();
            account.stop_server();
            let mut traced = Traced::open(&account.home, shell);
            damage(&snapshot(&account));
            let mut text = String::new();
            for round in 1..4 {
                nudge(&account, round);
                text += &traced.terminal.run("");
                assert_eq!(traced.terminal.get("HF_TOKEN"), "hf_1", "{what}");
            }
            let lines = said(&text);
            // The damage, and then that the server cannot be reached.
            assert!(lines.len() <= 2, "{what}: {text}");
            assert!(lines.iter().all(|line| !line.contains("HF_TOKEN")), "{what}: {text}");
            traced.assert_steady(10, what);
        }
    });
}

#[test]
fn a_damaged_cache_is_fetched_again() {
    each(|shell| {
        let account = account();
        let mut terminal = Terminal::open(&account.home, shell);
        std::fs::write(snapshot(&account), "}{").expect("written");
        nudge(&account, 1);
        let reads = account.reads();
        terminal.run("");
        assert_eq!(terminal.get("HF_TOKEN"), "hf_1");
        wait_for("a new snapshot", || {
            let text = std::fs::read_to_string(snapshot(&account)).ok()?;
            (account.reads() > reads && text.contains("HF_TOKEN")).then_some(())
        });
        account.home.vastenv_ok(&["create", "env-var", "NEW", "1"]);
        terminal.run("");
        assert_eq!([terminal.get("HF_TOKEN"), terminal.get("NEW")], ["hf_1", "1"]);
    });
}

/// Answers every connection on `port` with `answer`, until the test ends.
fn serve(port: u16, answer: &'static str) {
    let listener = wait_for("the port", || TcpListener::bind(("127.0.0.1", port)).ok());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            // A client that has gone needs no answer.
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
}

#[test]
fn a_server_that_fails() {
    let answers = [
        (
            "too many requests",
            "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 8\r\nconnection: close\r\n\r\nslowly!\n",
        ),
        ("an error", "HTTP/1.1 500 Oops\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
        (
            "a page",
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 13\r\nconnection: close\r\n\r\n<html></html>",
        ),
        ("half an answer", "HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n{\"secrets\": {"),
        ("an empty answer", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"),
        (
            "a proxy's refusal",
            "HTTP/1.1 403 No\r\ncontent-type: text/html\r\ncontent-length: 13\r\nconnection: close\r\n\r\n<html></html>",
        ),
        ("noise", "\u{1}\u{2}\u{3}"),
    ];
    each(|shell| {
        for (what, answer) in answers {
            let mut account = account();
            let port = account
                .home
                .variables
                .iter()
                .find(|(name, _)| name == "VAST_URL")
                .expect("set")
                .1
                .rsplit(':')
                .next()
                .expect("a port")
                .parse()
                .expect("a port");
            account.stop_server();
            serve(port, answer);
            account.age_snapshot();
            let mut terminal = Terminal::open(&account.home, shell);
            assert_eq!(terminal.get("HF_TOKEN"), "hf_1", "{what}");
            wait_for_failure(&account);
            for round in 1..4 {
                nudge(&account, round);
                terminal.run("");
                assert_eq!(terminal.get("HF_TOKEN"), "hf_1", "{what}");
            }
            let text = terminal.text();
            assert_eq!(said(&text).len(), 1, "{what}: {text}");
        }
    });
}

#[test]
fn a_server_that_is_down_is_told_of_once_and_forgotten_when_it_is_back() {
    each(|shell| {
        let mut account = account();
        account.stop_server();
        account.age_snapshot();
        let mut terminal = Terminal::open(&account.home, shell);
        assert_eq!(terminal.get("HF_TOKEN"), "hf_1");
        wait_for_failure(&account);
        for round in 1..4 {
            nudge(&account, round);
            terminal.run("");
        }
        let text = terminal.text();
        assert_eq!(said(&text).len(), 1, "{text}");
        // A later shell is not told of it again.
        let (mut later, greeting) = Terminal::start(&account.home, shell, &[shell.name(), "-i"]);
        assert_eq!((said(&greeting).len(), later.get("HF_TOKEN").as_str()), (0, "hf_1"), "{greeting}");
    });
}

#[test]
fn a_lock_that_is_never_let_go() {
    each(|shell| {
        let account = account();
        account.home.vastenv_ok(&["create", "env-var", "NEW", "1"]);
        let locks: Vec<File> = std::fs::read_dir(account.home.path(".local/state/vastenv/locks"))
            .expect("locks")
            .map(|entry| File::open(entry.expect("an entry").path()).expect("a lock"))
            .collect();
        for lock in &locks {
            lock.lock().expect("locked");
        }
        account.age_snapshot();
        let reads = account.reads();
        let mut traced = Traced::open(&account.home, shell);
        assert_eq!(traced.terminal.get("HF_TOKEN"), "hf_1");
        traced.assert_steady(10, "while another holds the lock");
        assert_eq!(account.reads(), reads);
        drop(locks);
        nudge(&account, 1);
        traced.terminal.run("");
        wait_for("a refresh", || (account.reads() > reads).then_some(()));
    });
}

#[test]
fn a_reply_that_is_cut_short_changes_nothing() {
    each(|shell| {
        let mut account = account();
        let installed = account.home.path("vastenv");
        let original = std::mem::replace(&mut account.home.binary, installed.clone());
        std::fs::copy(&original, &installed).expect("copied");
        account.home.rc(shell, "", "");
        let mut terminal = Terminal::open(&account.home, shell);
        account.home.binary = original.clone();
        account.home.vastenv_ok(&["create", "env-var", "NEW", "a value that is cut in two"]);
        let cut = format!("#!/bin/sh\n'{}' \"$@\" | head -c -40\n", original.display());
        account.home.write("cut", &cut);
        make_executable(&account.home.path("cut"));
        std::fs::rename(account.home.path("cut"), &installed).expect("moved");
        let text = terminal.run("");
        assert!(text.contains("no answer from"), "{text}");
        assert_eq!([terminal.get("HF_TOKEN"), terminal.get("NEW")], ["hf_1", "unset"]);
    });
}

#[test]
fn a_ledger_that_means_nothing() {
    each(|shell| {
        let account = account();
        let mut terminal = Terminal::open(&account.home, shell);
        for ledger in ["", "2:whatever", "1:-:1::-:HF_TOKEN", "1:-:1::0123456789abcdef:@"] {
            terminal.run(&shell.export("__vastenv_ledger", ledger));
            nudge(&account, ledger.len() + 1);
            let text = terminal.run("");
            assert!(!text.contains("vastenv:"), "{ledger}: {text}");
            assert_eq!(terminal.get("HF_TOKEN"), "hf_1", "{ledger}");
        }
    });
}

#[test]
fn a_home_that_is_gone_is_told_of_once() {
    each(|shell| {
        let account = account();
        let mut traced = Traced::open(&account.home, shell);
        let home = account.home.path("").display().to_string();
        let text = traced.terminal.run(&shell.unset("HOME"));
        assert_eq!(said(&text).len(), 1, "{text}");
        assert_eq!(traced.terminal.get("HF_TOKEN"), "hf_1");
        traced.assert_steady(10, "without HOME");
        traced.terminal.run(&shell.export("VAST_API_KEY", FIRST_KEY));
        assert_eq!(said(&traced.terminal.text()).len(), 1, "{}", traced.terminal.text());
        traced.terminal.run(&shell.unset("VAST_API_KEY"));
        traced.terminal.run(&shell.export("HOME", home.trim_end_matches('/')));
        account.home.vastenv_ok(&["create", "env-var", "NEW", "1"]);
        traced.terminal.run("");
        assert_eq!(traced.terminal.get("NEW"), "1");
    });
}
