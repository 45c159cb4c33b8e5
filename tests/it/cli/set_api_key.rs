//! `vastenv set api-key`: what is saved, when, and what is said.

use std::fs;

use serde_json::json;
use vastenv::sandbox::Options;

use super::account::{OTHER_KEY, TestAccount};
use crate::home::{Home, VASTENV, chmod, mode};
use crate::raw_server::{RawServer, Reply, nobody};

const KEY_FILE: &str = ".config/vastai/vast_api_key";

/// A home that knows the server but no key.
fn keyless(account: &TestAccount) -> Home {
    let mut home = account.home();
    home.unset("VAST_API_KEY");
    home
}

#[test]
fn a_key_is_verified_saved_for_its_owner_only_and_the_variables_are_fetched() {
    let account = TestAccount::with(&json!({"A": "hf_value"}));
    let home = keyless(&account);
    let key = account.sandbox.key.expose();
    let said = home.vastenv(&["set", "api-key", key]).run().expect(0).hides(key).hides("hf_value");
    assert_eq!(said.out, "");
    let file = home.path(KEY_FILE);
    let said = said.mentions(&[&home.shown(&file), "you@sandbox.invalid", &account.sandbox.key.suffix()]);
    assert!(!said.err.contains("warning"), "{said:?}");
    assert_eq!(fs::read_to_string(&file).expect("a key"), key);
    assert_eq!((mode(&file), mode(file.parent().expect("a folder"))), (0o600, 0o700));
    let asked = ["GET /users/current/ 200", "GET /secrets/ 200", "GET /api/v1/instances/ 200"];
    assert_eq!(account.requests(), asked);
    assert_eq!(home.ok(&["export", "json"]), "{\n \"A\": \"hf_value\"\n}\n");
    assert_eq!(account.requests().len(), 3);
}

#[test]
fn a_key_is_read_from_stdin() {
    let account = TestAccount::with(&json!({}));
    let home = keyless(&account);
    let key = account.sandbox.key.expose();
    home.vastenv(&["set", "api-key"]).stdin(format!("  {key}\n")).run().expect(0).hides(key);
    assert_eq!(fs::read_to_string(home.path(KEY_FILE)).expect("a key"), key);
}

#[test]
fn what_cannot_be_a_key_is_refused_and_nothing_written_or_sent() {
    let account = TestAccount::with(&json!({}));
    for bad in ["", " ", "two words-hidden", "tab\thidden", "hïdden-hidden", "bell\u{7}hidden", "a\nhidden"]
    {
        let home = keyless(&account);
        home.vastenv(&["set", "api-key", bad])
            .run()
            .refuses(2, &["not an API key", "hint: "])
            .hides("hidden");
        home.vastenv(&["set", "api-key", "--no-verify"])
            .stdin(bad)
            .run()
            .refuses(2, &["not an API key"])
            .hides("hidden");
        assert!(!home.path(".config/vastai").exists(), "{bad:?}");
    }
    assert_eq!(account.requests(), [""; 0]);
}

#[test]
fn a_key_that_the_server_refuses_is_not_saved() {
    let account = TestAccount::with(&json!({}));
    let home = keyless(&account);
    home.write(KEY_FILE, "the-key-before");
    home.vastenv(&["set", "api-key", OTHER_KEY])
        .run()
        .refuses(4, &["Invalid user key", "nothing was saved"])
        .hides(OTHER_KEY);
    assert_eq!(fs::read_to_string(home.path(KEY_FILE)).expect("a key"), "the-key-before");
}

#[test]
fn without_an_answer_the_old_key_stays_unless_somebody_says_otherwise() {
    let mut home = Home::new();
    home.set("VAST_URL", nobody());
    home.write(KEY_FILE, "the-key-before");
    home.vastenv(&["set", "api-key", OTHER_KEY])
        .run()
        .refuses(1, &["the key cannot be verified", "cannot be reached", "nothing was saved; --no-verify"]);
    assert_eq!(fs::read_to_string(home.path(KEY_FILE)).expect("a key"), "the-key-before");
    home.vastenv(&["set", "api-key", OTHER_KEY, "-y"])
        .run()
        .expect(0)
        .mentions(&["warning: key saved unverified", "saved the key"]);
    assert_eq!(fs::read_to_string(home.path(KEY_FILE)).expect("a key"), OTHER_KEY);
}

#[test]
fn a_401_in_any_form_saves_nothing() {
    for body in [Reply::html(401, "<html>log in</html>"), Reply::json(401, ""), Reply::json(401, "[]")] {
        let server = RawServer::always(body);
        let mut home = Home::new();
        home.set("VAST_URL", server.url());
        home.write(KEY_FILE, "the-key-before");
        home.vastenv(&["set", "api-key", OTHER_KEY])
            .run()
            .refuses(4, &["refused, or a proxy answered", "nothing was saved"]);
        assert_eq!(fs::read_to_string(home.path(KEY_FILE)).expect("a key"), "the-key-before");
    }
}

