//! The API key in the keyring.

use serde_json::json;

use super::machine::{files, purge};
use crate::cli::account::{OTHER_KEY, TestAccount};
use crate::home::{Call, Home, Said, VASTENV};
use crate::official::vastai;
use crate::session::{Keyring, Session};

struct Signed {
    account: TestAccount,
    session: Session,
    home: Home,
}

impl Signed {
    /// A home whose key is in the keyring.
    fn in_() -> Self {
        let account = TestAccount::with(&json!({"HF_TOKEN": "hf_value"}));
        let session = Session::start(Keyring::Unlocked);
        let mut home = account.home();
        home.unset("VAST_API_KEY");
        home.set("DBUS_SESSION_BUS_ADDRESS", session.address());
        let signed = Self { account, session, home };
        signed.save(&["set", "api-key", "--keyring"]).expect(0);
        signed
    }

    fn key(&self) -> &str {
        self.account.sandbox.key.expose()
    }

    fn save(&self, arguments: &[&str]) -> Said {
        self.home.vastenv(arguments).stdin(self.key()).run()
    }

    fn anew(&self, arguments: &[&str]) -> Call {
        let arguments = [&["session", "-", VASTENV][..], arguments].concat();
        self.home.command("keyctl", &arguments)
    }

    /// Whether any file of the home holds the key.
    fn is_in_a_file(&self, key: &str) -> bool {
        let all = files(&self.home.path(""));
        all.iter().any(|(_, bytes)| String::from_utf8_lossy(bytes).contains(key))
    }
}

impl Drop for Signed {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            purge(&self.home);
        }
    }
}

#[test]
fn a_key_moves_to_the_keyring_and_back() {
    let signed = Signed::in_();
    assert!(!signed.is_in_a_file(signed.key()));
    assert!(signed.home.ok(&["export", "json"]).contains("hf_value"));
    let status = signed.anew(&["status"]).run().expect(0);
    assert!(status.out.contains("from the keyring"), "{status:?}");
    assert!(status.out.contains("the API key is in the keyring"), "{status:?}");

    let said = signed.save(&["set", "api-key"]).expect(0);
    assert!(said.err.contains("removed the key from the keyring"), "{said:?}");
    assert!(signed.is_in_a_file(signed.key()));
    let found = signed.session.secret_tool(&["search", "--all", "service", "vastenv"]);
    assert!(found.stdout.is_empty(), "{found:?}");

    signed.home.write(".vast_api_key", signed.key());
    let said = signed.save(&["set", "api-key", "--keyring"]).expect(0);
    assert!(
        said.err.contains("removed the key from ") && said.err.contains("the key's old file"),
        "{said:?}"
    );
    assert!(!signed.is_in_a_file(signed.key()));
}

#[test]
fn the_keyring_comes_last() {
    let mut signed = Signed::in_();
    signed.home.write(".config/vastai/vast_api_key", OTHER_KEY);
    let status = signed.home.vastenv(&["status"]).run();
    assert!(status.out.contains("vast_api_key"), "{status:?}");
    signed.home.set("VAST_API_KEY", "a-third-key-0123456789");
    let status = signed.home.vastenv(&["status"]).run();
    assert!(status.out.contains("…6789 from VAST_API_KEY"), "{status:?}");
}

#[test]
fn a_key_that_the_keyring_does_not_give_is_not_called_absent() {
    let signed = Signed::in_();
    signed.session.kill_keyring(Keyring::Locked);
    signed.anew(&["show", "env-vars"]).run().expect(1).mentions(&["the keyring is locked", "unlock"]);
    signed.session.kill_keyring(Keyring::Unlocked);
    assert!(signed.anew(&["show", "env-vars"]).run().expect(0).out.contains("HF_TOKEN"));
    assert!(signed.session.secret_tool(&["clear", "service", "vastenv"]).status.success());
    signed
        .anew(&["show", "env-vars"])
        .run()
        .expect(4)
        .mentions(&["the keyring no longer has the API key", "vastenv set api-key --keyring"]);
}

