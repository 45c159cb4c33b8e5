//! Bytes from one stream to another.

use std::fs::File;
use std::io::{self, ErrorKind, PipeReader, Read, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use zeroize::Zeroizing;

use super::handshake::Pending;
use crate::redact::Redactor;

/// The most that is read at once, in bytes.
const CHUNK: usize = 64 * 1024;

/// How long a person waits before what is held back and harmless is shown: too short to be felt, and
/// longer than a program takes to write the rest of a word.
const PATIENCE: Duration = Duration::from_millis(10);

/// How much is kept of what was shown, in bytes.
const KEPT: usize = 16 * 1024;

/// Passes the output of a command on, its secrets taken out, until it ends. Where a person reads
/// along, a pause shows what is harmless of what is held back, and all ends with what is there when
/// `watched_until` ends.
pub(super) fn redacted(
    mut from: File,
    mut to: File,
    mut redactor: Redactor,
    mut handshake: Option<Pending>,
    watched_until: Option<PipeReader>,
) -> io::Result<()> {
    let mut out = Vec::with_capacity(CHUNK);
    follow(&mut from, watched_until.as_ref(), |piece| {
        match (piece, &mut handshake) {
            (Some(bytes), Some(handshake)) => redactor.push(&handshake.read(bytes), &mut out),
            (Some(bytes), None) => redactor.push(bytes, &mut out),
            (None, _) => redactor.pause(&mut out),
        }
        write(&mut to, &mut out)
    })?;
    if let Some(handshake) = &mut handshake {
        redactor.push(&handshake.finish(), &mut out);
    }
    redactor.finish(&mut out);
    write(&mut to, &mut out)
}

/// Passes on what a command says to its user, until it ends or `until` does; gives the last of it.
pub(super) fn shown(mut from: File, mut to: File, until: &PipeReader) -> Vec<u8> {
    let mut kept = Vec::new();
    // Where nobody can be told, the command's end tells.
    let _ = follow(&mut from, Some(until), |piece| {
        let bytes = piece.unwrap_or_default();
        kept.extend(bytes);
        kept.drain(..kept.len().saturating_sub(KEPT));
        write_all(&mut to, bytes)
    });
    kept
}

/// Reads to the end of `from`, piece by piece. Before the end of `watched_until` a pause is a piece too:
/// none; after it, what is there is all.
fn follow(
    from: &mut File,
    watched_until: Option<&PipeReader>,
    mut take: impl FnMut(Option<&[u8]>) -> io::Result<()>,
) -> io::Result<()> {
    let mut chunk = Zeroizing::new(vec![0; CHUNK]);
    loop {
        if let Some(end) = watched_until
            && !is_ready(&*from, PollFlags::POLLIN, Some(PATIENCE))
        {
            take(None)?;
            if !comes_before(from, end) {
                return Ok(());
            }
        }
        match read(from, &mut chunk) {
            0 => return Ok(()),
            count => take(Some(&chunk[..count]))?,
        }
    }
}

/// Passes on what is typed, until nobody types or reads any more.
pub(super) fn keys(mut from: File, mut to: impl FnMut(&[u8]) -> io::Result<()>) {
    let mut chunk = Zeroizing::new(vec![0; CHUNK]);
    loop {
        let count = read(&mut from, &mut chunk);
        if count == 0 || to(&chunk[..count]).is_err() {
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

pub(super) fn write_all(to: &mut File, mut bytes: &[u8]) -> io::Result<()> {
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

/// Waits until there is something to read, or `end` has come and there is not.
fn comes_before(from: &File, end: &PipeReader) -> bool {
    let mut asked =
        [PollFd::new(from.as_fd(), PollFlags::POLLIN), PollFd::new(end.as_fd(), PollFlags::POLLIN)];
    wait(&mut asked, PollTimeout::NONE);
    // What was written last may still be under way.
    asked[0].any() == Some(true) || is_ready(from, PollFlags::POLLIN, Some(PATIENCE))
}

/// Whether `stream` is ready within the time; without one, waits.
fn is_ready(stream: impl AsFd, what: PollFlags, within: Option<Duration>) -> bool {
    let limit = within.map_or(PollTimeout::NONE, |time| time.try_into().unwrap_or(PollTimeout::MAX));
    wait(&mut [PollFd::new(stream.as_fd(), what)], limit)
}

/// Whether any of `asked` is ready within the time. Where waiting fails, reading or writing tells why.
fn wait(asked: &mut [PollFd<'_>], limit: PollTimeout) -> bool {
    loop {
        match poll(asked, limit) {
            Err(Errno::EINTR) => {}
            ready => return ready != Ok(0),
        }
    }
}
