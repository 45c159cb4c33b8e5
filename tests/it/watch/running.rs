//! When a watch asks, what it says, and how it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::sys::signal::Signal;

use super::{Watch, claims};
use crate::pty::{Home, wait_for};
use crate::raw_server::{RawServer, Reply};
use crate::shells::account::{Account, FIRST_KEY, KEY_FILE, SECOND_KEY};

const CONFIG: &str = ".config/vastenv/config.toml";

/// Whether a refresh of this home's own program runs.
fn asks(home: &Home) -> bool {
    let program = home.binary.to_str().expect("a path").to_owned();
    std::fs::read_dir("/proc").is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            let words = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            words.starts_with(program.as_bytes()) && words.windows(9).any(|part| part == b"__refresh")
        })
    })
}

#[test]
fn a_watch_asks_again_and_again_and_an_unchanged_answer_is_no_news() {
    let account = Account::unfetched(&[("HF_TOKEN", "hf_1")], Duration::ZERO);
    account.home.write(CONFIG, "max_age = \"5s\"\n");
    account.home.vastenv_ok(&["refresh"]);
    let mut watch = Watch::ready(&account.home);
    let (before, generation) = (account.reads(), account.home.generation());
    wait_for("three requests", || (account.reads() >= before + 3).then_some(()));
    assert_eq!(account.home.generation(), generation);
    account.change_elsewhere("HF_TOKEN", "hf_secret");
    assert_eq!(watch.until("HF_TOKEN"), "vastenv: 1 variable: ~HF_TOKEN");
    assert_ne!(account.home.generation(), generation);
    watch.stop();
    let said = watch.lines();
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(!said.concat().contains("hf_") && said[2] == "vastenv: stopped by SIGTERM", "{said:?}");
}

#[test]
fn each_request_comes_before_the_cache_is_old() {
    let account = Account::with(&[("HF_TOKEN", "hf_1")]);
    account.home.write(CONFIG, "max_age = \"1h\"\n");
    let _watch = Watch::ready(&account.home);
    let promise = || claims(&account.home)[0].1.split_once(' ').and_then(|(_, at)| at.parse::<u64>().ok());
    let fetched_at = || {
        let text = std::fs::read_to_string(
            account
                .home
                .path(".cache/vastenv")
                .read_dir()
                .expect("a cache")
                .next()
                .expect("an account")
                .expect("an entry")
                .path()
                .join("snapshot.json"),
        );
        let snapshot: serde_json::Value = serde_json::from_str(&text.expect("text")).expect("JSON");
        snapshot["fetched_at"].as_u64().expect("a time")
    };
    wait_for("the promise", || (promise() == Some(fetched_at() + 3600 - 30)).then_some(()));
    // The settings are read anew, and so is a cache that another process has refreshed.
    account.home.write(CONFIG, "max_age = \"100s\"\n");
    wait_for("another", || (promise() == Some(fetched_at() + 90)).then_some(()));
}

#[test]
fn a_machine_that_slept_asks_at_once() {
    let account = Account::with(&[("HF_TOKEN", "hf_1")]);
    let _watch = Watch::ready(&account.home);
    let before = account.reads();
    account.age_snapshot();
    wait_for("a request", || (account.reads() > before && account.snapshot_is_fresh()).then_some(()));
}

#[test]
fn there_is_one_watch_of_an_account() {
    let mut account = Account::with(&[("HF_TOKEN", "hf_1")]);
    let mut watch = Watch::ready(&account.home);
    for key in [FIRST_KEY, SECOND_KEY] {
        account.home.variable("VAST_API_KEY", key);
        account.home.vastenv_ok(&["refresh", "--quiet"]);
        let second = account.home.vastenv(&["watch"]);
        let said = String::from_utf8_lossy(&second.stderr).into_owned();
        assert_eq!(second.status.code(), Some(1), "{said}");
        assert!(
            said.contains(&format!("another watch keeps this account fresh (process {})", watch.pid())),
            "{said}"
        );
    }
    watch.stop();
    assert!(claims(&account.home).iter().all(|(_, note)| note.is_empty()));
    let mut next = Watch::ready(&account.home);
    // However it ends, it leaves nothing that stands in the way of another.
    next.send(Signal::SIGKILL);
    assert_eq!(next.wait(), None);
    Watch::ready(&account.home).stop();
}

#[test]
fn every_request_to_end_is_one_even_while_the_server_is_asked() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let mut account = Account::slow(&[("HF_TOKEN", "hf_1")], Duration::from_secs(2));
        account.home.take_own_program();
        account.age_snapshot();
        let mut watch = Watch::ready(&account.home);
        wait_for("a refresh", || asks(&account.home).then_some(()));
        watch.send(signal);
        assert_eq!(watch.wait(), Some(0), "{signal}");
        assert!(!asks(&account.home), "{signal}");
        assert!(!account.snapshot_is_fresh(), "{signal}: it waited for the answer");
        assert!(claims(&account.home).iter().all(|(_, note)| note.is_empty()), "{signal}");
    }
}

