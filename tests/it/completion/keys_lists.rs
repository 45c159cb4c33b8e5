//! The lists of keys: filled, patched, aged and fetched.

use super::account::{Account, BLIND_KEY, LAPTOP};
use crate::pty::wait_for;
use crate::raw_server::{RawServer, Reply};

const DELETE_SSH: [&str; 4] = ["vastenv", "delete", "ssh-key", ""];
const DELETE_API: [&str; 4] = ["vastenv", "delete", "api-key", ""];

#[test]
fn a_missing_list_is_there_at_a_later_tab_after_one_question() {
    for (line, count) in [(DELETE_SSH, 2), (DELETE_API, 4)] {
        let account = Account::unknown();
        assert_eq!(account.offers(&line), [""; 0]);
        let offers = wait_for("the list", || Some(account.offers(&line)).filter(|offers| !offers.is_empty()));
        assert_eq!(offers.len(), count);
        // Whose the key is, and the list.
        assert_eq!(account.requests(), 2);
    }
}

#[test]
fn a_list_that_was_shown_is_there_at_the_next_tab_whosever_the_key_is() {
    for (line, what, count) in [(DELETE_SSH, "ssh-keys", 2), (DELETE_API, "api-keys", 4)] {
        let mut account = Account::unknown();
        let key = account.sandbox.key.expose().to_owned();
        account.home.variable("VAST_API_KEY", &key);
        account.home.vastenv_ok(&["show", what]);
        // The list, and whose the key is.
        assert_eq!(account.requests(), 2);
        assert_eq!(account.offers(&line).len(), count);
        account.home.vastenv_ok(&["show", what]);
        assert_eq!(account.requests(), 3);
    }
}

#[test]
fn a_refused_key_leaves_no_list() {
    let account = Account::known();
    let lists = ["ssh-keys.json", "api-keys.json"].map(|name| account.cached(name));
    let elsewhere = tempfile::tempdir().expect("a folder");
    let mut command = account.home.command(&account.home.binary);
    command.env("HOME", elsewhere.path()).env("VAST_API_KEY", account.sandbox.key.expose());
    let deleted = command.args(["delete", "api-key", "7", "-y"]).output().expect("vastenv runs");
    assert!(deleted.status.success(), "{deleted:?}");
    assert!(!account.home.vastenv(&["refresh"]).status.success());
    for list in lists {
        assert!(!list.exists(), "{}", list.display());
    }
}

#[test]
fn many_tabs_at_once_are_one_question() {
    let account = Account::unknown();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| account.offers(&DELETE_SSH));
        }
    });
    wait_for("the list", || Some(account.offers(&DELETE_SSH)).filter(|offers| !offers.is_empty()));
    // A process that comes late: it finds the list and asks nothing.
    assert!(account.home.vastenv(&["__refresh", "ssh-keys"]).status.success());
    assert_eq!(account.requests(), 2);
}

#[test]
fn a_server_that_says_nothing_holds_up_no_tab() {
    let mut account = Account::known();
    let silent = RawServer::always(Reply::Silence);
    account.home.variable("VAST_URL", &silent.url());
    assert_eq!(account.offers(&DELETE_SSH), [""; 0]);
    wait_for("the question behind it", || (!silent.targets().is_empty()).then_some(()));
    // It is asked no second time meanwhile.
    assert_eq!(account.offers(&DELETE_SSH), [""; 0]);
    assert_eq!(silent.targets(), ["GET /api/v0/users/current/"]);
}

#[test]
fn missing_names_are_there_at_a_later_tab() {
    let account = Account::unknown();
    assert_eq!(account.offers(&["vastenv", "why", ""]), [""; 0]);
    let names = || Some(account.offers(&["vastenv", "why", ""])).filter(|offers| !offers.is_empty());
    assert_eq!(wait_for("the names", names).len(), 3);
}

#[test]
fn an_old_list_is_offered_and_fetched_again() {
    let account = Account::known();
    let before = account.requests();
    // Made on another machine, with a cache of its own.
    let elsewhere = tempfile::tempdir().expect("a folder");
    let mut command = account.home.command(&account.home.binary);
    command.env("HOME", elsewhere.path()).env("VAST_API_KEY", account.sandbox.key.expose());
    let deleted = command.args(["delete", "ssh-key", "12", "--raw"]).output().expect("vastenv runs");
    assert!(deleted.status.success(), "{deleted:?}");
    let asked = account.requests();
    assert!(asked > before);
    assert_eq!(account.offers(&DELETE_SSH).len(), 2, "a fresh list is believed");
    assert_eq!(account.requests(), asked);
    account.age("ssh-keys.json");
    assert_eq!(account.offers(&DELETE_SSH).len(), 2);
    wait_for("the new list", || (account.offers(&DELETE_SSH).len() == 1).then_some(()));
    assert_eq!(account.requests(), asked + 1);
}

#[test]
fn a_list_that_the_key_may_not_see_is_not_asked_for_at_every_tab() {
    let account = Account::unknown();
    account.home.write(".config/vastai/vast_api_key", BLIND_KEY);
    account.offers(&DELETE_SSH);
    let backoff = account.home.path(".local/state/vastenv/backoff");
    wait_for("the refusal", || backoff.exists().then_some(()));
    let asked = account.requests();
    for _ in 0..5 {
        assert_eq!(account.offers(&DELETE_SSH), [""; 0]);
    }
    // A question of our own, which takes longer than one that was started before it.
    assert!(!account.home.vastenv(&["show", "api-keys"]).status.success());
    assert_eq!(account.requests(), asked + 1);
}

#[test]
fn every_change_is_in_the_list_at_once() {
    let account = Account::known();
    let vastenv = |arguments: &[&str]| account.home.vastenv_ok(arguments);
    vastenv(&["delete", "ssh-key", "130"]);
    assert_eq!(account.offers(&DELETE_SSH).len(), 1);
    let other = LAPTOP.replace("me@laptop", "me@desk").replace("p2Hme", "p2Hmf");
    vastenv(&["update", "ssh-key", "12", &other]);
    let offers = account.offers(&DELETE_SSH);
    assert!(offers[0].starts_with("12\tme@desk  SHA256:"), "{offers:?}");
    vastenv(&["create", "ssh-key", LAPTOP]);
    assert_eq!(account.offers(&DELETE_SSH).len(), 2);
    vastenv(&["create", "api-key", "--name", "new one", "--permission", "misc"]);
    assert!(account.offers(&DELETE_API).iter().any(|offer| offer.ends_with("\tnew one  misc")));
    vastenv(&["delete", "api-key", "41", "-y"]);
    assert!(account.offers(&DELETE_API).iter().all(|offer| !offer.starts_with("41\t")));
    vastenv(&["delete", "env-var", "HF_HOME"]);
    assert_eq!(account.offers(&["vastenv", "why", "hf"]), ["HF_TOKEN\taccount variable"]);
}

#[test]
fn the_lists_hold_no_key() {
    let account = Account::known();
    for name in ["ssh-keys.json", "api-keys.json"] {
        let text = std::fs::read_to_string(account.cached(name)).expect("a list");
        for secret in ["AAAAC3Nza", "0123456789abcdef", "ssh-ed25519", "\"key\""] {
            assert!(!text.contains(secret), "{name}: {text}");
        }
    }
}
