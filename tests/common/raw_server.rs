//! A server on a free port of this machine that answers every request by script, and as badly as a
//! test wants.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// What the server does with a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Writes these bytes and closes.
    Bytes(Vec<u8>),
    /// Says nothing, and keeps the connection open.
    Silence,
}

impl Reply {
    /// A whole JSON answer.
    pub fn json(status: u16, body: &str) -> Self {
        Self::whole(status, "Content-Type: application/json\r\n", body)
    }

    /// A whole HTML answer.
    pub fn html(status: u16, body: &str) -> Self {
        Self::whole(status, "Content-Type: text/html\r\n", body)
    }

    /// A redirect.
    pub fn redirect(location: &str) -> Self {
        Self::whole(302, &format!("Location: {location}\r\n"), "")
    }

    /// A whole answer with these headers, each ended by `\r\n`.
    pub fn whole(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::Bytes(
            format!(
                "HTTP/1.1 {status} Some Words\r\nContent-Length: {length}\r\n\
                 Connection: close\r\n{headers}\r\n{body}"
            )
            .into_bytes(),
        )
    }
}

/// A server that answers until it is dropped.
pub struct RawServer {
    address: SocketAddr,
    received: Arc<Mutex<Vec<String>>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl RawServer {
    /// Answers each request with what `reply` says for it (`METHOD /path`).
    pub fn start(reply: impl Fn(&str) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let received = Arc::new(Mutex::new(Vec::new()));
        let ended = Arc::new(AtomicBool::new(false));
        let (log, end) = (Arc::clone(&received), Arc::clone(&ended));
        let thread = thread::spawn(move || {
            // Connections that stay silent live as long as the server.
            let mut silent = Vec::new();
            while let Ok((mut stream, _)) = listener.accept() {
                if end.load(Ordering::SeqCst) {
                    break;
                }
                let Some(target) = receive(&mut stream) else { continue };
                log.lock().expect("no panic").push(target.clone());
                let answer = reply(&target);
                match answer {
                    // The client may have had enough of it already.
                    Reply::Bytes(bytes) => drop(stream.write_all(&bytes)),
                    Reply::Silence => silent.push(stream),
                }
            }
        });
        Self { address, received, ended, thread: Some(thread) }
    }

    /// A server that answers everything alike.
    pub fn always(reply: Reply) -> Self {
        Self::start(move |_| reply.clone())
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request's method and path so far.
    pub fn targets(&self) -> Vec<String> {
        self.received.lock().expect("no panic").clone()
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(thread::panicking() || matches!(ended, Some(Ok(()))), "the server panicked");
    }
}

/// An address where nothing listens.
pub fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

/// Reads one request and gives its method and path; `None` if the client says nothing.
fn receive(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(target) = parse(&bytes) {
            return Some(target);
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
    }
}

/// The request's method and path, if all of it is there.
fn parse(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok())
        .unwrap_or(0);
    let target = head.split(" HTTP/").next()?.to_owned();
    (body.len() >= length).then_some(target)
}
