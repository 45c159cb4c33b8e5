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
    /// Writes these bytes and waits for another request on the same connection.
    Keep(Vec<u8>),
    /// Writes these bytes and keeps the connection open, silent.
    Hang(Vec<u8>),
    /// Writes this head, and then zeros until the client is gone.
    Flood(&'static str),
    /// Says nothing, and keeps the connection open.
    Silence,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Received {
    /// Method, path and headers.
    pub head: String,
    pub body: String,
}

impl Received {
    /// `METHOD /path`.
    pub fn target(&self) -> &str {
        self.head.split(" HTTP/").next().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }
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
    received: Arc<Mutex<Vec<Received>>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl RawServer {
    /// Answers each request with what `reply` says for it (`METHOD /path`).
    pub fn start(mut reply: impl FnMut(&str) -> Reply + Send + 'static) -> Self {
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
                while let Some(request) = receive(&mut stream) {
                    log.lock().expect("no panic").push(request.clone());
                    let answer = reply(request.target());
                    // The client may have had enough of it already.
                    match answer {
                        Reply::Keep(bytes) => {
                            drop(stream.write_all(&bytes));
                            continue;
                        }
                        Reply::Bytes(bytes) => drop(stream.write_all(&bytes)),
                        Reply::Flood(head) => {
                            drop(stream.write_all(head.as_bytes()));
                            while stream.write_all(&[b'0'; 1 << 12]).is_ok() {}
                        }
                        Reply::Hang(bytes) => {
                            drop(stream.write_all(&bytes));
                            silent.push(stream);
                        }
                        Reply::Silence => silent.push(stream),
                    }
                    break;
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

    /// Every request so far.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no panic").clone()
    }

    /// Every request's method and path so far.
    pub fn targets(&self) -> Vec<String> {
        self.received().iter().map(|request| request.target().to_owned()).collect()
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

/// Reads one request; `None` if the client says nothing.
fn receive(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(request) = parse(&bytes) {
            return Some(request);
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
    let request = Received { head: head.to_owned(), body: body.to_owned() };
    let length = request.header("content-length").and_then(|length| length.parse().ok());
    (body.len() >= length.unwrap_or(0)).then_some(request)
}
