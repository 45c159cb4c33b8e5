//! Bytes from one stream to another.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use zeroize::Zeroizing;

use crate::redact::Redactor;

/// The most that is read at once, in bytes.
const CHUNK: usize = 64 * 1024;

/// How long a person waits before what is held back and harmless is shown: too short to be felt, and
/// longer than a program takes to write the rest of a word.
const PATIENCE: Duration = Duration::from_millis(10);

/// Passes the output of a command on, its secrets taken out, until it ends. Where a person reads
/// along (`is_watched`), a pause shows what is harmless of what is held back.
///
/// # Errors
/// The output cannot be written: its reader has gone, or a disk is full.
pub(super) fn redacted(
    mut from: File,
    mut to: File,
    mut redactor: Redactor,
    is_watched: bool,
) -> io::Result<()> {
    let mut chunk = Zeroizing::new(vec![0; CHUNK]);
    let mut out = Vec::with_capacity(CHUNK);
    loop {
        if is_watched && !is_ready(&from, PollFlags::POLLIN, Some(PATIENCE)) {
            redactor.pause(&mut out);
            write(&mut to, &mut out)?;
        }
        match read(&mut from, &mut chunk) {
            0 => break,
            count => redactor.push(&chunk[..count], &mut out),
        }
        write(&mut to, &mut out)?;
    }
    redactor.finish(&mut out);
    write(&mut to, &mut out)
}

/// Passes on what is typed, until nobody types or reads any more.
pub(super) fn keys(mut from: File, mut to: File) {
    let mut chunk = Zeroizing::new(vec![0; CHUNK]);
    loop {
        let count = read(&mut from, &mut chunk);
        if count == 0 || write_all(&mut to, &chunk[..count]).is_err() {
            return;
        }
    }
}

/// Reads what is there; 0 at the end. A terminal whose programs have all ended answers with an error.
fn read(from: &mut File, chunk: &mut [u8]) -> usize {
    loop {
        match from.read(chunk) {
            Ok(count) => return count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // Others who share the stream may have made it so.
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                is_ready(&*from, PollFlags::POLLIN, None);
            }
            Err(_) => return 0,
        }
    }
}

fn write(to: &mut File, out: &mut Vec<u8>) -> io::Result<()> {
    write_all(to, out)?;
    out.clear();
    Ok(())
}

fn write_all(to: &mut File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match to.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                is_ready(&*to, PollFlags::POLLOUT, None);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether `stream` is ready within the time; without one, waits.
fn is_ready(stream: impl AsFd, what: PollFlags, within: Option<Duration>) -> bool {
    let limit = within.map_or(PollTimeout::NONE, |time| time.try_into().unwrap_or(PollTimeout::MAX));
    let mut asked = [PollFd::new(stream.as_fd(), what)];
    // A signal that interrupts the wait is as good as an event: reading finds out.
    poll(&mut asked, limit).map_or(true, |count| count > 0)
}
