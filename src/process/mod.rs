//! This process and the one that it runs: no core dumps of secrets, a command whose output passes a
//! redactor or that is started again and again, and a terminal that is as before however it ends.

mod answer;
mod capture;
mod command_terminal;
mod filter;
mod guardian;
mod handshake;
mod hygiene;
mod inherited;
mod job;
mod keyboard;
mod pump;
mod script;
mod signals;
mod status;
mod supervise;
mod terminal;
mod wakeups;

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};

use nix::unistd::Pid;

pub(crate) use answer::{NoAnswer, answer, end_asked};
pub(crate) use capture::capture;
pub(crate) use filter::{Finished, Streams, Trouble, run_filtered};
pub(crate) use guardian::{GUARDIAN, guard};
pub(crate) use handshake::Handshake;
pub(crate) use hygiene::{forbid_core_dumps, with_users_limits};
pub(crate) use inherited::pass_on_ignored_pipe;
pub(crate) use script::{find_program, interpreter};
pub(crate) use signals::{Signals, is_ignored};
pub(crate) use supervise::{Program, Supervisor, Verdict};
pub(crate) use terminal::restore_terminal;
pub(crate) use wakeups::{Alarm, Wakeup, block_signals, hear_all, unblock_signals};

/// A command's exit code as a shell tells it: 128 and the signal's number where one ended it.
pub(crate) fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    u8::try_from(code & 0xff).unwrap_or(1)
}

fn pid(child: &Child) -> Pid {
    // The system's own type of process ids is the signed one.
    Pid::from_raw(i32::try_from(child.id()).unwrap_or(0))
}
