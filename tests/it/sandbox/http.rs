//! A plain HTTP client for the sandbox, which hides nothing of what came back.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use vastenv::sandbox::Options;

use crate::common::RunningSandbox;

/// A public key.
pub const ED25519: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKHEChKtsRnn8LkA4a6sNEcb2HF4RpFVn1FZZq0rIVVN me@here";

/// What came back.
pub struct Reply {
    pub status: u16,
    head: String,
    pub body: String,
}

impl Reply {
    pub fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("a status");
        Self { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{}", self.body);
        serde_json::from_str(&self.body).expect("JSON")
    }
}

impl RunningSandbox {
    /// A sandbox with `state` as its hand-written account, at a moment in 2023.
    pub fn with_state(state: &Value) -> (Self, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state.json");
        fs::write(&path, state.to_string()).expect("a state file");
        (Self::with(Options { state: Some(path), ..Options::default() }), folder)
    }

    pub fn with(options: Options) -> Self {
        Self::start(&options, || Duration::from_secs(1_700_000_000))
    }

    pub fn connect(&self) -> TcpStream {
        let address = self.url.strip_prefix("http://").expect("an address");
        let stream = TcpStream::connect(address).expect("a connection");
        // A server that never answers fails the test rather than hanging it.
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time-out");
        stream
    }

    pub fn send_as(&self, authorization: &str, method: &str, path: &str, body: &str) -> Reply {
        let mut stream = self.connect();
        let request = request(authorization, method, path, "Connection: close\r\n", body);
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        Reply::parse(&answer)
    }

    pub fn send(&self, method: &str, path: &str, body: &str) -> Reply {
        self.send_as(&format!("Bearer {}", self.key.expose()), method, &format!("/api/v0{path}"), body)
    }

    /// Sends, and gives the answer's status and JSON.
    pub fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let reply = self.send(method, path, &body.to_string());
        (reply.status, reply.json())
    }

    pub fn get(&self, path: &str) -> Value {
        let reply = self.send("GET", path, "");
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()
    }
}

pub fn request(authorization: &str, method: &str, path: &str, more: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: sandbox\r\nAuthorization: {authorization}\r\n{more}\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

pub fn refused(error: &str, msg: &str) -> Value {
    json!({"success": false, "error": error, "msg": msg})
}
