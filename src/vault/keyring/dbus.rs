//! As much of D-Bus as the Secret Service takes: method calls over a unix socket, one at a time, each
//! within a time limit.
//!
//! Only sockets of this machine are spoken to (`unix:` addresses): nobody but the bus of the user's
//! own session sees what passes. No thread, no runtime, and what was received is wiped from memory.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, UnixAddr, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};
use nix::unistd::geteuid;
use zeroize::Zeroizing;

use super::Trouble;
use super::wire::{self, Body, Message};

/// A connection to the session's bus.
pub(super) struct Bus {
    stream: UnixStream,
    deadline: Instant,
    serial: u32,
    /// Signals that came while an answer was awaited.
    signals: Vec<Message>,
}

/// Whom a call is for.
pub(super) struct Method<'a> {
    pub destination: &'a str,
    pub path: &'a str,
    pub interface: &'a str,
    pub name: &'a str,
}

/// The bus itself.
const BUS: &str = "org.freedesktop.DBus";

impl Bus {
    /// Connects to the first of `addresses` (in D-Bus's own form) that can be reached.
    pub(super) fn connect(addresses: &str, limit: Duration) -> Result<Self, Trouble> {
        let deadline = Instant::now() + limit;
        let mut trouble =
            Trouble::Absent("the address of the session's D-Bus is of no known kind".to_owned());
        for address in addresses.split(';').filter_map(socket_address) {
            match open(&address, limit) {
                Ok(stream) => {
                    let mut bus = Self { stream, deadline, serial: 0, signals: Vec::new() };
                    bus.authenticate()?;
                    bus.call(&bus_method("Hello"), &Body::default())?;
                    return Ok(bus);
                }
                Err(met) => trouble = met,
            }
        }
        Err(trouble)
    }

    /// Gives a person time to answer.
    pub(super) fn extend(&mut self, time: Duration) {
        self.deadline = Instant::now() + time;
    }

    /// Calls a method and waits for its answer.
    pub(super) fn call(&mut self, method: &Method<'_>, body: &Body) -> Result<Message, Trouble> {
        self.serial += 1;
        let serial = self.serial;
        self.send(&wire::call(serial, method, body))?;
        loop {
            let message = self.receive()?;
            if message.answers == Some(serial) {
                return match message.error {
                    Some(error) => Err(Trouble::of_error(&error)),
                    None => Ok(message),
                };
            }
            if message.signal.is_some() {
                self.signals.push(message);
            }
        }
    }

    /// Asks the bus to pass on signals called `name` of the object `path`.
    pub(super) fn listen(&mut self, path: &str, name: &str) -> Result<(), Trouble> {
        let rule = format!("type='signal',member='{name}',path='{path}'");
        self.call(&bus_method("AddMatch"), &Body::default().text(&rule)).map(drop)
    }

    /// Waits for the signal `name` of the object `path`.
    pub(super) fn signal(&mut self, path: &str, name: &str) -> Result<Message, Trouble> {
        let wanted = |message: &Message| {
            message.signal.as_deref() == Some(name) && message.path.as_deref() == Some(path)
        };
        if let Some(at) = self.signals.iter().position(wanted) {
            return Ok(self.signals.swap_remove(at));
        }
        loop {
            let message = self.receive()?;
            if wanted(&message) {
                return Ok(message);
            }
        }
    }

