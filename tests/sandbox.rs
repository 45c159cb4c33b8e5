//! The sandbox over plain HTTP: every documented answer, and what the transport adds.

mod common;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use common::RunningSandbox;
use serde_json::{Value, json};
use vastenv::sandbox::{Options, Sandbox};

const ED25519: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKHEChKtsRnn8LkA4a6sNEcb2HF4RpFVn1FZZq0rIVVN me@here";

/// What came back.
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("a status");
        Self { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{}", self.body);
        serde_json::from_str(&self.body).expect("JSON")
    }
}

impl RunningSandbox {
    /// A sandbox with `state` as its hand-written account, at a moment in 2023.
    fn with_state(state: &Value) -> (Self, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state.json");
        fs::write(&path, state.to_string()).expect("a state file");
        (Self::with(Options { state: Some(path), ..Options::default() }), folder)
    }

    fn with(options: Options) -> Self {
        Self::start(options, || Duration::from_secs(1_700_000_000))
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(self.url.strip_prefix("http://").expect("an address")).expect("a connection")
    }

    fn send_as(&self, authorization: &str, method: &str, path: &str, body: &str) -> Reply {
        let mut stream = self.connect();
        let request = request(authorization, method, path, "Connection: close\r\n", body);
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        Reply::parse(&answer)
    }

    fn send(&self, method: &str, path: &str, body: &str) -> Reply {
        self.send_as(&format!("Bearer {}", self.key.expose()), method, &format!("/api/v0{path}"), body)
    }

    /// Sends, and gives the answer's status and JSON.
    fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let reply = self.send(method, path, &body.to_string());
        (reply.status, reply.json())
    }

    fn get(&self, path: &str) -> Value {
        let reply = self.send("GET", path, "");
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()
    }
}

