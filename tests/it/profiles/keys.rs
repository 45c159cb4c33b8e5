//! A profile's key is saved and reset where it is, and nowhere else.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use super::{CONFIG, Two};
use crate::cli::account::{OTHER_KEY, TestAccount};
use crate::home::{Home, mode};
use crate::keyring::machine::{files, purge};
use crate::session::{Keyring, Session};

const STATE: &str = ".local/state/vastenv";

fn key(home: &Home, file: &str) -> String {
    fs::read_to_string(home.path(file)).expect("a key")
}

#[test]
fn a_key_is_saved_where_the_profile_has_its_own_through_a_link() {
    let two = Two::new();
    let old = two.work.sandbox.key.expose().to_owned();
    fs::rename(two.home.path("work.key"), two.home.path("real.key")).expect("moved");
    symlink("real.key", two.home.path("work.key")).expect("linked");
    let set = ["set", "api-key", "--profile", "work"];
    two.home.vastenv(&set).stdin(&old).run().expect(0).mentions(&["work.key (profile work)"]);
    assert!(two.home.path("work.key").is_symlink());
    assert_eq!((key(&two.home, "real.key"), mode(&two.home.path("real.key"))), (old, 0o600));
    let wrong = two.home.vastenv(&set).stdin(two.own.sandbox.key.expose()).run();
    wrong.refuses(4, &["nothing was saved"]);
    assert!(!two.home.path(".config/vastai").exists());
    let keyring = two.home.vastenv(&[&set[..], &["--keyring"]].concat()).stdin(OTHER_KEY).run();
    keyring.refuses(2, &["profile work", "not in the keyring"]);
}

#[test]
fn a_profile_without_a_key_gets_one() {
    let account = TestAccount::with(&json!({"A": "1"}));
    let home = Home::new();
    home.write(CONFIG, format!("[profiles.work]\nurl = \"{}\" # ours\n", account.sandbox.url));
    home.vastenv(&["refresh", "--profile", "work"]).run().refuses(4, &["the profile work has no API key"]);
    home.vastenv(&["set", "api-key", "--profile", "work"])
        .stdin(account.sandbox.key.expose())
        .run()
        .expect(0);
    assert!(key(&home, CONFIG).contains("# ours\napi_key_file = \"~/.config/vastenv/keys/work\""));
    assert!(home.ok(&["export", "json", "--profile", "work"]).contains("\"A\""));
    home.vastenv(&["set", "api-key", "--profile", "none"])
        .stdin(OTHER_KEY)
        .run()
        .refuses(1, &["no profile none"]);
}

#[test]
fn a_reset_replaces_the_key_of_the_profile_alone() {
    let two = Two::new().fetched();
    two.home.write(".config/vastai/vast_api_key", "the-key-of-nobody-else");
    let (work, own) = (key(&two.home, "work.key"), key(&two.home, "own.key"));
    let said = two.home.vastenv(&["reset", "api-key", "-y", "--profile", "work"]).run().expect(0);
    said.mentions(&["work.key (profile work)", "the server accepts it"]);
    assert_ne!(key(&two.home, "work.key"), work);
    assert_eq!(key(&two.home, "own.key"), own);
    assert_eq!(key(&two.home, ".config/vastai/vast_api_key"), "the-key-of-nobody-else");
    assert_eq!(two.whose(&["--profile", "work"]), "WORK");
    assert!(!two.home.path(STATE).join("resets/work.json").exists());
}

#[test]
fn a_reset_that_was_cut_off_is_finished_for_its_profile_alone() {
    let two = Two::new();
    // As a process that was killed between answer and file leaves it.
    let begun = two.home.path(STATE).join("resets");
    fs::create_dir_all(&begun).expect("a folder");
    crate::home::chmod(&begun, 0o700);
    let old = only_digest(&two.home, "work");
    let note = json!({"server": two.work.sandbox.url, "profile": "work", "old": old, "in_keyring": false});
    two.home.write(&format!("{STATE}/resets/work.json"), note.to_string());
    two.home.write(&format!("{STATE}/resets/work.key"), OTHER_KEY);
    two.home.write(".config/vastai/vast_api_key", "the-key-of-nobody-else");
    let others = || ["own.key", ".config/vastai/vast_api_key"].map(|file| key(&two.home, file));
    let before = others();
    two.home.vastenv(&["status", "--profile", "own"]).run().expect(0);
    two.home.vastenv(&["status"]).run();
    assert_eq!(others(), before);
    assert!(begun.join("work.key").exists());
    let said = two.home.vastenv(&["status", "--profile", "work"]).run();
    assert!(said.err.contains("finished an earlier reset"), "{said:?}");
    assert_eq!(key(&two.home, "work.key"), OTHER_KEY);
    assert!(!begun.join("work.key").exists() && !begun.join("work.json").exists());
}

/// The digest of the key of a profile, which is the first that anything is known of.
fn only_digest(home: &Home, profile: &str) -> Value {
    home.ok(&["refresh", "--profile", profile]);
    let mut known = fs::read_dir(home.path(STATE).join("last-keys")).expect("a folder");
    let path = known.next().expect("a key").expect("an entry").path();
    assert!(known.next().is_none());
    serde_json::from_slice(&fs::read(path).expect("read")).expect("JSON")
}

#[test]
fn keys_of_profiles_are_entries_of_their_own_in_the_keyring() {
    let two = Two::new();
    let session = Session::start(Keyring::Unlocked);
    let mut home = Home::new();
    home.set("DBUS_SESSION_BUS_ADDRESS", session.address());
    for (name, account) in [("work", &two.work), ("own", &two.own)] {
        let add = ["profile", "add", name, "--keyring", "--url", &account.sandbox.url];
        home.vastenv(&add).stdin(account.sandbox.key.expose()).run().expect(0).mentions(&["the keyring"]);
    }
    let whose = |name: &str| home.ok(&["show", "env-var", "WHOSE", "--profile", name]);
    assert_eq!((whose("work").as_str(), whose("own").as_str()), ("WORK\n", "OWN\n"));
    home.vastenv(&["reset", "api-key", "-y", "--profile", "work"])
        .run()
        .expect(0)
        .mentions(&["(profile work)"]);
    home.ok(&["refresh", "--profile", "work"]);
    home.ok(&["refresh", "--profile", "own"]);
    home.vastenv(&["status"]).run().expect(4).mentions(&["no API key"]);
    let keys = [two.work.sandbox.key.expose(), two.own.sandbox.key.expose()];
    for (path, bytes) in files(&home.path("")) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(keys.iter().all(|key| !text.contains(key)), "{path:?}");
    }
    purge(&home);
    home.vastenv(&["profile", "remove", "work", "-y"]).run().expect(0).mentions(&["its key"]);
    home.ok(&["refresh", "--profile", "own"]);
    let found = session.secret_tool(&["search", "--all", "service", "vastenv"]);
    assert_eq!(String::from_utf8_lossy(&found.stdout).matches("label = vastenv").count(), 1);
    purge(&home);
}

#[test]
fn a_prompt_compares_two_stamps_a_file_and_nothing_else() {
    let two = Two::new();
    two.config("default_profile = \"own\"");
    two.home.ok(&["refresh"]);
    let reply = two.home.ok(&["export", "bash", "--hook=", "1", "start", "", "", "", ""]);
    let guard = reply.lines().find(|line| line.starts_with("__vastenv_state ")).expect("a guard");
    // The generation is one of the stamps of the key's file.
    assert_eq!(guard.matches(" && ").count(), 3, "{reply}");
    assert!(reply.contains("own.key") && !guard.contains(" -e "), "{reply}");
}
