//! Where the key comes from, in which order, and what becomes of key files that are not as they
//! should be.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};

use super::account::{OTHER_KEY, TestAccount};
use crate::home::{Home, chmod, mode};

const KEY_FILE: &str = ".config/vastai/vast_api_key";
const SESSION_FILE: &str = ".config/vastai/vast_tfa_key";

/// Where `status` says that the key is from.
fn source(home: &Home, arguments: &[&str]) -> String {
    let all = [arguments, &["status", "--raw"]].concat();
    let status: Value = serde_json::from_str(&home.ok(&all)).expect("JSON");
    status["key_source"].as_str().expect("a source").to_owned()
}

#[test]
fn the_order_is_flag_variable_session_file_old_file() {
    let mut home = Home::new();
    for arguments in [&["status"][..], &["show", "env-vars"], &["export", "bash"], &["run", "--", "true"]] {
        home.vastenv(arguments).run().expect(4).mentions(&[
            "vastenv: no API key",
            "vastenv set api-key",
            "VAST_API_KEY",
        ]);
    }
    let legacy = home.write(".vast_api_key", OTHER_KEY);
    assert_eq!(source(&home, &[]), format!("{} (old path)", legacy.display()));
    let file = home.write(KEY_FILE, format!("\n {OTHER_KEY} \n"));
    assert_eq!(source(&home, &[]), file.display().to_string());
    let session = home.write(SESSION_FILE, OTHER_KEY);
    assert_eq!(source(&home, &[]), format!("{} (two-factor session)", session.display()));
    home.set("VAST_API_KEY", OTHER_KEY);
    assert_eq!(source(&home, &[]), "VAST_API_KEY");
    assert_eq!(source(&home, &["--api-key", OTHER_KEY]), "--api-key");
    home.set("VAST_API_KEY", "");
    fs::write(session, "\n").expect("emptied");
    assert_eq!(source(&home, &[]), file.display().to_string());
}

#[test]
fn xdg_config_home_is_obeyed() {
    let mut home = Home::new();
    home.write(KEY_FILE, "not-this-one-0000");
    let file = home.write("elsewhere/vastai/vast_api_key", OTHER_KEY);
    home.set("XDG_CONFIG_HOME", home.path("elsewhere"));
    assert_eq!(source(&home, &[]), file.display().to_string());
}

#[test]
fn a_wrong_key_says_where_it_is_from_and_shows_four_characters_at_most() {
    let account = TestAccount::with(&json!({"A": "1"}));
    let mut home = account.known_home();
    home.set("VAST_API_KEY", OTHER_KEY);
    let mine = "the key …cdef is from VAST_API_KEY";
    for arguments in
        [&["show", "env-vars"][..], &["create", "env-var", "B", "2"], &["refresh"], &["export", "sh"]]
    {
        let said = home.vastenv(arguments).run();
        let code = said.code;
        let said = said.hides(&OTHER_KEY[..60]).mentions(&["vastenv: ", "…cdef", "VAST_API_KEY"]);
        assert_eq!((code, said.out.as_str()), (4, ""), "{arguments:?}");
    }
    home.vastenv(&["refresh"]).run().refuses(4, &["Invalid user key (HTTP 401)", mine]);
    // The other key's snapshot has nothing to do with it.
    home.set("VAST_API_KEY", account.sandbox.key.expose());
    assert_eq!(home.ok(&["export", "json"]), "{\n \"A\": \"1\"\n}\n");
}

#[test]
fn a_key_that_dies_takes_its_snapshot_and_nothing_else() {
    let account = TestAccount::with(&json!({"A": "hf_value"}));
    let mut home = account.known_home();
    let key = account.sandbox.key.expose().to_owned();
    home.unset("VAST_API_KEY");
    let file = home.write(KEY_FILE, &key);
    let config = home.write(".config/vastenv/config.toml", "max_age = \"5m\"\n");
    home.ok(&["refresh"]);
    let state = lasting_names(&home.path(".local/state/vastenv"));
    // The server forgets the key: another one stands in its place.
    reset_key(&account);
    home.age_snapshot(10);
    home.vastenv(&["refresh"]).run().refuses(4, &["Invalid user key", &home.shown(&file)]).hides(&key);
    assert_eq!(home.snapshot(), None);
    assert!(file.exists() && config.exists());
    assert_eq!(lasting_names(&home.path(".local/state/vastenv")), state);
    home.vastenv(&["export", "json"]).run().refuses(4, &["the server refused the key", &home.shown(&file)]);
    home.vastenv(&["run", "--", "true"]).run().refuses(4, &["the server refused the key", "--allow-missing"]);
}

/// What is in the state folder, but for the generations that come and go.
fn lasting_names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text"));
    names.filter(|name| !name.starts_with("gen-")).collect()
}

/// Makes the account's key another one, by the API.
fn reset_key(account: &TestAccount) {
    let address = account.sandbox.url.strip_prefix("http://").expect("http");
    let mut stream = TcpStream::connect(address).expect("connected");
    let body = r#"{"client_id": "me"}"#;
    write!(
        stream,
        "PUT /api/v0/commands/reset_apikey/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Authorization: Bearer {}\r\nContent-Length: {}\r\n\r\n{body}",
        account.sandbox.key.expose(),
        body.len()
    )
    .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_key_file_as_the_umask_left_it_is_fixed_and_used() {
    for left in [0o644, 0o664, 0o640] {
        let home = Home::new();
        let file = home.write(KEY_FILE, OTHER_KEY);
        chmod(&file, left);
        home.vastenv(&["status"]).run().expect(0).mentions(&["vastenv: warning: ", "fixed (chmod 600)"]);
        assert_eq!(mode(&file), 0o600);
        let said = home.vastenv(&["status"]).run().expect(0);
        assert_eq!(said.err, "");
    }
}

#[test]
fn a_key_that_anybody_could_have_written_is_refused() {
    let home = Home::new();
    let file = home.write(KEY_FILE, OTHER_KEY);
    chmod(&file, 0o666);
    let chmod = format!("chmod go-w {}", home.shown(&file));
    home.vastenv(&["why", "A"]).run().refuses(1, &["is writable by others", &chmod]).hides(OTHER_KEY);
}

#[test]
fn a_key_file_that_is_none_is_named() {
    let home = Home::new();
    let file = home.path(KEY_FILE);
    fs::create_dir_all(&file).expect("a folder");
    home.vastenv(&["why", "A"])
        .run()
        .refuses(1, &[&format!("{} is not a plain file", home.shown(&file)), "hint: "]);
    let home = Home::new();
    home.write(KEY_FILE, "two words-hidden");
    home.vastenv(&["export", "sh"])
        .run()
        .refuses(4, &["has white space inside", "set api-key"])
        .hides("hidden");
}

#[test]
fn a_linked_key_file_is_followed_as_by_the_official_client() {
    let home = Home::new();
    let real = home.write("dotfiles/key", OTHER_KEY);
    fs::create_dir_all(home.path(".config/vastai")).expect("a folder");
    symlink(real, home.path(KEY_FILE)).expect("linked");
    assert_eq!(source(&home, &[]), home.path(KEY_FILE).display().to_string());
}
