//! A server that answers each request by script.

use super::raw_server::{RawServer, Reply};
pub(super) use super::raw_server::{Received, Reply as Step, nobody};

pub(super) struct Server(RawServer);

/// A server that takes one request for each step, and closes on any other.
pub(super) fn serve(script: impl IntoIterator<Item = Step>) -> Server {
    let mut script: std::collections::VecDeque<Step> = script.into_iter().collect();
    Server(RawServer::start(move |_| script.pop_front().unwrap_or(Reply::Bytes(Vec::new()))))
}

impl Server {
    pub(super) fn url(&self) -> String {
        self.0.url()
    }

    /// Every request that came.
    pub(super) fn finish(self) -> Vec<Received> {
        self.0.received()
    }
}

/// A whole answer with a status, a body, and perhaps more headers, each ended by `\r\n`.
pub(super) fn answer_with(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} Some Words\r\nContent-Length: {length}\r\n{headers}\r\n{body}").into()
}

/// A whole answer, after which the connection is closed.
pub(super) fn say_status(status: u16, body: &str) -> Step {
    Step::Bytes(answer_with(status, "Connection: close\r\n", body))
}

/// A redirect.
pub(super) fn say_redirect(status: u16, location: &str) -> Step {
    let headers = format!("Connection: close\r\nLocation: {location}\r\n");
    Step::Bytes(answer_with(status, &headers, ""))
}
