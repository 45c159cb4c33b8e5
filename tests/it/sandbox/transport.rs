//! Paths, methods, bodies, limits, delays and the record.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use serde_json::{Value, json};
use vastenv::sandbox::{Options, RateLimits, Sandbox};

use super::http::{Reply, refused, request};
use crate::common::RunningSandbox;

#[test]
fn a_path_without_its_slash_is_redirected_with_its_method() {
    let sandbox = RunningSandbox::with(Options::default());
    for (method, path, status, location) in [
        ("GET", "/users/current", 301, "/api/v0/users/current/"),
        ("GET", "/auth/apikeys/1?a=b", 301, "/api/v0/auth/apikeys/1/?a=b"),
        ("POST", "/secrets", 308, "/api/v0/secrets/"),
        ("DELETE", "/ssh/3", 308, "/api/v0/ssh/3/"),
    ] {
        let reply = sandbox.send(method, path, "{}");
        assert_eq!((reply.status, reply.header("location")), (status, Some(location)), "{method} {path}");
    }
}

#[test]
fn other_paths_and_methods_are_refused_in_json() {
    let sandbox = RunningSandbox::with(Options::default());
    for path in ["/nothing/", "/nothing", "/ssh/one/", "/secrets/1/"] {
        let (status, answer) = sandbox.call("GET", path, &json!({}));
        assert_eq!((status, &answer["success"]), (404, &json!(false)), "{path}");
    }
    let key = format!("Bearer {}", sandbox.key.expose());
    assert_eq!(sandbox.send_as(&key, "GET", "/", "").status, 404);
    for (path, allowed) in [
        ("/secrets/", "GET, POST, PUT, DELETE"),
        ("/auth/apikeys/", "GET, POST"),
        ("/auth/apikeys/99/", "GET, DELETE"),
        ("/commands/reset_apikey/", "PUT"),
        ("/ssh/", "GET, POST"),
        ("/ssh/99/", "PUT, DELETE"),
        ("/users/current/", "GET"),
    ] {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            let reply = sandbox.send(method, path, "{}");
            let is_allowed = allowed.split(", ").any(|other| other == method);
            assert_eq!(reply.status != 405, is_allowed, "{method} {path}");
            if !is_allowed {
                assert_eq!(reply.header("allow"), Some(allowed.to_ascii_lowercase().as_str()));
                assert_eq!(reply.json()["error"], json!("method_not_allowed"));
            }
        }
    }
}

#[test]
fn bodies_that_are_no_json_object_or_too_large_are_refused() {
    let sandbox = RunningSandbox::with(Options::default());
    for body in ["{", "[]", "\"text\"", "\u{1}"] {
        let reply = sandbox.send("POST", "/secrets/", body);
        let expected = refused("invalid_request", "The request body is not a JSON object");
        assert_eq!((reply.status, reply.json()), (400, expected), "{body:?}");
    }
    let body_of = |length: usize| {
        let frame = json!({"key": "A", "value": ""}).to_string().len();
        json!({"key": "A", "value": "x".repeat(length - frame)}).to_string()
    };
    let reply = sandbox.send("POST", "/secrets/", &body_of((1 << 20) + 1));
    assert_eq!((reply.status, reply.json()["error"].as_str()), (413, Some("request_too_large")));
    assert_eq!(sandbox.send("POST", "/secrets/", &body_of(1 << 20)).status, 200);
}

#[test]
fn requests_too_close_together_are_refused_in_plain_text() {
    let clock = Arc::new(AtomicU64::new(1000));
    let seen = Arc::clone(&clock);
    let options = Options { rate_limits: Some(RateLimits::Strict), ..Options::default() };
    let sandbox =
        RunningSandbox::start(&options, move || Duration::from_millis(seen.load(Ordering::Relaxed)));
    assert_eq!(sandbox.send("GET", "/secrets/", "").status, 200);
    clock.store(5999, Ordering::Relaxed);
    let reply = sandbox.send("GET", "/secrets/", "");
    assert_eq!(reply.status, 429);
    assert_eq!(reply.body, "API requests too frequent: endpoint threshold=5.0");
    assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(reply.header("retry-after"), None);
    assert_eq!(sandbox.send("GET", "/ssh/", "").status, 200);
    clock.store(6000, Ordering::Relaxed);
    assert_eq!(sandbox.send("GET", "/secrets/", "").status, 200);
}

