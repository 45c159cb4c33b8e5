//! `reset api-key`: the new key is never lost, whatever fails, and shells keep their variables.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;

use serde_json::{Value, json};
use vastenv::sandbox::Options;

use crate::cli::account::{OTHER_KEY, TestAccount};
use crate::home::{Home, VASTENV, chmod, mode};
use crate::raw_server::{RawServer, Reply};
use crate::terminal::Terminal;

const SESSION: &str = "5e551011-0000-4000-8000-session-key";

fn account() -> TestAccount {
    TestAccount::with(&json!({"HF_TOKEN": "hidden-v"}))
}

/// A home whose key file opens the account.
fn home(account: &TestAccount) -> Home {
    let mut home = Home::new();
    home.set("VAST_URL", &account.sandbox.url);
    home.write(".config/vastai/vast_api_key", account.sandbox.key.expose());
    chmod(&home.path(".config/vastai"), 0o700);
    home
}

fn key_file(home: &Home) -> PathBuf {
    home.path(".config/vastai/vast_api_key")
}

fn saved(home: &Home) -> String {
    fs::read_to_string(key_file(home)).expect("a key")
}

/// The account's own key, as the server has it now.
fn current(account: &TestAccount) -> String {
    account.state()["api_keys"][0]["key"].as_str().expect("a key").to_owned()
}

/// Nothing of a reset is left over.
fn assert_done(home: &Home) {
    for name in ["reset-api-key", "reset-api-key.json"] {
        assert!(!home.path(".local/state/vastenv").join(name).exists(), "{name}");
    }
}

#[test]
fn the_new_key_is_saved_tried_and_told_in_one_line() {
    let account = account();
    let home = home(&account);
    home.vastenv(&["reset", "api-key"])
        .run()
        .refuses(2, &["will stop working everywhere", "hint: add --yes"]);
    assert_eq!(account.requests(), [""; 0]);
    let said = home.vastenv(&["reset", "api-key", "-y"]).run().expect(0);
    let new = current(&account);
    assert!(new != account.sandbox.key.expose() && saved(&home) == new);
    assert_eq!(mode(&key_file(&home)), 0o600);
    let said = said.hides(&new).mentions(&[&new[new.len() - 4..], "is saved in", "the server accepts it"]);
    assert!(said.out.is_empty() && said.err.lines().count() == 1, "{said:?}");
    assert_eq!(account.requests(), ["PUT /commands/reset_apikey/ 200", "GET /users/current/ 200"]);
    assert_done(&home);
    assert_eq!(home.ok(&["show", "env-vars", "--raw"]), "{\n \"HF_TOKEN\": \"*****\"\n}\n");
}

#[test]
fn a_terminal_is_asked() {
    let account = account();
    let home = home(&account);
    let old = account.sandbox.key.expose();
    for (answer, code) in [("n", 1), ("y", 0)] {
        let mut terminal = Terminal::open(&home, 300, "vastenv reset api-key");
        terminal.wait_for("Reset it? [y/N] ");
        terminal.type_in(&format!("{answer}\r"));
        let (seen, ended) = terminal.end();
        assert!(ended == code && !seen.contains(old), "{seen}");
        assert_eq!(saved(&home) == old, code == 1);
    }
}

#[test]
fn raw_prints_the_servers_answer() {
    let account = account();
    let answer: Value =
        serde_json::from_str(&home(&account).ok(&["reset", "api-key", "-y", "--raw"])).expect("JSON");
    assert_eq!(answer, json!({"success": true, "new_api_key": current(&account)}));
}

#[test]
fn the_old_place_of_the_key_gives_way() {
    let account = account();
    let home = home(&account);
    fs::rename(key_file(&home), home.path(".vast_api_key")).expect("moved");
    home.ok(&["reset", "api-key", "-y"]);
    assert_eq!(saved(&home), current(&account));
    assert!(!home.path(".vast_api_key").exists());
}

#[test]
fn a_key_from_the_environment_goes_to_the_file_if_that_is_free() {
    let account = account();
    let old = account.sandbox.key.expose();
    for file in [None, Some(old)] {
        let home = home(&account);
        let old = current(&account);
        match file {
            Some(_) => drop(home.write(".config/vastai/vast_api_key", &old)),
            None => fs::remove_file(key_file(&home)).expect("removed"),
        }
        let said = home.vastenv(&["reset", "api-key", "-y"]).env("VAST_API_KEY", &old).run().expect(0);
        assert_eq!((said.out.as_str(), saved(&home)), ("", current(&account)));
        said.mentions(&["is saved in", "VAST_API_KEY still holds the old key: change or unset it"]);
        assert_done(&home);
    }
}

