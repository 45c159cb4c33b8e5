//! How a command stops and ends.

use std::io;
use std::process::Child;

use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use tokio::sync::mpsc::UnboundedSender;

use super::{exit_code, pid};

/// What happens to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Stopped(Signal),
    Ended(u8),
    /// One of its outputs has ended.
    OutputEnded,
}

/// Waits for a command, and for its stops where these are to be told.
pub(super) fn wait(mut child: Child, tells_stops: bool, tell: &UnboundedSender<io::Result<Status>>) {
    // Nobody listens where the program ends first.
    let tell = |status| drop(tell.send(status));
    if !tells_stops {
        return tell(child.wait().map(|status| Status::Ended(exit_code(status))));
    }
    loop {
        match waitpid(pid(&child), Some(WaitPidFlag::WUNTRACED)) {
            Ok(WaitStatus::Stopped(_, signal)) => tell(Ok(Status::Stopped(signal))),
            Ok(WaitStatus::Exited(_, code)) => {
                return tell(Ok(Status::Ended(u8::try_from(code & 0xff).unwrap_or(1))));
            }
            Ok(WaitStatus::Signaled(_, signal, _)) => return tell(Ok(Status::Ended(128 + signal as u8))),
            Ok(_) | Err(Errno::EINTR) => {}
            // Ended by a signal that has no name.
            Err(Errno::EINVAL) => return tell(Ok(Status::Ended(1))),
            Err(error) => return tell(Err(error.into())),
        }
    }
}