#[test]
fn status_names_where_secrets_rest_also_without_the_key() {
    let signed = Signed::in_();
    let check = |code: i32, why: &str, keyring: &str| {
        let said = signed.anew(&["status"]).run().expect(code).mentions(&[why, "hint: "]);
        for part in
            ["account  none", "server   http", "storage  private files", "the API key is in the keyring"]
        {
            assert!(said.out.contains(part), "{part}: {said:?}");
        }
        assert!(said.out.contains(why), "{said:?}");
        let said = signed.anew(&["status", "--raw"]).run().expect(code);
        let status: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
        assert_eq!(status["storage"]["keyring"], keyring, "{status}");
        assert!(status["key_failure"].as_str().is_some_and(|text| text.contains(why)), "{status}");
    };
    signed.session.kill_keyring(Keyring::Locked);
    check(1, "the keyring is locked", "locked");
    signed.session.kill_keyring(Keyring::Broken);
    check(1, "no keyring", "absent");
    signed.session.next(Keyring::Unlocked);
    assert!(signed.session.secret_tool(&["clear", "service", "vastenv"]).status.success());
    check(4, "the keyring no longer has the API key", "lost");
}

#[test]
fn a_reset_keeps_the_new_key_where_the_old_one_was() {
    let signed = Signed::in_();
    let before = signed.key().to_owned();
    let said = signed.home.vastenv(&["reset", "api-key", "-y"]).run().expect(0);
    assert!(said.err.contains("is saved in the keyring"), "{said:?}");
    assert!(!signed.home.path(".config/vastai/vast_api_key").exists());
    let new = signed.home.ok(&["run", "--with-api-key", "--", "sh", "-c", "printf %s \"$VAST_API_KEY\""]);
    assert!(new.len() > 20 && new != before, "{new}");
    assert!(!signed.is_in_a_file(&new), "the journal is gone");
    signed.home.ok(&["refresh", "--quiet"]);
}

#[test]
fn a_reset_that_was_cut_off_is_finished_in_the_keyring() {
    // Killed as it removes the journal, the last thing that it does; and as files are put in place.
    let mut killed = 0;
    for call in ["unlink", "renameat"] {
        for nth in 1..12 {
            // Each with a key of its own: one that is killed between the answer and the journal is lost.
            let signed = Signed::in_();
            let inject = format!("inject={call}:signal=KILL:when={nth}");
            let trace = ["-f", "-qq", "-o", "/dev/null", "-e", &inject, VASTENV, "reset", "api-key", "-y"];
            let said = signed.home.command("strace", &trace).run();
            let after = signed.home.vastenv(&["refresh"]).run();
            let lost = after.code == 4 && after.err.contains("was cut off before the answer");
            assert!(after.code == 0 || lost, "{call} {nth}: {said:?} {after:?}");
            assert!(!signed.home.path(".config/vastai/vast_api_key").exists());
            assert!(!signed.home.path(".local/state/vastenv/reset-api-key").exists());
            if said.code == 0 {
                break;
            }
            killed += 1;
        }
    }
    assert!(killed > 4, "{killed}");
}

#[test]
fn the_official_client_gets_the_key_when_asked() {
    let Some(vastai) = vastai() else { return };
    let signed = Signed::in_();
    let vastai = vastai.to_str().expect("text");
    let command = ["--", vastai, "show", "env-vars", "--url", &signed.account.sandbox.url, "--raw"];
    let without = signed.home.vastenv(&[&["run"][..], &command].concat()).run();
    assert!(!without.out.contains("HF_TOKEN"), "{without:?}");
    let with = signed.home.vastenv(&[&["run", "--with-api-key"][..], &command].concat()).run();
    assert!(with.out.contains("HF_TOKEN"), "{with:?}");
}