#[test]
fn a_two_factor_login_that_is_wanted_saves_nothing() {
    let body = r#"{"success": false, "msg": "Two Factor Authentication needed"}"#;
    let mut home = Home::new();
    let server = RawServer::always(Reply::json(401, body));
    home.set("VAST_URL", server.url());
    home.vastenv(&["set", "api-key", OTHER_KEY])
        .run()
        .refuses(4, &["hint: nothing was saved; ", "vastai tfa login"]);
    assert!(!home.path(KEY_FILE).exists());
}

#[test]
fn a_page_that_says_403_is_no_word_of_the_servers() {
    let server = RawServer::always(Reply::html(403, "<html>no</html>"));
    let mut home = Home::new();
    home.set("VAST_URL", server.url());
    home.vastenv(&["set", "api-key", OTHER_KEY]).run().refuses(1, &["cannot be verified", "--no-verify"]);
    assert!(!home.path(KEY_FILE).exists());
}

#[test]
#[ignore = "slow"]
fn a_server_that_hangs_is_given_up_after_a_while() {
    let server = RawServer::always(Reply::Silence);
    let mut home = Home::new();
    home.set("VAST_URL", server.url());
    home.vastenv(&["set", "api-key", OTHER_KEY])
        .run()
        .refuses(1, &["no answer from 127.0.0.1:", "within 15 s", "nothing was saved; --no-verify"]);
    assert!(!home.path(KEY_FILE).exists());
}

#[test]
fn a_key_that_lacks_a_right_is_saved_the_right_named_and_shells_keep_what_they_have() {
    let scoped = json!({"id": 2, "key": OTHER_KEY, "permissions": {"api": {"user_write": {}}}});
    let whole = json!({"id": 1, "key": "b".repeat(64)});
    let state = json!({"secrets": {"A": "1"}, "api_keys": [whole, scoped]});
    let account = TestAccount::of(&state, Options { mask: true, ..Options::default() });
    let home = keyless(&account);
    let key = account.sandbox.key.expose();
    home.write("first", key);
    home.write("second", OTHER_KEY);
    let script = format!(
        "v='{VASTENV}'; $v set api-key -q < first; $v remember env-var A 1
        eval \"$($v hook bash)\"; echo \"loaded $A\"
        $v set api-key < second; echo \"set $?\"; __vastenv_hook; echo \"kept $A\"
        $v refresh; echo \"refresh $?\"; SECONDS=$((SECONDS + 400)); __vastenv_hook; echo \"still $A\"
        $v create env-var B 2; echo \"created $?\"; __vastenv_hook; echo \"and $A\""
    );
    let said = home.command("bash", &["--norc", "-c", &script]).run().expect(0);
    assert_eq!(said.out, "loaded 1\nset 0\nkept 1\nrefresh 4\nstill 1\ncreated 0\nand 1\n", "{said:#?}");
    let said = said.mentions(&["the key is good, but ", "lacks the permission user_read", "saved the key"]);
    assert_eq!(fs::read_to_string(home.path(KEY_FILE)).expect("a key"), OTHER_KEY);
    assert_eq!(account.secrets(), json!({"A": "1", "B": "2"}));
    said.hides(key).hides(OTHER_KEY);
}

#[test]
fn no_verify_sends_nothing() {
    let account = TestAccount::with(&json!({}));
    let home = keyless(&account);
    home.vastenv(&["set", "api-key", "--no-verify", OTHER_KEY]).run().expect(0);
    assert_eq!(fs::read_to_string(home.path(KEY_FILE)).expect("a key"), OTHER_KEY);
    assert_eq!(account.requests(), [""; 0]);
}

#[test]
fn a_server_that_knows_no_users_leaves_the_way_open() {
    let server = RawServer::always(Reply::json(404, r#"{"msg": "no such endpoint"}"#));
    let mut home = Home::new();
    home.set("VAST_URL", server.url());
    home.vastenv(&["set", "api-key", OTHER_KEY]).run().refuses(1, &["nothing was saved", "--no-verify"]);
    assert!(!home.path(KEY_FILE).exists());
}

#[test]
fn the_legacy_file_goes_and_what_overrides_the_key_is_named() {
    let account = TestAccount::with(&json!({}));
    let mut home = account.home();
    let legacy = home.write(".vast_api_key", "an-old-key-of-long-ago");
    let session = home.write(".config/vastai/vast_tfa_key", "a-session");
    chmod(&home.path(".config/vastai"), 0o755);
    home.set("VAST_API_KEY", "another-key-of-mine-0042");
    home.vastenv(&["set", "api-key", account.sandbox.key.expose()])
        .run()
        .expect(0)
        .hides("another-key-of-mine")
        .hides(account.sandbox.key.expose())
        .mentions(&[
            &format!("removed {}", home.shown(&legacy)),
            "VAST_API_KEY (…0042) is set and overrides the saved key",
            &format!("two-factor session ({})", home.shown(&session)),
            "fixed (chmod 700)",
        ]);
    assert!(!legacy.exists() && session.exists());
    assert_eq!(mode(&home.path(".config/vastai")), 0o700);
}
