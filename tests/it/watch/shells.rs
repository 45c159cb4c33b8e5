//! Shells beside a watch: while it lives, none asks the server; when it is dead or hangs, all is as without.

use std::fs::File;

use nix::sys::signal::Signal;

use super::{Watch, claims};
use crate::common::process::program;
use crate::pty::wait_for;
use crate::shells::account::Account;
use crate::shells::follow::each_at_once;
use crate::shells::trace::{Traced, can_trace};

#[test]
fn no_shell_asks_while_a_watch_does() {
    each_at_once(|shell| {
        let account = Account::with(&[("HF_TOKEN", "hf_1")]);
        account.home.write(".config/vastenv/config.toml", "max_age = \"5s\"\n");
        let mut watch = Watch::ready(&account.home);
        let mut traced = Traced::open(&account.home, shell);
        let before = account.reads();
        // Nothing happens but prompts, and the watch.
        wait_for("refreshes", || {
            traced.terminal.run("");
            (account.reads() >= before + 3).then_some(())
        });
        assert_ne!(traced.ran("__refresh"), Some(true), "{shell:?}");
        account.change_elsewhere("HF_TOKEN", "hf_2");
        watch.until("~HF_TOKEN");
        traced.terminal.run("");
        assert_eq!(traced.terminal.get("HF_TOKEN"), "hf_2", "{shell:?}");
        traced.assert_steady(5, "beside a watch");
        watch.stop();
    });
}

#[test]
fn a_shell_asks_itself_if_the_watch_is_dead_or_hangs() {
    let Some(strace) = program("strace").filter(|_| can_trace()) else { return };
    let account = Account::with(&[("HF_TOKEN", "hf_1")]);
    let asks = || {
        account.age_snapshot();
        let record = account.home.path("record");
        let mut command = account.home.command(&strace);
        command.args(["-f", "-e", "trace=process", "-o"]).arg(&record).arg(&account.home.binary);
        command.args(["export", "bash", "--hook=", "1", "prompt", "", "", "", ""]);
        let output = command.output().expect("strace");
        assert!(output.status.success(), "{output:?}");
        std::fs::read_to_string(record).expect("a record").contains("__refresh")
    };
    assert!(asks(), "without a watch");
    // One that holds the account stands in for a watch at every moment of its life.
    let mut watch = Watch::ready(&account.home);
    watch.stop();
    let (path, _) = claims(&account.home).pop().expect("a lock");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_secs();
    for (note, held, expected) in [
        (format!("1 {}", now + 1000), true, false),
        (format!("1 {now}"), true, false),
        // Long past what it promised, at five minutes.
        (format!("1 {}", now - 601), true, true),
        (format!("1 {}", now + 1000), false, true),
        (String::new(), true, true),
    ] {
        std::fs::write(&path, &note).expect("written");
        let file = File::open(&path).expect("a lock");
        if held {
            file.lock().expect("locked");
        }
        assert_eq!(asks(), expected, "{note}, held: {held}");
    }
    let mut watch = Watch::ready(&account.home);
    watch.send(Signal::SIGKILL);
    watch.wait();
    assert!(asks(), "after a kill");
}
