//! A program that is asked for a few bytes, and ended with its group if it does not give them in time.

use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, SigmaskHow, Signal, killpg, raise};
use nix::unistd::Pid;
use zeroize::Zeroizing;

use super::signals::is_ignored;
use super::terminal::Loan;
use super::{exit_code, pid, with_users_limits};

/// The most that is read, in bytes.
const MOST: usize = 64 * 1024;

/// How long the end of the output is waited for once the program has ended: a daemon that it left may hold that
/// open.
const GRACE: Duration = Duration::from_secs(1);

/// The exit code of a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// The program that is being asked.
static ASKED: Mutex<Option<Asked>> = Mutex::new(None);

struct Asked {
    group: Pid,
    /// Our terminal, if the program has it.
    loan: Option<Loan>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    NotStarted(io::Error),
    Late,
    TooLong,
    /// It ended with this exit code.
    Failed(u8),
    Unreadable(io::Error),
}

enum Event {
    /// What it printed; nothing at the end.
    Printed(Zeroizing<Vec<u8>>),
    Unreadable(io::Error),
    Ended(ExitStatus),
}

/// What `command` prints until it ends, without input. It has a process group of its own. If somebody
/// `is_heard`, its messages are shown, and it has the terminal to ask its user; Ctrl-C ends us too.
pub(crate) fn answer(
    mut command: Command,
    is_heard: bool,
    limit: Duration,
) -> Result<Zeroizing<Vec<u8>>, NoAnswer> {
    let messages = if is_heard { Stdio::inherit() } else { Stdio::null() };
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(messages).process_group(0);
    let (tell, events) = channel();
    let mut child =
        with_users_limits(|| hearing_signals(|| command.spawn())).map_err(NoAnswer::NotStarted)?;
    let group = pid(&child);
    let loan = is_heard.then(|| Loan::to(group)).flatten();
    let is_lent = loan.is_some();
    *ASKED.lock().unwrap_or_else(PoisonError::into_inner) = Some(Asked { group, loan });
    if let Some(stdout) = child.stdout.take() {
        let tell = tell.clone();
        thread::spawn(move || read(stdout, &tell));
    }
    thread::spawn(move || {
        let ended = child.wait().map_or_else(Event::Unreadable, Event::Ended);
        // Nobody waits any more for one that is late.
        let _ = tell.send(ended);
    });
    let answer = collect(&events, Instant::now() + limit);
    end(matches!(answer, Err(NoAnswer::Late | NoAnswer::TooLong | NoAnswer::Unreadable(_))));
    if is_lent && matches!(answer, Err(NoAnswer::Failed(INTERRUPTED))) && !is_ignored(Signal::SIGINT) {
        let _ = SigSet::from(Signal::SIGINT).thread_unblock();
        let _ = raise(Signal::SIGINT);
    }
    answer
}

/// Ends the program that is being asked, if one is: an interrupt does not always reach its group.
pub(crate) fn end_asked() {
    end(true);
}

/// Takes the terminal back from the program that was asked, which is killed with its group if it `is_late`.
fn end(is_late: bool) {
    let asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(Asked { group, loan }) = asked else { return };
    if is_late {
        // One that has ended needs no end.
        let _ = killpg(group, Signal::SIGKILL);
    }
    drop(loan);
}

/// What is printed until the end, or until `deadline`.
fn collect(events: &Receiver<Event>, deadline: Instant) -> Result<Zeroizing<Vec<u8>>, NoAnswer> {
    let mut output = Zeroizing::new(Vec::with_capacity(MOST));
    let (mut status, mut is_whole, mut until) = (None::<ExitStatus>, false, deadline);
    loop {
        match status {
            Some(status) if !status.success() => return Err(NoAnswer::Failed(exit_code(status))),
            Some(_) if is_whole => return Ok(output),
            _ => {}
        }
        match events.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Event::Printed(bytes)) => {
                is_whole = bytes.is_empty();
                if output.len() + bytes.len() > MOST {
                    return Err(NoAnswer::TooLong);
                }
                output.extend_from_slice(&bytes);
            }
            Ok(Event::Unreadable(error)) => return Err(NoAnswer::Unreadable(error)),
            Ok(Event::Ended(ended)) => {
                status = Some(ended);
                until = deadline.min(Instant::now() + GRACE);
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) if status.is_some() => {
                return Ok(output);
            }
            Err(_) => return Err(NoAnswer::Late),
        }
    }
}

fn read(mut stdout: ChildStdout, tell: &Sender<Event>) {
    let mut chunk = Zeroizing::new([0; 4096]);
    loop {
        let event = match stdout.read(&mut *chunk) {
            Ok(count) => Event::Printed(Zeroizing::new(chunk[..count].to_vec())),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Event::Unreadable(error),
        };
        let is_last = !matches!(&event, Event::Printed(bytes) if !bytes.is_empty());
        if tell.send(event).is_err() || is_last {
            return;
        }
    }
}

/// Starts a program that hears every signal, also those that this thread leaves to another: it would inherit
/// that.
fn hearing_signals<T>(start: impl FnOnce() -> T) -> T {
    let before = SigSet::empty().thread_swap_mask(SigmaskHow::SIG_SETMASK);
    let started = start();
    // A mask that this thread had before can be set again.
    let _ = before.map(|before| before.thread_set_mask());
    started
}
