//! The detached refresh: old values at once, one question for all shells, and a life of its own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::account::Account;
use crate::follow::each;
use crate::pty::{Shell, Terminal, wait_for};

/// The detached process that works for this home.
fn refresher(home: &Path) -> Option<u32> {
    let home = format!("HOME={}", home.to_str().expect("a path").trim_end_matches('/'));
    std::fs::read_dir("/proc").expect("processes").find_map(|entry| {
        let path = entry.ok()?.path();
        let pid = path.file_name()?.to_str()?.parse().ok()?;
        let words = std::fs::read(path.join("cmdline")).ok()?;
        let environment = std::fs::read(path.join("environ")).ok()?;
        let is_ours = environment.split(|byte| *byte == 0).any(|entry| entry == home.as_bytes());
        (is_ours && words.split(|byte| *byte == 0).any(|word| word == b"__refresh")).then_some(pid)
    })
}

/// A field of `/proc/PID/stat`, counted from 1 as in proc(5).
fn stat(pid: u32, field: usize) -> String {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
    let (_, rest) = text.rsplit_once(')').expect("a name");
    rest.split_whitespace().nth(field - 3).expect("a field").to_owned()
}

fn has_proc() -> bool {
    let here = Path::new("/proc/self/stat").exists();
    if !here {
        eprintln!("SKIPPED: there is no /proc to look at processes");
    }
    here
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
    std::thread::scope(|scope| {
        for shell in Shell::ALL {
            scope.spawn(move || {
                if !shell.is_here() {
                    return;
                }
                let account = Account::with(&[("HF_TOKEN", "hf_1")]);
                account.home.write(".config/vastenv/config.toml", "max_age = \"5s\"\n");
                let before = account.reads();
                let mut terminal = Terminal::open(&account.home, shell);
                if shell == Shell::Fish {
                    let clock = terminal.run("set -S __vastenv_soon");
                    assert!(clock.contains("/dev/stdin"), "not by its terminal: {clock}");
                }
                // Nothing happens but prompts.
                wait_for("a refresh", || {
                    terminal.run("");
                    (account.reads() > before).then_some(())
                });
            });
        }
    });
}

#[test]
fn many_shells_at_once_ask_the_server_once() {
    each(|shell| {
        let account = Account::slow(&[("HF_TOKEN", "hf_1")], Duration::from_millis(500));
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
            (account.reads() > before && refresher(&account.home.path("")).is_none()).then_some(())
        });
        assert_eq!(account.reads(), before + 1);
    });
}

#[test]
fn shells_that_know_nothing_yet_ask_the_server_once() {
    each(|shell| {
        let account = Account::unfetched(&[("HF_TOKEN", "hf_1")], Duration::from_millis(300));
        let mut terminals: Vec<_> = (0..4).map(|_| Terminal::open(&account.home, shell)).collect();
        wait_for("the refresh to end", || {
            for terminal in &mut terminals {
                terminal.run("");
            }
            (account.reads() > 0 && refresher(&account.home.path("")).is_none()).then_some(())
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
        let account = Account::slow(&[("HF_TOKEN", "hf_1")], Duration::from_secs(3));
        let mut terminal = Terminal::open(&account.home, shell);
        let open = if shell == Shell::Fish { "" } else { "exec 9> descriptor-nine" };
        terminal.run(open);
        account.age_snapshot();
        let before = account.reads();
        account.home.write(".config/vastenv/config.toml", "max_age = \"1m\"\n");
        let text = terminal.run("");
        assert!(!text.contains("one") && !text.contains("[1]"), "{text}");
        let pid = wait_for("the refresh", || refresher(&account.home.path("")));
        // Its own session, once it has begun.
        wait_for("its session", || (stat(pid, 6) == pid.to_string()).then_some(()));
        assert_eq!(stat(pid, 7), "0", "it has a terminal");
        assert_ne!(stat(pid, 4), terminal.pid().to_string(), "it is the shell's child");
        let held = || -> Vec<PathBuf> {
            let entries = std::fs::read_dir(format!("/proc/{pid}/fd")).expect("descriptors");
            entries.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok()).collect()
        };
        // The request is under way when nothing of the terminal is held any more.
        wait_for("a request", || {
            held().iter().any(|file| file.to_string_lossy().contains("socket")).then_some(())
        });
        for file in held() {
            let name = file.to_string_lossy().into_owned();
            assert!(!name.contains("/dev/pts") && !name.contains("descriptor-nine"), "it holds {name}");
        }
        let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", terminal.pid()));
        for child in children.unwrap_or_default().split_whitespace() {
            // fish reads manual pages in the background; one that has just ended has no name.
            let name = std::fs::read_to_string(format!("/proc/{child}/comm")).unwrap_or_default();
            assert!(!name.contains("vastenv"), "the shell has a child {name}");
        }
        terminal.close();
        wait_for("the end of the refresh", || {
            (account.reads() > before && refresher(&account.home.path("")).is_none()).then_some(())
        });
        assert_eq!(account.reads(), before + 1);
        assert!(account.snapshot_is_fresh());
    });
}

#[test]
fn ctrl_c_does_not_reach_the_refresh() {
    if !has_proc() {
        return;
    }
    each(|shell| {
        let account = Account::slow(&[("HF_TOKEN", "hf_1")], Duration::from_secs(1));
        account.age_snapshot();
        let before = account.reads();
        let mut terminal = Terminal::open(&account.home, shell);
        let pid = wait_for("the refresh", || refresher(&account.home.path("")));
        wait_for("its session", || (stat(pid, 6) == pid.to_string()).then_some(()));
        terminal.send("sh -c 'echo be\"\"gun; exec sleep 1000'\n");
        terminal.until("begun");
        terminal.send("\u{3}");
        terminal.until("READY> ");
        terminal.settle();
        wait_for("the answer", || (account.reads() > before && account.snapshot_is_fresh()).then_some(()));
    });
}