#[test]
fn a_watch_whose_program_was_replaced_ends_so_that_the_new_one_can_start() {
    let mut account = Account::with(&[("HF_TOKEN", "hf_1")]);
    account.home.take_own_program();
    let mut watch = Watch::ready(&account.home);
    std::fs::remove_file(&account.home.binary).expect("removed");
    account.age_snapshot();
    assert_eq!(watch.wait(), Some(1), "{:?}", watch.lines());
    watch.until("vastenv was replaced or removed while it ran");
}

#[test]
fn without_a_key_it_waits_for_one() {
    let account = Account::unfetched(&[("HF_TOKEN", "hf_1")], Duration::ZERO);
    std::fs::remove_dir_all(account.home.path(".config/vastai")).expect("removed");
    let mut watch = Watch::start(&account.home, &[]);
    watch.until("vastenv: warning: no API key (save one with");
    account.home.write(KEY_FILE, FIRST_KEY);
    watch.until("watching with the key");
    watch.until("1 variable: +HF_TOKEN");
    let claims = claims(&account.home);
    assert_eq!(claims.iter().filter(|(_, note)| !note.is_empty()).count(), 1, "{claims:?}");
    watch.stop();
}

#[test]
fn a_key_that_is_refused_is_told_of_once_and_another_one_tried() {
    let mut account = Account::with(&[("HF_TOKEN", "hf_1")]);
    let mut watch = Watch::ready(&account.home);
    account.home.write(KEY_FILE, &"1".repeat(64));
    watch.until("the server refused the key …1111");
    // The account that the key opened is free for another.
    account.home.variable("VAST_API_KEY", FIRST_KEY);
    Watch::ready(&account.home).stop();
    account.home.write(KEY_FILE, SECOND_KEY);
    watch.until("all is well again");
    watch.stop();
    let refused = watch.lines().iter().filter(|line| line.contains("refused")).count();
    assert_eq!(refused, 1, "{:?}", watch.lines());
}