#[test]
fn a_key_from_elsewhere_never_overwrites_another_key() {
    for source in ["flag", "environment"] {
        let account = account();
        let home = home(&account);
        home.write(".config/vastai/vast_api_key", OTHER_KEY);
        let old = current(&account);
        let call = match source {
            "flag" => home.vastenv(&["reset", "api-key", "-y", "--api-key", &old]),
            _ => home.vastenv(&["reset", "api-key", "-y"]).env("VAST_API_KEY", &old),
        };
        let said = call.run().expect(0).mentions(&["not saved, because another key is saved here"]);
        assert_eq!(said.out, format!("{}\n", current(&account)));
        assert_eq!(saved(&home), OTHER_KEY);
        assert_done(&home);
    }
}

#[test]
fn a_sessions_reset_replaces_the_key_file_only_if_its_key_is_dead() {
    for (in_file, is_replaced) in [("the-key-that-is-dead-already", true), (OTHER_KEY, false)] {
        let keys = json!([{"id": 1, "key": SESSION}, {"id": 2, "key": OTHER_KEY}]);
        let account = TestAccount::of(&json!({"api_keys": keys}), Options::default());
        let home = home(&account);
        home.write(".config/vastai/vast_tfa_key", SESSION);
        home.write(".config/vastai/vast_api_key", in_file);
        let said = home.vastenv(&["reset", "api-key", "-y"]).run().expect(0);
        let new = current(&account);
        if is_replaced {
            assert_eq!((said.out.as_str(), saved(&home)), ("", new));
        } else {
            assert_eq!((said.out.trim_end(), saved(&home).as_str()), (new.as_str(), in_file));
        }
        // The dead session is dropped by the next call.
        home.vastenv(&["show", "ssh-keys"]).run().expect(0).mentions(&["the two-factor session has expired"]);
    }
}

#[test]
fn a_key_that_could_not_be_saved_is_shown_kept_and_saved_by_a_later_command() {
    let account = account();
    let home = home(&account);
    let old = current(&account);
    fs::remove_file(key_file(&home)).expect("removed");
    fs::create_dir(key_file(&home)).expect("a folder in its place");
    let said = home.vastenv(&["reset", "api-key", "-y"]).env("VAST_API_KEY", &old).run().expect(1);
    let new = current(&account);
    assert_eq!(said.out, format!("{new}\n"));
    said.mentions(&["the key was reset, but the new one could not be saved", "the next command saves it"]);
    let journal = home.path(".local/state/vastenv/reset-api-key");
    assert_eq!((fs::read_to_string(&journal).expect("a key"), mode(&journal)), (new.clone(), 0o600));
    // While it cannot be saved, commands say so, and do their work; a second reset would lose it.
    let said = home.vastenv(&["show", "ssh-keys"]).env("VAST_API_KEY", &new).run().expect(0);
    said.mentions(&["the new key of an earlier reset is not saved yet", "hint: "]).hides(&new);
    let said = home.vastenv(&["reset", "api-key", "-y"]).env("VAST_API_KEY", &new).run().expect(1);
    said.mentions(&["the new key of an earlier reset is not saved yet"]);
    assert_eq!(current(&account), new);

    fs::remove_dir(key_file(&home)).expect("removed");
    let said = home.vastenv(&["show", "ssh-keys"]).run().expect(0);
    said.mentions(&["finished an earlier reset: new key …", "vast_api_key"]).hides(&new);
    assert_eq!((saved(&home), mode(&key_file(&home))), (new, 0o600));
    assert_done(&home);
    let said = home.vastenv(&["show", "ssh-keys"]).run().expect(0);
    assert!(!said.err.contains("reset"), "{said:?}");
}

#[test]
fn a_refresh_in_the_background_finishes_a_reset_before_it_could_be_refused() {
    let account = account();
    let home = home(&account);
    home.ok(&["refresh", "--quiet"]);
    let old = saved(&home);
    fs::remove_file(key_file(&home)).expect("removed");
    fs::create_dir(key_file(&home)).expect("a folder in its place");
    home.vastenv(&["reset", "api-key", "-y"]).env("VAST_API_KEY", &old).run().expect(1);
    fs::remove_dir(key_file(&home)).expect("removed");
    // As a crash before the new key was saved would have left it.
    home.write(".config/vastai/vast_api_key", &old);
    home.age_snapshot(10_000);
    home.vastenv(&["__refresh"]).run().expect(0);
    assert_eq!(saved(&home), current(&account));
    assert_eq!(home.snapshot_value()["variables"]["HF_TOKEN"]["value"], json!("hidden-v"));
    assert!(!account.requests().iter().any(|line| line.ends_with("401")), "{:?}", account.requests());
    assert_done(&home);
}