#[test]
fn the_latency_holds_the_answer_back_and_not_the_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state.json");
    let (asked, was_asked) = channel();
    let options = Options {
        state: Some(state.clone()),
        latency: Duration::from_secs(3600),
        rate_limits: Some(RateLimits::Strict),
        ..Options::default()
    };
    let sandbox = RunningSandbox::start(&options, move || {
        let _ = asked.send(());
        Duration::from_secs(1)
    });
    was_asked.recv().expect("the clock, read while the sandbox starts");
    let mut stream = sandbox.connect();
    let key = format!("Bearer {}", sandbox.key.expose());
    let create = json!({"key": "A", "value": "b"}).to_string();
    stream.write_all(request(&key, "POST", "/api/v0/secrets/", "", &create).as_bytes()).expect("sent");
    was_asked.recv().expect("the clock, read while the request is handled");
    drop(sandbox);
    let mut answer = Vec::new();
    // Whether the end comes as an end or a reset, no answer came before it.
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty());
    assert!(fs::read_to_string(&state).expect("a state").contains("\"A\": \"b\""));
}

#[test]
fn a_connection_serves_many_requests_beside_others() {
    let sandbox = RunningSandbox::with(Options::default());
    let (_idle, mut kept) = (sandbox.connect(), sandbox.connect());
    let key = format!("Bearer {}", sandbox.key.expose());
    for _ in 0..3 {
        let request = request(&key, "GET", "/api/v0/ssh/", "", "");
        kept.write_all(request.as_bytes()).expect("sent");
        let mut answer = Vec::new();
        while !answer.ends_with(b"[]") {
            let mut buffer = [0; 1024];
            let count = kept.read(&mut buffer).expect("an answer");
            assert_ne!(count, 0, "the connection was closed");
            answer.extend_from_slice(&buffer[..count]);
        }
        assert_eq!(Reply::parse(&String::from_utf8(answer).expect("text")).status, 200);
        assert_eq!(sandbox.get("/ssh/"), json!([]), "another connection");
    }
}

#[test]
fn every_request_is_recorded_before_its_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("record.jsonl");
    let sandbox = RunningSandbox::with(Options { record: Some(path.clone()), ..Options::default() });
    let lines = || -> Vec<Value> {
        let text = fs::read_to_string(&path).expect("a record");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    };
    sandbox.send("GET", "/users/current?x=y", "");
    assert_eq!(
        lines(),
        [json!({"method": "GET", "path": "/api/v0/users/current", "body": null, "status": 301})]
    );
    sandbox.call("POST", "/secrets/", &json!({"key": "A", "value": "b"}));
    sandbox.send_as("Bearer wrong", "POST", "/api/v0/secrets/", "not json");
    let recorded = |body: &Value, status: u16| json!({"method": "POST", "path": "/api/v0/secrets/", "body": body, "status": status});
    assert_eq!(lines()[1], recorded(&json!({"key": "A", "value": "b"}), 200));
    assert_eq!(lines()[2], recorded(&json!("not json"), 401));
    assert_eq!(lines().len(), 3);
    assert!(!fs::read_to_string(&path).expect("a record").contains(sandbox.key.expose()));
    assert_eq!(fs::metadata(&path).expect("a record").permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let sandbox = RunningSandbox::with(Options::default());
    let port: u16 = sandbox.url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let failure =
        Sandbox::bind(&Options { port, ..Options::default() }, || Duration::ZERO).err().expect("a failure");
    assert!(failure.message().contains(&port.to_string()), "{}", failure.message());
    assert!(failure.next_step().is_some());
}