fn request(authorization: &str, method: &str, path: &str, more: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: sandbox\r\nAuthorization: {authorization}\r\n{more}\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

fn refused(error: &str, msg: &str) -> Value {
    json!({"success": false, "error": error, "msg": msg})
}

#[test]
fn secrets_live_as_documented() {
    let sandbox = RunningSandbox::with(Options::default());
    let value = "any 'text' $here\nand ✓";
    assert_eq!(sandbox.get("/secrets/"), json!({"success": true, "secrets": {}}));
    assert_eq!(
        sandbox.call("POST", "/secrets/", &json!({"key": "hf_token", "value": value})),
        (200, json!({"success": true, "msg": "Environment variable added successfully"}))
    );
    assert_eq!(sandbox.get("/secrets/"), json!({"success": true, "secrets": {"HF_TOKEN": value}}));
    assert_eq!(
        sandbox.call("PUT", "/secrets/", &json!({"key": "HF_TOKEN", "value": "new"})),
        (200, json!({"success": true, "msg": "Environment variable updated successfully"}))
    );
    assert_eq!(
        sandbox.call("DELETE", "/secrets/", &json!({"key": "HF_TOKEN"})),
        (200, json!({"success": true, "msg": "Environment variable deleted successfully"}))
    );
    assert_eq!(
        sandbox.call("POST", "/secrets/", &json!({"key": "A"})),
        (400, refused("missing_input", "Both 'key' and 'value' are required."))
    );
    let (status, answer) = sandbox.call("DELETE", "/secrets/", &json!({"key": "A"}));
    assert_eq!((status, &answer["error"]), (400, &json!("nonexistent_key")));
}

#[test]
fn api_keys_live_as_documented() {
    let sandbox = RunningSandbox::with(Options::default());
    let permissions = json!({"api": {"user_read": {}}});
    let (status, created) =
        sandbox.call("POST", "/auth/apikeys/", &json!({"name": "ci", "permissions": permissions}));
    assert_eq!((status, &created["permissions"]), (200, &permissions));
    let path = format!("/auth/apikeys/{}/", created["id"]);
    let shown = sandbox.get(&path);
    assert_eq!(shown["name"], json!("ci"));
    assert_eq!(sandbox.get("/auth/apikeys/")["apikeys"][1], shown);
    assert_eq!(sandbox.call("DELETE", &path, &json!({})), (200, json!("Successfully Deleted API Key")));
    assert_eq!(sandbox.call("DELETE", &path, &json!({})), (404, json!({"msg": "API Key not found."})));
    assert_eq!(sandbox.call("GET", &path, &json!({})), (404, json!({"msg": "API Key not found."})));
    let (status, answer) = sandbox.call("POST", "/auth/apikeys/", &json!({"permissions": []}));
    assert_eq!((status, answer), (400, refused("invalid_permissions", "Invalid permission format")));
}

#[test]
fn keys_of_others_cannot_be_deleted() {
    let (sandbox, _folder) = RunningSandbox::with_state(&json!({"api_keys": [
        {"id": 5, "key": "mine"}, {"id": 6, "key": "theirs", "user_id": 1},
    ]}));
    let msg = "You do not have permission to delete this API Key.";
    assert_eq!(sandbox.call("DELETE", "/auth/apikeys/6/", &json!({})), (403, json!({"msg": msg})));
}

#[test]
fn ssh_keys_live_as_documented() {
    let sandbox = RunningSandbox::with(Options::default());
    assert_eq!(sandbox.get("/ssh/"), json!([]));
    let (status, created) = sandbox.call("POST", "/ssh/", &json!({"ssh_key": ED25519}));
    assert_eq!((status, &created["key"]["public_key"]), (200, &json!(ED25519)));
    assert_eq!(created["key"]["created_at"], json!("2023-11-14T22:13:20Z"));
    let path = format!("/ssh/{}/", created["key"]["id"]);
    assert_eq!(sandbox.get("/ssh/")[0]["key"], json!(ED25519));
    assert_eq!(sandbox.get("/users/current/")["ssh_key"], json!(ED25519));
    let other = ED25519.replace("me@here", "me@work");
    let (status, changed) = sandbox.call("PUT", &path, &json!({"ssh_key": other}));
    assert_eq!((status, &changed["key"]["public_key"]), (200, &json!(other)));
    assert_eq!(sandbox.call("DELETE", &path, &json!({})), (200, json!({"success": true})));
    assert_eq!(
        sandbox.call("DELETE", &path, &json!({})),
        (400, refused("no_ssh_key", "No ssh key provided"))
    );
    let (status, answer) = sandbox.call("POST", "/ssh/", &json!({"ssh_key": "id_ed25519.pub"}));
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_request")));
}

#[test]
fn the_user_is_who_the_state_says() {
    let (sandbox, _folder) =
        RunningSandbox::with_state(&json!({"user": {"id": 42, "email": "a@b.invalid", "credit": 1.5}}));
    let user = sandbox.get("/users/current/");
    assert_eq!(user["id"], json!(42));
    assert_eq!(user["email"], json!("a@b.invalid"));
    assert_eq!((&user["credit"], &user["ssh_key"]), (&json!(1.5), &json!("")));
    assert!(!user.to_string().contains(sandbox.key.expose()));
}

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
fn without_a_live_key_nothing_is_answered() {
    let sandbox = RunningSandbox::with(Options::default());
    let (_, scoped) = sandbox.call("POST", "/auth/apikeys/", &json!({"name": "short-lived"}));
    let bearer = format!("Bearer {}", scoped["key"].as_str().expect("a key"));
    let secrets = "/api/v0/secrets/";
    assert_eq!(sandbox.send_as(&bearer, "GET", secrets, "").status, 200);
    sandbox.send("DELETE", &format!("/auth/apikeys/{}/", scoped["id"]), "");
    let basic = format!("Basic {}", sandbox.key.expose());
    for authorization in ["", "Bearer ", "Bearer unknown", &basic, &bearer] {
        for (method, path) in [("GET", secrets), ("POST", secrets), ("PUT", "/api/v0/commands/reset_apikey/")]
        {
            let reply = sandbox.send_as(authorization, method, path, "{}");
            let expected = refused("auth_error", "Invalid user key");
            assert_eq!((reply.status, reply.json()), (401, expected), "{method} {path}");
        }
    }
}

#[test]
fn a_scoped_key_does_what_its_permissions_say() {
    let (sandbox, _folder) = RunningSandbox::with_state(&json!({"api_keys": [
        {"key": "full"},
        {"key": "reads", "permissions": {"api": {"user_read": {}, "misc": {}}}},
        {"key": "writes", "permissions": {"api": {"user_write": {}}}},
    ]}));
    let secrets = "/api/v0/secrets/";
    let create = json!({"key": "A", "value": "b"}).to_string();
    assert_eq!(sandbox.send_as("Bearer reads", "GET", secrets, "").status, 200);
    assert_eq!(sandbox.send_as("Bearer writes", "POST", secrets, &create).status, 200);
    for (key, method, missing) in [("reads", "POST", "user_write"), ("writes", "GET", "user_read")] {
        let reply = sandbox.send_as(&format!("Bearer {key}"), method, secrets, &create);
        let expected = refused("permission_denied", &format!("This API key lacks the permission {missing}"));
        assert_eq!((reply.status, reply.json()), (403, expected));
    }
}

#[test]
fn after_a_reset_the_key_that_asked_is_dead() {
    let sandbox = RunningSandbox::with(Options::default());
    let (status, answer) = sandbox.call("PUT", "/commands/reset_apikey/", &json!({"client_id": "me"}));
    assert_eq!((status, &answer["success"]), (200, &json!(true)));
    assert_eq!(sandbox.send("GET", "/secrets/", "").status, 401);
    let new = format!("Bearer {}", answer["new_api_key"].as_str().expect("a key"));
    assert_eq!(sandbox.send_as(&new, "GET", "/api/v0/secrets/", "").status, 200);
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
fn a_masking_sandbox_shows_no_value() {
    let sandbox = RunningSandbox::with(Options { mask: true, ..Options::default() });
    sandbox.call("POST", "/secrets/", &json!({"key": "A", "value": "b"}));
    assert_eq!(sandbox.get("/secrets/"), json!({"success": true, "secrets": {"A": "********"}}));
}

#[test]
fn requests_too_close_together_are_refused_in_plain_text() {
    let clock = Arc::new(AtomicU64::new(1000));
    let seen = Arc::clone(&clock);
    let options = Options { rate_limits: true, ..Options::default() };
    let sandbox = RunningSandbox::start(options, move || Duration::from_millis(seen.load(Ordering::Relaxed)));
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
        rate_limits: true,
        ..Options::default()
    };
    let sandbox = RunningSandbox::start(options, move || {
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
fn an_account_outlives_its_sandbox() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.json");
    let options = || Options { state: Some(path.clone()), ..Options::default() };
    let (key, user) = {
        let sandbox = RunningSandbox::with(options());
        sandbox.call("POST", "/secrets/", &json!({"key": "A", "value": "line\nline"}));
        sandbox.call("POST", "/ssh/", &json!({"ssh_key": ED25519}));
        (sandbox.key.clone(), sandbox.get("/users/current/"))
    };
    assert_eq!(fs::metadata(&path).expect("a state").permissions().mode() & 0o777, 0o600);
    let sandbox = RunningSandbox::with(options());
    assert_eq!(sandbox.key, key);
    assert_eq!(sandbox.get("/users/current/"), user);
    assert_eq!(sandbox.get("/secrets/")["secrets"], json!({"A": "line\nline"}));
    let (_, created) = sandbox.call("POST", "/auth/apikeys/", &json!({"name": "next"}));
    assert_eq!(created["id"], json!(3), "ids are not used twice");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[test]
fn a_hand_written_account_may_be_hostile() {
    let secrets = json!({"A;touch x": "1", "lower": "line\nline", "": "", "MASKED": "***"});
    let (sandbox, _folder) = RunningSandbox::with_state(&json!({"secrets": secrets}));
    assert_eq!(sandbox.get("/secrets/")["secrets"], secrets);
    assert_eq!(sandbox.key.expose().len(), 64);
}

#[test]
fn a_state_that_does_not_parse_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state.json");
    fs::write(&path, "{\"secrets\": {\"A\": ").expect("a file");
    let options = Options { state: Some(path.clone()), ..Options::default() };
    let failure = Sandbox::bind(options, || Duration::ZERO).err().expect("a failure");
    assert!(failure.message().contains(path.to_str().expect("a path")), "{}", failure.message());
    assert_eq!(fs::read_to_string(&path).expect("text"), "{\"secrets\": {\"A\": ");
}

#[test]
fn a_change_that_cannot_be_saved_does_not_happen() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("gone").join("state.json");
    let parent = path.parent().map(Path::to_owned).expect("a folder");
    fs::create_dir(&parent).expect("a folder");
    let sandbox = RunningSandbox::with(Options { state: Some(path), ..Options::default() });
    fs::remove_dir_all(&parent).expect("removed");
    let (status, answer) = sandbox.call("POST", "/secrets/", &json!({"key": "A", "value": "b"}));
    assert_eq!((status, &answer["error"]), (500, &json!("sandbox_error")));
    assert_eq!(sandbox.get("/secrets/")["secrets"], json!({}));
}

#[test]
fn a_port_that_is_taken_is_named() {
    let sandbox = RunningSandbox::with(Options::default());
    let port: u16 = sandbox.url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let failure =
        Sandbox::bind(Options { port, ..Options::default() }, || Duration::ZERO).err().expect("a failure");
    assert!(failure.message().contains(&port.to_string()), "{}", failure.message());
    assert!(failure.next_step().is_some());
}
