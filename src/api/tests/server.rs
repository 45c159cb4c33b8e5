//! A server on a free port of this machine that answers each connection by script.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

/// What the server does with one connection, after it read the request.
pub(super) enum Step {
    /// Writes these bytes and closes.
    Say(Vec<u8>),
    /// Writes these bytes and keeps the connection open, silent.
    SayAndHang(Vec<u8>),
    /// Writes this head, and then zeros until the client is gone.
    Flood(&'static str),
    /// Serves further requests on the same connection, each with an answer of its own.
    KeepAlive(Vec<Vec<u8>>),
}

/// A scripted server.
pub(super) struct Server {
    address: SocketAddr,
    thread: JoinHandle<(Vec<Received>, Vec<TcpStream>)>,
}

/// A request as it came.
#[derive(Debug)]
pub(super) struct Received {
    /// Method, path and headers.
    pub(super) head: String,
    pub(super) body: String,
}

/// A server that takes one connection for each step.
pub(super) fn serve(script: impl IntoIterator<Item = Step>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let script: Vec<Step> = script.into_iter().collect();
    let thread = thread::spawn(move || {
        // Streams that hang live as long as the server.
        let (mut received, mut hanging) = (Vec::new(), Vec::new());
        for step in script {
            let (mut stream, _) = listener.accept().unwrap();
            let Some(request) = receive(&mut stream) else { break };
            received.push(request);
            match step {
                Step::Say(bytes) => say(&mut stream, &bytes),
                Step::SayAndHang(bytes) => {
                    say(&mut stream, &bytes);
                    hanging.push(stream);
                }
                Step::Flood(head) => {
                    say(&mut stream, head.as_bytes());
                    while stream.write_all(&[b'0'; 1 << 12]).is_ok() {}
                }
                Step::KeepAlive(mut answers) => {
                    let last = answers.pop().unwrap();
                    for answer in answers {
                        say(&mut stream, &answer);
                        received.extend(receive(&mut stream));
                    }
                    say(&mut stream, &last);
                }
            }
        }
        (received, hanging)
    });
    Server { address, thread }
}

impl Server {
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request that came. A step that was not needed is cut short by an empty connection.
    pub(super) fn finish(self) -> Vec<Received> {
        drop(TcpStream::connect(self.address));
        self.thread.join().unwrap().0
    }
}

/// An address where nothing listens.
pub(super) fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// A whole answer with a status, a body, and perhaps more headers, each ended by `\r\n`.
pub(super) fn answer_with(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} Some Words\r\nContent-Length: {length}\r\n{headers}\r\n{body}").into()
}

/// A whole answer, after which the connection is closed.
pub(super) fn say_status(status: u16, body: &str) -> Step {
    Step::Say(answer_with(status, "Connection: close\r\n", body))
}

/// A redirect.
pub(super) fn say_redirect(status: u16, location: &str) -> Step {
    let headers = format!("Connection: close\r\nLocation: {location}\r\n");
    Step::Say(answer_with(status, &headers, ""))
}

/// The client may be gone already, and that is its right.
fn say(stream: &mut TcpStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes);
}

/// Reads one request; `None` if the client says nothing.
fn receive(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(received) = parse(&bytes) {
            return Some(received);
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
    }
}

/// The request, if all of it is there.
fn parse(bytes: &[u8]) -> Option<Received> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    (body.len() >= length.unwrap_or(0)).then(|| Received { head: head.to_owned(), body: body.to_owned() })
}

impl Received {
    /// `METHOD /path`.
    pub(super) fn target(&self) -> &str {
        self.head.split(" HTTP/").next().unwrap()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}
