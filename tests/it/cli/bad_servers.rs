//! Servers that are down, slow, somebody else's, or out of their minds: a clear error, nothing that
//! was known is lost, and the key goes nowhere else.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::home::Home;
use crate::raw_server::{RawServer, Reply, nobody};

const KEY: &str = "a-key-of-this-server-0001";
const KNOWN: &str = "{\n \"A\": \"known\"\n}\n";

/// What a server may say in place of the variables, and a part of what vastenv says to it.
fn nonsense() -> Vec<(Reply, &'static str)> {
    let half =
        "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"success\":true,\"secrets\":{\"A\":\"hidden-v";
    let secrets = |what: &str| Reply::json(200, &format!(r#"{{"success": true, "secrets": {what}}}"#));
    vec![
        (Reply::Bytes(Vec::new()), "closed the connection"),
        (Reply::Bytes(b"\x00\x01hidden-v\r\n\r\n".to_vec()), "127.0.0.1"),
        (Reply::Bytes(half.into()), "cut off its answer"),
        (
            Reply::json(200, &format!(r#"{{"secrets": {{}}, "x": "{}"}}"#, "a".repeat(10 << 20))),
            "more than 8 MiB",
        ),
        (Reply::html(200, "<html>hidden-v</html>"), "HTML instead of JSON"),
        (Reply::html(401, "<html>hidden-v</html>"), "HTTP 401 with HTML"),
        (Reply::html(403, "hidden"), "HTTP 403"),
        (Reply::html(502, "<html>hidden-v</html>"), "HTTP 502"),
        (Reply::json(200, ""), "sent an empty answer"),
        (Reply::json(200, "null"), "no table of variables"),
        (Reply::json(200, "[]"), "no table of variables"),
        (Reply::json(200, "{}"), "no table of variables"),
        (secrets("null"), "no table of variables"),
        (secrets("[]"), "JSON of an unknown shape"),
        (Reply::json(206, r#"{"success": true, "secrets": {}}"#), "answered HTTP 206"),
        (Reply::json(200, r#"{"success": false, "msg": "not today"}"#), "not today"),
        (Reply::json(500, r#"{"detail": "on fire"}"#), "on fire (HTTP 500)"),
        (Reply::json(404, r#"{"message": "no such page"}"#), "no such page (HTTP 404)"),
        (Reply::redirect("http://evil.example/api"), "redirects to another site (http://evil.example)"),
        (Reply::redirect("/api/v0/secrets/"), "redirects more than 10 times"),
    ]
}

/// A server that is well until it is told otherwise.
fn turning_bad(bad: Reply) -> (RawServer, Arc<AtomicBool>) {
    let is_bad = Arc::new(AtomicBool::new(false));
    let turned = Arc::clone(&is_bad);
    let server = RawServer::start(move |target| match target {
        "GET /api/v0/users/current/" => Reply::json(200, r#"{"id": 7}"#),
        _ if turned.load(Ordering::SeqCst) => bad.clone(),
        _ => Reply::json(200, r#"{"success": true, "secrets": {"A": "known"}}"#),
    });
    (server, is_bad)
}

#[test]
fn nonsense_is_named_and_what_is_known_stays() {
    for (bad, said) in nonsense() {
        let (server, is_bad) = turning_bad(bad);
        let home = Home::at(&server.url(), KEY);
        home.ok(&["refresh", "--quiet"]);
        is_bad.store(true, Ordering::SeqCst);
        home.age_snapshot(10);
        let before = home.snapshot_value();
        for arguments in [&["refresh", "--retry", "1"][..], &["show", "env-vars", "--retry", "1"]] {
            home.vastenv(arguments)
                .run()
                .refuses(1, &["vastenv: cannot read the account's variables: ", said])
                .hides("hidden-v")
                .hides("424242")
                .hides(KEY);
        }
        assert_eq!(home.snapshot_value(), before, "{said}");
        assert_eq!(home.ok(&["export", "json"]), KNOWN, "{said}");
        let error = home.vastenv(&["--raw", "--retry", "1", "refresh"]).run().expect(1).err;
        assert_eq!(error.lines().count(), 1, "{error}");
        let error: serde_json::Value = serde_json::from_str(&error).expect("JSON");
        assert_eq!(error["error"], serde_json::json!(true));
        assert!(error["msg"].as_str().is_some_and(|text| text.contains(said)), "{error}");
    }
}

#[test]
fn on_a_fresh_home_nonsense_leaves_nothing_to_load() {
    for (bad, _) in nonsense() {
        let server = RawServer::always(bad);
        let home = Home::at(&server.url(), KEY);
        let said = home
            .vastenv(&["export", "sh", "--wait", "5"])
            .run()
            .refuses(1, &["vastenv: cannot read the account"]);
        drop(said.hides("hidden-v").hides(KEY));
        assert_eq!(home.snapshot(), None);
    }
}

#[test]
fn the_key_goes_to_no_other_site() {
    let other = RawServer::always(Reply::json(200, r#"{"id": 7, "success": true, "secrets": {}}"#));
    let server = RawServer::always(Reply::redirect(&format!("{}/api/v0/users/current/", other.url())));
    let home = Home::at(&server.url(), KEY);
    home.vastenv(&["refresh"]).run().refuses(1, &["redirects to another site", "the key was not sent there"]);
    home.vastenv(&["create", "env-var", "A", "hidden-v"])
        .run()
        .refuses(1, &["redirects to another site"])
        .hides("hidden-v");
    assert_eq!(other.targets(), [""; 0]);
}

#[test]
fn plain_http_to_another_machine_takes_a_flag() {
    let home = Home::at("http://192.0.2.1", KEY);
    home.vastenv(&["refresh"]).run().refuses(2, &["clear text", "--insecure-http"]);
}

#[test]
fn a_server_that_is_down_is_named_with_what_to_check() {
    let url = nobody();
    let home = Home::at(&url, KEY);
    let host = url.strip_prefix("http://").expect("http");
    for arguments in
        [&["refresh"][..], &["show", "env-vars"], &["create", "env-var", "A", "hidden-v"], &["export", "sh"]]
    {
        let said =
            home.vastenv(arguments).run().refuses(1, &[host, "cannot be reached", "hint: check the network"]);
        assert!(!said.hides("hidden-v").err.contains("os error"));
    }
}

#[test]
fn an_address_that_is_none_is_refused() {
    let home = Home::at("console.vast.ai", KEY);
    for arguments in [&["refresh"][..], &["status"], &["--url", "ftp://x", "status"]] {
        home.vastenv(arguments).run().refuses(2, &["is not a server address", "https://console.vast.ai"]);
    }
    home.vastenv(&["--url", "https://me:hidden-v@x", "status"])
        .run()
        .refuses(2, &["user name or password"])
        .hides("hidden-v");
    let call = home.vastenv(&["status"]).env("VAST_URL", OsStr::from_bytes(b"\xff"));
    call.run().refuses(2, &["is not a server address"]);
}

#[test]
fn a_refused_key_is_the_servers_word_only_in_its_own_form() {
    let (server, is_bad) = turning_bad(Reply::json(401, r#"{"success": false, "msg": "Invalid user key"}"#));
    let home = Home::at(&server.url(), KEY);
    home.ok(&["refresh", "--quiet"]);
    is_bad.store(true, Ordering::SeqCst);
    home.age_snapshot(10);
    home.vastenv(&["refresh"])
        .run()
        .refuses(4, &["Invalid user key (HTTP 401)", "…0001 is from VAST_API_KEY"]);
    assert_eq!(home.snapshot(), None);
    let status = home.ok(&["status"]);
    assert!(status.contains("the server refused the API key"), "{status}");
    is_bad.store(false, Ordering::SeqCst);
    home.ok(&["refresh", "--quiet"]);
    assert_eq!(home.ok(&["export", "json"]), KNOWN);
}

#[test]
fn what_a_server_says_cannot_move_the_cursor() {
    let server = RawServer::always(Reply::json(400, r#"{"msg": "bad\u001b[2J\nvastenv: all is well"}"#));
    let home = Home::at(&server.url(), KEY);
    let said = home.vastenv(&["create", "env-var", "A", "1"]).run().refuses(1, &["\\u{1b}[2J\\nvastenv"]);
    assert_eq!(said.err.lines().count(), 1, "{said:?}");
}

#[test]
fn a_value_of_another_variable_in_a_servers_words_is_taken_out() {
    let said = r#"{"success": false, "msg": "holds value-of-A, and remembered\u002dB, and from-the-file"}"#;
    let is_bad = Arc::new(AtomicBool::new(false));
    let turned = Arc::clone(&is_bad);
    let server = RawServer::start(move |target| match target {
        "GET /api/v0/users/current/" => Reply::json(200, r#"{"id": 7}"#),
        _ if turned.load(Ordering::SeqCst) || !target.starts_with("GET") => Reply::json(400, said),
        _ => Reply::json(200, r#"{"success": true, "secrets": {"A": "value-of-A", "B": "********"}}"#),
    });
    let home = Home::at(&server.url(), KEY);
    home.ok(&["refresh", "--quiet"]);
    home.ok(&["remember", "env-var", "B", "remembered-B", "--quiet"]);
    let hides = ["value-of-A", "remembered-B", "from-the-file"];
    let file = home.write("one.env", "NEW=from-the-file\nOTHER=from-the-file-too\n");
    let file = file.to_str().expect("text");
    for (command, hidden) in [
        (&["create", "env-var", "NEW", "sent"][..], 2),
        (&["delete", "env-var", "A"], 2),
        (&["show", "api-keys"], 2),
        (&["import", "-y", file], 3),
    ] {
        is_bad.store(command[0] == "show", Ordering::SeqCst);
        let said = home.vastenv(command).run();
        assert!(said.code != 0 && said.err.contains("holds *****, and *****"), "{said:?}");
        for value in &hides[..hidden] {
            assert!(!format!("{said:?}").contains(value), "{said:?}");
        }
    }
    // What a failed refresh leaves for status and for shells.
    is_bad.store(true, Ordering::SeqCst);
    let said = home.vastenv(&["refresh"]).run();
    assert!(said.code != 0 && !said.err.contains("value-of-A"), "{said:?}");
    let status = home.ok(&["status"]);
    assert!(status.contains("holds *****, and *****") && !status.contains("value-of-A"), "{status}");
}

#[test]
fn an_odd_row_costs_itself_and_is_named() {
    let server = RawServer::start(|target| match target {
        "GET /api/v0/users/current/" => Reply::json(200, r#"{"id": 7}"#),
        "GET /api/v0/secrets/" => Reply::json(
            200,
            r#"{"secrets": {"HF": "v", "PORT": 8080, "ON": true, "NONE": null, "HALF": "hidden-v\ud800", "\udc00": "hidden-w"}}"#,
        ),
        "GET /api/v0/ssh/" => Reply::json(200, r#"[{"id": 5, "key": "k"}, {"id": "x", "key": "k"}, 7]"#),
        _ => Reply::json(200, r#"{"apikeys": [{"name": "none"}, {"id": 6, "name": "good"}]}"#),
    });
    let home = Home::at(&server.url(), KEY);
    let said = home.vastenv(&["refresh"]).run().expect(0).hides("hidden-");
    said.mentions(&["variable NONE has null", "variable HALF has broken text", "name is not text"]);
    let said =
        home.vastenv(&["run", "--allow-missing", "--", "printenv", "HF", "PORT", "ON"]).run().expect(0);
    assert_eq!(said.out, "v\n8080\ntrue\n");
    let said = home.vastenv(&["show", "ssh-keys"]).run().expect(0);
    assert!(said.out.contains('5'), "{said:?}");
    said.mentions(&["row 2 of the server's list is not an SSH key", "row 3 of the"]);
    let said = home.vastenv(&["show", "api-keys"]).run().expect(0);
    assert!(said.out.contains("good"), "{said:?}");
    said.mentions(&["row 1 of the server's list is not an API key"]);
}
