//! The detached refresh: old values at once, one question for all shells, and a life of its own.

use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::account::Account;
use super::follow::{each, each_at_once};
use crate::common::skip::can;
use crate::pty::{Home, PATIENCE, Shell, Terminal, wait_for};
use crate::raw_server::{RawServer, Reply};

const SECRETS: &str = r#"{"success": true, "secrets": {"HF_TOKEN": "hf_1"}}"#;

/// An account whose home has a program of its own.
fn slow_account(latency: Duration) -> Account {
    let mut account = Account::slow(&[("HF_TOKEN", "hf_1")], latency);
    account.home.take_own_program();
    account
}

/// The detached process that works for this home. Whoever may not look into it still sees its words.
fn refresher(home: &Home) -> Option<u32> {
    std::fs::read_dir("/proc").expect("processes").find_map(|entry| {
        let path = entry.ok()?.path();
        let pid = path.file_name()?.to_str()?.parse().ok()?;
        let words = std::fs::read(path.join("cmdline")).ok()?;
        let mut words = words.split(|byte| *byte == 0);
        let is_ours = words.next() == Some(home.binary.as_os_str().as_bytes());
        (is_ours && words.next() == Some(b"__refresh")).then_some(pid)
    })
}

/// A field of `/proc/PID/stat`, counted from 1 as in proc(5).
fn stat(pid: u32, field: usize) -> String {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
    let (_, rest) = text.rsplit_once(')').expect("a name");
    rest.split_whitespace().nth(field - 3).expect("a field").to_owned()
}

fn has_proc() -> bool {
    can(Path::new("/proc/self/stat").exists(), "the system has no /proc")
}

#[test]
fn old_values_come_at_once_and_new_ones_at_a_later_prompt() {
    each(|shell| {
        let account = Account::with(&[("HF_TOKEN", "hf_1")]);
        account.age_snapshot();
        // A change made on another machine: the server knows, this one does not.
        account.change_elsewhere("HF_TOKEN", "hf_2");
        let before = account.reads();
        let generation = account.home.generation();
        let mut terminal = Terminal::open(&account.home, shell);
        assert!(["hf_1", "hf_2"].contains(&terminal.get("HF_TOKEN").as_str()));
        wait_for("the news", || (account.home.generation() != generation).then_some(()));
        terminal.run("");
        assert_eq!(terminal.get("HF_TOKEN"), "hf_2");
        assert_eq!(account.reads(), before + 1);
    });
}

#[test]
fn a_shell_asks_again_by_its_own_clock() {
    each_at_once(|shell| {
        let account = Account::with(&[("HF_TOKEN", "hf_1")]);
        account.home.write(".config/vastenv/config.toml", "max_age = \"5s\"\n");
        let before = account.reads();
        let mut terminal = Terminal::open(&account.home, shell);
        if shell == Shell::Fish {
            let clock = terminal.run("functions __vastenv_same");
            assert!(clock.contains("/dev/pts/"), "not by its terminal: {clock}");
        }
        // Nothing happens but prompts.
        wait_for("a refresh", || {
            terminal.run("");
            (account.reads() > before).then_some(())
        });
    });
}

#[test]
fn many_shells_at_once_ask_the_server_once() {
    if !has_proc() {
        return;
    }
    each(|shell| {
        let account = slow_account(Duration::from_millis(500));
        account.age_snapshot();
        let before = account.reads();
        let shells: Vec<_> = (0..100)
            .map(|_| {
                let line = "printf '[%s]' $HF_TOKEN";
                let mut command = account.home.command(shell.name());
                command.args(["-i", "-c", line]).stdout(std::process::Stdio::piped());
                command.stdin(std::process::Stdio::null()).stderr(std::process::Stdio::null());
                command.spawn().expect("the shell starts")
            })
            .collect();
        for child in shells {
            let output = child.wait_with_output().expect("it ends");
            assert_eq!(String::from_utf8_lossy(&output.stdout), "[hf_1]");
        }
        wait_for("the refresh to end", || {
            (account.reads() > before && refresher(&account.home).is_none()).then_some(())
        });
        assert_eq!(account.reads(), before + 1);
    });
}

