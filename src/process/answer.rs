//! A program that is asked for a few bytes, and ended with its group if it does not give them in time.

use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use zeroize::Zeroizing;

use super::{exit_code, with_users_limits};

/// The most that is read, in bytes.
const MOST: u64 = 64 * 1024;

/// The group that is being asked; 0 for none.
static ASKED: AtomicI32 = AtomicI32::new(0);

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    NotStarted(io::Error),
    Late,
    /// It ended with this exit code.
    Failed(u8),
    Unreadable(io::Error),
}

/// What `command` prints until it ends, without input; its messages are shown if somebody `is_heard`. It has
/// a process group of its own.
pub(crate) fn answer(
    mut command: Command,
    is_heard: bool,
    limit: Duration,
) -> Result<Zeroizing<Vec<u8>>, NoAnswer> {
    let messages = if is_heard { Stdio::inherit() } else { Stdio::null() };
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(messages).process_group(0);
    let mut child = with_users_limits(|| command.spawn()).map_err(NoAnswer::NotStarted)?;
    let group = i32::try_from(child.id()).unwrap_or_default();
    ASKED.store(group, Ordering::Relaxed);
    let (end, ended) = channel();
    std::thread::spawn(move || {
        let mut output = Zeroizing::new(Vec::new());
        let read = child.stdout.take().map(|from| from.take(MOST).read_to_end(&mut output)).transpose();
        let status = read.and_then(|_| child.wait());
        // Nobody waits any more for one that is late.
        let _ = end.send(status.map(|status| (status, output)));
    });
    let ended = ended.recv_timeout(limit);
    if ended.is_err() {
        end_asked();
    }
    ASKED.store(0, Ordering::Relaxed);
    match ended {
        Err(_) => Err(NoAnswer::Late),
        Ok(Err(error)) => Err(NoAnswer::Unreadable(error)),
        Ok(Ok((status, output))) if status.success() => Ok(output),
        Ok(Ok((status, _))) => Err(NoAnswer::Failed(exit_code(status))),
    }
}

/// Ends the program that is being asked, if one is: an interrupt from the keyboard does not reach its group.
pub(crate) fn end_asked() {
    let group = ASKED.load(Ordering::Relaxed);
    if group > 0 {
        // One that has ended needs no end.
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
}