#[test]
fn a_key_that_was_saved_meanwhile_is_not_overwritten() {
    let account = account();
    let home = home(&account);
    let old = current(&account);
    fs::remove_file(key_file(&home)).expect("removed");
    fs::create_dir(key_file(&home)).expect("a folder in its place");
    home.vastenv(&["reset", "api-key", "-y"]).env("VAST_API_KEY", &old).run().expect(1);
    fs::remove_dir(key_file(&home)).expect("removed");
    home.write(".config/vastai/vast_api_key", OTHER_KEY);
    let said = home.vastenv(&["status"]).run().expect(0);
    let said = said.mentions(&[
        "is not saved yet: ",
        "holds another key by now",
        "hint: take the new key with `vastenv set api-key < ",
    ]);
    assert_eq!(saved(&home), OTHER_KEY);
    let script = said.err.split('`').find(|part| part.starts_with("vastenv set")).expect("a command");
    home.command("sh", &["-c", &script.replacen("vastenv", &format!("'{VASTENV}'"), 1)]).run().expect(0);
    assert_eq!(saved(&home), current(&account));
    home.vastenv(&["status"]).run().expect(0).mentions(&["finished an earlier reset"]);
    assert_done(&home);
}

#[test]
fn a_kill_while_the_server_answers_is_told_by_the_next_command() {
    let server = RawServer::start(|_| Reply::Silence);
    let mut home = Home::new();
    home.set("VAST_URL", server.url());
    home.write(".config/vastai/vast_api_key", OTHER_KEY);
    let mut child = home.vastenv(&["reset", "api-key", "-y"]).spawn();
    while server.targets().is_empty() {
        std::thread::yield_now();
    }
    // Others leave its journal alone while it lives.
    let said = home.vastenv(&["status"]).run().expect(0);
    assert!(!said.err.contains("reset"), "{said:?}");
    home.vastenv(&["reset", "api-key", "-y"])
        .run()
        .refuses(1, &["another `vastenv reset api-key` is under way"]);
    child.kill().expect("killed");
    child.wait().expect("ended");
    drop(server);
    // Nobody hears the background.
    assert_ne!(home.vastenv(&["__refresh"]).run().code, 0);
    let said = home.vastenv(&["status"]).run().expect(0);
    said.mentions(&[
        "an earlier `vastenv reset api-key` was cut off",
        "hint: if the server refuses the key",
        "manage-keys",
    ]);
    assert!(!home.vastenv(&["status"]).run().expect(0).err.contains("reset"), "told once");
    assert_eq!(saved(&home), OTHER_KEY);
}