    /// Says who we are; the socket itself proves it.
    fn authenticate(&mut self) -> Result<(), Trouble> {
        let user = crate::domain::hex(geteuid().as_raw().to_string().as_bytes());
        self.send(format!("\0AUTH EXTERNAL {user}\r\n").as_bytes())?;
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let mut byte = [0];
            self.fill(&mut byte)?;
            line.push(byte[0]);
            if line.len() > 512 {
                return Err(Trouble::unintelligible());
            }
        }
        if !line.starts_with(b"OK ") {
            return Err(Trouble::Absent("the session's D-Bus does not let this user in".to_owned()));
        }
        self.send(b"BEGIN\r\n")
    }

    fn receive(&mut self) -> Result<Message, Trouble> {
        let mut start = [0; wire::START];
        self.fill(&mut start)?;
        let rest = wire::length_after_start(&start).ok_or_else(Trouble::unintelligible)?;
        let mut bytes = Zeroizing::new(vec![0; wire::START + rest]);
        bytes[..wire::START].copy_from_slice(&start);
        self.fill(&mut bytes[wire::START..])?;
        Message::parse(bytes).ok_or_else(Trouble::unintelligible)
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        let mut sent = 0;
        while sent < bytes.len() {
            let left = self.time_left()?;
            self.stream.set_write_timeout(Some(left)).map_err(|error| Trouble::of_socket(&error))?;
            match self.stream.write(&bytes[sent..]) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Trouble::of_socket(&error)),
            }
        }
        Ok(())
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Trouble> {
        let mut filled = 0;
        while filled < buffer.len() {
            let left = self.time_left()?;
            self.stream.set_read_timeout(Some(left)).map_err(|error| Trouble::of_socket(&error))?;
            match self.stream.read(&mut buffer[filled..]) {
                Ok(0) => return Err(Trouble::Absent("the session's D-Bus hung up".to_owned())),
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Trouble::of_socket(&error)),
            }
        }
        Ok(())
    }

    fn time_left(&self) -> Result<Duration, Trouble> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(Trouble::TimedOut) } else { Ok(left) }
    }
}

fn bus_method(name: &str) -> Method<'_> {
    Method { destination: BUS, path: "/org/freedesktop/DBus", interface: BUS, name }
}

/// Connects within `limit`: a socket whose queue is full would hold us up for ever.
fn open(address: &UnixAddr, limit: Duration) -> Result<UnixStream, Trouble> {
    let connect = || {
        let kind = (AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC);
        let socket = socket::socket(kind.0, kind.1, kind.2, None)?;
        let limit = TimeVal::milliseconds(i64::try_from(limit.as_millis()).unwrap_or(i64::MAX));
        socket::setsockopt(&socket, sockopt::SendTimeout, &limit)?;
        socket::connect(std::os::fd::AsRawFd::as_raw_fd(&socket), address)?;
        Ok(UnixStream::from(socket))
    };
    connect().map_err(|error: nix::Error| Trouble::of_socket(&error.into()))
}

/// The socket that an address names, if it is one of this machine.
fn socket_address(address: &str) -> Option<UnixAddr> {
    let fields = address.strip_prefix("unix:")?;
    fields.split(',').find_map(|field| match field.split_once('=')? {
        ("path", path) => UnixAddr::new(std::ffi::OsStr::new(&unescape(path)?)).ok(),
        #[cfg(target_os = "linux")]
        ("abstract", name) => UnixAddr::new_abstract(unescape(name)?.as_bytes()).ok(),
        _ => None,
    })
}

/// An address's value without its `%` escapes.
fn unescape(value: &str) -> Option<String> {
    let mut parts = value.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine_are_understood_and_others_are_not() {
        let path = |text: &str| socket_address(text).and_then(|found| found.path().map(ToOwned::to_owned));
        assert_eq!(path("unix:path=/run/user/1/bus,guid=0"), Some("/run/user/1/bus".into()));
        assert_eq!(path("unix:guid=0,path=/tmp/a%20b"), Some("/tmp/a b".into()));
        for other in ["", "unix:", "unix:path", "unix:path=%zz", "tcp:host=localhost,port=1", "autolaunch:"] {
            assert!(socket_address(other).is_none(), "{other}");
        }
        let trouble = Bus::connect("tcp:host=localhost,port=1", Duration::from_secs(1)).err();
        assert!(matches!(trouble, Some(Trouble::Absent(_))));
    }
}