#[test]
fn shells_that_know_nothing_yet_ask_the_server_once() {
    if !has_proc() {
        return;
    }
    each(|shell| {
        let mut account = Account::unfetched(&[("HF_TOKEN", "hf_1")], Duration::from_millis(300));
        account.home.take_own_program();
        let mut terminals: Vec<_> = (0..4).map(|_| Terminal::open(&account.home, shell)).collect();
        wait_for("the refresh to end", || {
            for terminal in &mut terminals {
                terminal.run("");
            }
            (account.reads() > 0 && refresher(&account.home).is_none()).then_some(())
        });
        for terminal in &mut terminals {
            terminal.run("");
            assert_eq!(terminal.get("HF_TOKEN"), "hf_1");
        }
        assert_eq!(account.reads(), 1);
    });
}

#[test]
fn the_refresh_has_a_life_of_its_own() {
    if !has_proc() {
        return;
    }
    each(|shell| {
        // Once told to, the server tells the variables only when it is let.
        let (release, released) = channel::<()>();
        let holds = Arc::new(AtomicBool::new(false));
        let held = Arc::clone(&holds);
        let server = RawServer::start(move |target| {
            if held.load(Ordering::SeqCst) && target.contains("/secrets/") {
                let _ = released.recv();
            }
            Reply::json(200, if target.contains("/users/") { r#"{"id": 7}"# } else { SECRETS })
        });
        let mut account = Account::unfetched(&[], Duration::ZERO);
        account.home.variable("VAST_URL", &server.url());
        account.home.take_own_program();
        account.home.vastenv_ok(&["refresh", "--quiet"]);
        // Whoever holds its other end keeps this pipe from ending.
        let fifo = account.home.path("held");
        mkfifo(&fifo, Mode::S_IRWXU).expect("made");
        let (ended, end) = channel();
        let reader = fifo.clone();
        std::thread::spawn(move || {
            let read = std::fs::File::open(reader).and_then(|mut pipe| pipe.read_to_end(&mut Vec::new()));
            ended.send(read.is_ok())
        });
        let words = ["sh", "-c", &format!("exec 9>held; exec {} -i", shell.name())];
        let (mut terminal, _) = Terminal::start(&account.home, shell, &words);
        account.age_snapshot();
        let before = server.targets().len();
        holds.store(true, Ordering::SeqCst);
        account.home.write(".config/vastenv/config.toml", "max_age = \"1m\"\n");
        let text = terminal.run("");
        assert!(!text.contains("one") && !text.contains("[1]"), "{text}");
        let pid = wait_for("the refresh", || refresher(&account.home));
        // Its own session, once it has begun.
        wait_for("its session", || (stat(pid, 6) == pid.to_string()).then_some(()));
        assert_eq!(stat(pid, 7), "0", "it has a terminal");
        assert_ne!(stat(pid, 4), terminal.pid().to_string(), "it is the shell's child");
        let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", terminal.pid()));
        for child in children.unwrap_or_default().split_whitespace() {
            // fish reads manual pages in the background; one that has just ended has no name.
            let name = std::fs::read_to_string(format!("/proc/{child}/comm")).unwrap_or_default();
            assert!(!name.contains("vastenv"), "the shell has a child {name}");
        }
        wait_for("a request", || (server.targets().len() > before).then_some(()));
        // While it waits for the answer, it holds nothing of what the shell had open.
        terminal.send("exit\n");
        terminal.wait_for_end();
        assert_eq!(end.recv_timeout(PATIENCE), Ok(true), "it holds descriptor nine");
        terminal.close();
        assert!(refresher(&account.home).is_some(), "it has ended with the shell");
        release.send(()).expect("the server");
        wait_for("the end of the refresh", || refresher(&account.home).is_none().then_some(()));
        let asked = server.targets().split_off(before);
        assert_eq!(asked.len(), 2, "the variables and the instances: {asked:?}");
        assert!(account.snapshot_is_fresh());
    });
}

#[test]
fn ctrl_c_does_not_reach_the_refresh() {
    if !has_proc() {
        return;
    }
    each(|shell| {
        let account = slow_account(Duration::from_secs(1));
        account.age_snapshot();
        let before = account.reads();
        let mut terminal = Terminal::open(&account.home, shell);
        let pid = wait_for("the refresh", || refresher(&account.home));
        wait_for("its session", || (stat(pid, 6) == pid.to_string()).then_some(()));
        terminal.send("sh -c 'echo be\"\"gun; exec sleep 1000'\n");
        terminal.until("begun");
        terminal.send("\u{3}");
        terminal.until("READY> ");
        terminal.settle();
        wait_for("the answer", || (account.reads() > before && account.snapshot_is_fresh()).then_some(()));
    });
}