#[test]
fn a_server_that_fails_is_told_of_once_and_asked_again_after_a_while() {
    let works = Arc::new(AtomicBool::new(false));
    let answers = Arc::clone(&works);
    let server =
        RawServer::start(move |target| match (answers.load(Ordering::SeqCst), target.contains("/users/")) {
            (false, _) => Reply::json(500, "{}"),
            (true, true) => Reply::json(200, r#"{"id": 7}"#),
            (true, false) => Reply::json(200, r#"{"success": true, "secrets": {"HF_TOKEN": "hf_1"}}"#),
        });
    let mut account = Account::unfetched(&[], Duration::ZERO);
    account.home.variable("VAST_URL", &server.url());
    let mut watch = Watch::ready(&account.home);
    watch.until("vastenv: warning: ");
    let asked = server.targets().len();
    wait_for("another request", || (server.targets().len() > asked).then_some(()));
    works.store(true, Ordering::SeqCst);
    watch.until("1 variable: +HF_TOKEN");
    watch.until("all is well again");
    watch.stop();
    let warned = watch.lines().iter().filter(|line| line.contains("warning")).count();
    assert_eq!(warned, 1, "{:?}", watch.lines());
}

#[test]
fn once_asks_if_that_is_due_looks_and_ends() {
    let mut account = Account::with(&[("HF_TOKEN", "hf_1")]);
    let before = account.reads();
    let once = |account: &Account| {
        let output = account.home.vastenv(&["watch", "--once"]);
        (output.status.code(), String::from_utf8(output.stderr).expect("text"))
    };
    assert_eq!(once(&account), (Some(0), String::new()));
    assert_eq!(account.reads(), before);
    account.age_snapshot();
    account.change_elsewhere("HF_TOKEN", "hf_2");
    assert_eq!(once(&account), (Some(0), "vastenv: 1 variable: ~HF_TOKEN\n".to_owned()));
    assert_eq!(account.reads(), before + 1);
    // What changed since the last generation was published.
    let generation = account.home.generation();
    account.home.write(CONFIG, "allow = []\n");
    let (code, said) = once(&account);
    assert!(code == Some(0) && said.contains("config.toml changed"), "{said}");
    assert_ne!(account.home.generation(), generation);
    account.age_snapshot();
    account.stop_server();
    let (code, said) = once(&account);
    assert!(code == Some(1) && said.contains("cannot be reached"), "{code:?} {said}");
    std::fs::remove_file(account.home.path(KEY_FILE)).expect("removed");
    assert_eq!(once(&account).0, Some(4));
}

#[test]
fn what_cannot_be_kept_or_read_ends_it_or_is_waited_for() {
    let account = Account::with(&[("HF_TOKEN", "hf_1")]);
    account.home.write(CONFIG, "max_age = 5\n");
    let mut watch = Watch::start(&account.home, &[]);
    watch.until("vastenv: warning: ");
    account.home.write(CONFIG, "");
    watch.until("watching with the key");
    watch.until("all is well again");
    // What cannot be written while it runs may be over later, as a full disk is.
    let state = account.home.path(".local/state/vastenv");
    std::fs::rename(&state, account.home.path("away")).expect("moved");
    std::fs::write(&state, "").expect("written");
    account.home.write(CONFIG, "max_age = \"1h\"\n");
    watch.until("is not a folder");
    std::fs::remove_file(&state).expect("removed");
    std::fs::rename(account.home.path("away"), &state).expect("moved");
    account.home.write(CONFIG, "max_age = \"2h\"\n");
    watch.until("all is well again");
    watch.stop();
    std::fs::remove_dir_all(&state).expect("removed");
    account.home.write(".local/state/vastenv", "a file in its place");
    let output = account.home.vastenv(&["watch"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("is not a folder"), "{said}");
}

#[test]
fn it_stays_small() {
    if !std::path::Path::new("/proc/self/status").exists() {
        return;
    }
    let account = Account::with(&[("HF_TOKEN", "hf_1")]);
    account.home.write(CONFIG, "max_age = \"5s\"\n");
    let mut watch = Watch::ready(&account.home);
    let before = account.reads();
    wait_for("a request", || (account.reads() > before).then_some(()));
    let status = std::fs::read_to_string(format!("/proc/{}/status", watch.pid())).expect("a process");
    let own = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("its own memory");
    let kilobytes: u64 = own.trim().trim_end_matches(" kB").parse().expect("a number");
    assert!(kilobytes < 10_000, "{status}");
    watch.stop();
}

#[test]
fn the_command_that_prints_a_key_runs_for_requests_and_not_for_looks() {
    let account = Account::unfetched(&[("HF_TOKEN", "hf_1")], Duration::ZERO);
    let count = account.home.path("count");
    let profile = |end: &str, max_age: &str| {
        let script = format!("echo >>{}; {end}", count.display());
        let config = serde_json::json!(["sh", "-c", script]);
        let url = account.url();
        format!("[profiles.work]\nurl = \"{url}\"\napi_key_command = {config}\nmax_age = \"{max_age}\"\n")
    };
    let runs = || std::fs::read_to_string(&count).unwrap_or_default().len();
    account.home.write(CONFIG, &profile(&format!("echo {FIRST_KEY}"), "1h"));
    let mut watch = Watch::start(&account.home, &["--profile", "work"]);
    watch.until("1 variable: +HF_TOKEN");
    assert_eq!(runs(), 1);
    for hours in [2, 3] {
        account.home.write(CONFIG, &profile(&format!("echo {FIRST_KEY}"), &format!("{hours}h")));
        watch.until(&format!("asking the server every {hours} h"));
    }
    assert_eq!(runs(), 1);
    account.home.write(CONFIG, &profile("exit 7", "3h"));
    account.age_snapshot();
    watch.until("exit code 7");
    let failed = runs();
    for round in 0..3 {
        account.home.write(CONFIG, &format!("# {round}\n{}", profile("exit 7", "3h")));
        watch.until("config.toml changed");
    }
    assert!(runs() <= failed + 1, "{failed}, then {}", runs());
    watch.stop();
}

#[test]
fn status_and_doctor_tell_of_a_watch() {
    let account = Account::with(&[("HF_TOKEN", "hf_1")]);
    let report = |words: &[&str]| account.home.vastenv_ok(words);
    let raw = || -> serde_json::Value { serde_json::from_str(&report(&["status", "--raw"])).expect("JSON") };
    assert!(!report(&["status"]).contains("watch") && !report(&["doctor"]).contains("watch"));
    assert_eq!(raw()["watch"], serde_json::Value::Null);
    let mut watch = Watch::ready(&account.home);
    let process = watch.pid();
    wait_for("the promise", || claims(&account.home)[0].1.contains(' ').then_some(()));
    for command in ["status", "doctor"] {
        let said = report(&[command]);
        assert!(said.contains(&format!("running (process {process}), asks the server in")), "{said}");
    }
    assert_eq!((&raw()["watch"]["process"], &raw()["watch"]["late"]), (&process.into(), &false.into()));
    watch.send(Signal::SIGSTOP);
    std::fs::write(&claims(&account.home)[0].0, format!("{process} 1")).expect("written");
    let said = report(&["status"]);
    assert!(
        said.contains(&format!("hangs (process {process})")) && said.contains(&format!("kill -9 {process}")),
        "{said}"
    );
    watch.send(Signal::SIGKILL);
    watch.wait();
    let said = report(&["status"]);
    assert!(!said.contains("watch") && said.contains("refresh "), "{said}");
}