#[test]
fn a_refusal_and_an_unclear_end_leave_the_key_and_no_journal() {
    for (reply, code, parts) in [
        (Reply::json(403, r#"{"success": false, "msg": "no"}"#), 4, &["user_write"][..]),
        (Reply::json(502, "{}"), 1, &["may or may not have been done", "copy the new one from https://"]),
        (Reply::json(200, r#"{"success": true}"#), 1, &["answered with no new key", "copy the new one"]),
        (Reply::json(200, r#"{"success": false, "msg": "not today"}"#), 1, &["not today"]),
    ] {
        let server = RawServer::always(reply);
        let mut home = Home::new();
        home.set("VAST_URL", server.url());
        home.write(".config/vastai/vast_api_key", OTHER_KEY);
        home.vastenv(&["reset", "api-key", "-y"]).run().refuses(code, parts);
        assert_eq!(server.targets().len(), 1, "never asked twice");
        assert_eq!(saved(&home), OTHER_KEY);
        assert_done(&home);
    }
}

#[test]
fn a_reset_that_cannot_be_noted_is_not_asked_for() {
    let account = account();
    let home = home(&account);
    fs::create_dir_all(home.path(".local/state/vastenv/reset-api-key.json")).expect("a folder in its place");
    home.vastenv(&["reset", "api-key", "-y"]).run().expect(1).mentions(&["reset-api-key.json"]);
    assert_eq!(account.requests(), [""; 0]);
    assert_eq!(saved(&home), current(&account));
}

#[test]
fn a_running_shell_follows_without_losing_a_variable_or_asking_the_server() {
    let account = account();
    let home = home(&account);
    home.ok(&["refresh", "--quiet"]);
    let script = format!(
        "eval \"$('{VASTENV}' hook bash)\"; echo \"1 $HF_TOKEN\"; '{VASTENV}' reset api-key -y --quiet; \
         eval \"$PROMPT_COMMAND\"; echo \"2 $HF_TOKEN\"; \
         '{VASTENV}' status --raw"
    );
    let said = home.command("bash", &["--norc", "-ic", &script]).run().expect(0);
    assert!(said.out.starts_with("1 hidden-v\n2 hidden-v\n"), "{said:?}");
    assert!(!said.err.contains("-HF_TOKEN") && !said.err.contains("~HF_TOKEN"), "{said:?}");
    let requests = account.requests();
    assert_eq!(requests.last().map(String::as_str), Some("GET /users/current/ 200"), "{requests:?}");
    assert_eq!(requests.iter().filter(|line| line.contains("/secrets/")).count(), 1, "{requests:?}");
    // The reply itself takes nothing away, and starts no refresh.
    let reply = home.ok(&["export", "bash", "--hook", "1", "prompt", "", "", "", ""]);
    assert!(reply.contains("HF_TOKEN") && !reply.contains("unset HF_TOKEN"), "{reply}");
    assert_eq!(account.requests(), requests);
}

#[test]
fn a_new_key_that_is_none_is_kept_shown_escaped_and_never_saved_as_the_key() {
    let new = "ab\u{1b}[2Jcd\nefghijkl";
    let answer = json!({"success": true, "new_api_key": new, "id": 7}).to_string();
    let server = RawServer::start(move |_| Reply::json(200, &answer));
    let mut home = Home::new();
    home.set("VAST_URL", server.url());
    home.write(".config/vastai/vast_api_key", "a-key-of-this-server-0001");
    chmod(&home.path(".config/vastai"), 0o700);
    let kept = home.path(".local/state/vastenv/reset-api-key");
    let said = home.vastenv(&["reset", "api-key", "-y"]).run().expect(1);
    assert_eq!(said.out, "ab\\u{1b}[2Jcd\\nefghijkl\n");
    said.mentions(&["the key was reset, but the new one has", "hint: kept in ", &home.shown(&kept)]);
    for _ in 0..2 {
        assert_eq!(saved(&home), "a-key-of-this-server-0001");
        assert_eq!(fs::read_to_string(&kept).expect("a key"), new);
        let said = home.vastenv(&["show", "ssh-keys"]).run();
        said.mentions(&["the new key of an earlier reset is not saved yet: it has", &home.shown(&kept)]);
    }
}

#[test]
fn after_a_kill_before_the_answer_is_written_down_shells_ask_whether_the_key_is_dead() {
    let (sent, was_sent) = channel();
    let is_dead = AtomicBool::new(false);
    let server = RawServer::start(move |target| match target {
        "PUT /api/v0/commands/reset_apikey/" => {
            is_dead.store(true, Ordering::SeqCst);
            sent.send(()).expect("heard");
            Reply::Silence
        }
        _ if is_dead.load(Ordering::SeqCst) => {
            Reply::json(401, r#"{"success": false, "msg": "Invalid user key"}"#)
        }
        "GET /api/v0/users/current/" => Reply::json(200, r#"{"id": 7}"#),
        _ => Reply::json(200, r#"{"success": true, "secrets": {"A": "1"}}"#),
    });
    let mut home = Home::new();
    home.set("VAST_URL", server.url());
    home.write(".config/vastai/vast_api_key", OTHER_KEY);
    home.ok(&["refresh", "--quiet"]);
    let generation = home.generation();
    let mut child = home.vastenv(&["reset", "api-key", "-y"]).spawn();
    was_sent.recv().expect("sent");
    // Meanwhile nobody is refused.
    assert_ne!(home.generation(), generation);
    assert_eq!(home.ok(&["export", "json"]), "{\n \"A\": \"1\"\n}\n");
    assert_eq!(server.targets().len(), 3);
    child.kill().expect("killed");
    child.wait().expect("ended");
    let said = home.vastenv(&["run", "--", "true"]).run().expect(4);
    said.mentions(&["reset api-key` was cut off before the answer", "Invalid user key"]);
    assert_eq!(home.vastenv(&["export", "json"]).run().expect(4).out, "");
}
