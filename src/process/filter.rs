//! A command whose output passes a redactor.
//!
//! Where its output goes to a terminal, the command gets its own terminal, whose output is
//! redacted into ours; everywhere else it gets pipes.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, PipeReader, PipeWriter};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;

use super::command_terminal::{CommandTerminal, furnish, is_same_terminal};
use super::handshake::{Handshake, Inlet, Instead, Pending};
use super::keyboard::Keyboard;
use super::signals::Signals;
use super::status::{Status, wait};
use super::terminal::is_in_foreground;
use super::{pid, pump, with_users_limits};
use crate::redact::{Patterns, Redactor};

/// How often a job in the background looks whether it is in front now.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Our standard streams.
pub(crate) struct Streams {
    pub stdin: File,
    pub stdout: File,
    pub stderr: File,
}

/// How a command ended.
pub(crate) struct Finished {
    /// Its exit code, or where that is 0 although output was lost, one that says so.
    pub code: u8,
    /// Why its output did not arrive as a whole, where somebody should hear of that.
    pub lost: Option<io::Error>,
    /// What it printed in place of the greeting of a handshake, if that never came.
    pub instead: Option<Vec<u8>>,
}

impl Streams {
    /// Whether somebody reads along and types.
    pub(crate) fn are_a_terminal(&self) -> bool {
        self.stdin.is_terminal() && self.stdout.is_terminal()
    }

    /// Whether stdout is a pipe that nobody reads any more.
    pub(super) fn are_unread(&self) -> bool {
        let mut asked = [PollFd::new(self.stdout.as_fd(), PollFlags::empty())];
        let told = poll(&mut asked, PollTimeout::ZERO).is_ok();
        told && asked[0].revents().is_some_and(|events| events.contains(PollFlags::POLLERR))
    }

    pub(super) fn try_clone(&self) -> io::Result<Self> {
        let Self { stdin, stdout, stderr } = self;
        Ok(Self { stdin: stdin.try_clone()?, stdout: stdout.try_clone()?, stderr: stderr.try_clone()? })
    }
}

/// Why a command did not run.
#[derive(Debug)]
pub(crate) enum Trouble {
    NotStarted(io::Error),
    /// What it needs around it cannot be had; says what, then why.
    Surroundings(&'static str, io::Error),
}

/// Runs `command` to its end and to that of its output. Every value that `patterns` knows is taken out
/// of what it prints. Signals are passed on to it. With a `handshake`, the command has the terminal only if
/// both its input and its output are one.
pub(crate) fn run_filtered(
    command: Command,
    patterns: &Arc<Patterns>,
    streams: Streams,
    handshake: Option<Handshake>,
) -> Result<Finished, Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Trouble::Surroundings("cannot wait for signals", error))?;
    let _context = runtime.enter();
    let deaf = |error| Trouble::Surroundings("cannot listen for signals", error);
    let mut signals = Signals::hear_before_start().map_err(deaf)?;
    let in_terminal =
        if handshake.is_some() { streams.are_a_terminal() } else { streams.stdout.is_terminal() };
    let running = if in_terminal {
        Running::in_terminal(command, patterns, streams, handshake, &Keyboard::default())?
    } else {
        Running::with_pipes(command, patterns, streams, handshake)?
    };
    signals.hear_others().map_err(deaf)?;
    let finished = runtime.block_on(running.finish(signals));
    // Whoever still reads keys or a stream without an end is not waited for.
    runtime.shutdown_background();
    finished
}

/// A command under way.
pub(super) struct Running {
    pub(super) process: Pid,
    /// Tells how it stops, and how it ends.
    waiter: UnboundedReceiver<io::Result<Status>>,
    terminal: Option<CommandTerminal>,
    outputs: JoinSet<io::Result<()>>,
    /// Open while the command runs: what it leaves behind may keep its output open for ever.
    runs: Option<PipeWriter>,
    instead: Option<Instead>,
    /// Its exit code, once it has ended.
    pub(super) code: Option<u8>,
    lost: Option<io::Error>,
}

impl Running {
    /// A command that has our streams.
    pub(super) fn bare(mut command: Command) -> Result<Self, Trouble> {
        let child = with_users_limits(|| command.spawn()).map_err(Trouble::NotStarted)?;
        Ok(Self::new(child, true, None, JoinSet::new(), None, None))
    }

    fn new(
        child: Child,
        tells_stops: bool,
        terminal: Option<CommandTerminal>,
        outputs: JoinSet<io::Result<()>>,
        runs: Option<PipeWriter>,
        instead: Option<Instead>,
    ) -> Self {
        let process = pid(&child);
        let (tell, waiter) = unbounded_channel();
        tokio::task::spawn_blocking(move || wait(child, tells_stops, &tell));
        Self { process, waiter, terminal, outputs, runs, instead, code: None, lost: None }
    }

    pub(super) fn with_pipes(
        mut command: Command,
        patterns: &Arc<Patterns>,
        streams: Streams,
        handshake: Option<Handshake>,
    ) -> Result<Self, Trouble> {
        let trouble = |error| Trouble::Surroundings("cannot read the command's output", error);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        if handshake.is_some() {
            command.stdin(Stdio::piped());
        }
        let mut child = with_users_limits(|| command.spawn()).map_err(Trouble::NotStarted)?;
        let pending = handshake.zip(child.stdin.take()).map(|(handshake, stdin)| {
            let inlet = Inlet::new(File::from(OwnedFd::from(stdin)));
            Pending::new(handshake, inlet, Some(streams.stdin))
        });
        let instead = pending.as_ref().map(Pending::instead);
        // What `ssh` leaves behind to share a connection may keep its stderr, in older versions.
        let (end, runs) = pending.is_some().then(io::pipe).transpose().map_err(trouble)?.unzip();
        let mut outputs = JoinSet::new();
        let (out, err) = (child.stdout.take().map(OwnedFd::from), child.stderr.take().map(OwnedFd::from));
        redact(&mut outputs, out, streams.stdout, patterns, None, None);
        redact(&mut outputs, err, streams.stderr, patterns, pending, end);
        Ok(Self::new(child, false, None, outputs, runs, instead))
    }

    /// A command in a process group of its own, whose outputs end with [`Self::close`].
    pub(super) fn in_group(
        mut command: Command,
        patterns: &Arc<Patterns>,
        streams: Streams,
    ) -> Result<Self, Trouble> {
        let trouble = |error| Trouble::Surroundings("cannot read the command's output", error);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let (end, runs) = io::pipe().map_err(trouble)?;
        let other_end = end.try_clone().map_err(trouble)?;
        let mut child = with_users_limits(|| command.spawn()).map_err(Trouble::NotStarted)?;
        let mut outputs = JoinSet::new();
        let (out, err) = (child.stdout.take().map(OwnedFd::from), child.stderr.take().map(OwnedFd::from));
        redact(&mut outputs, out, streams.stdout, patterns, None, Some(end));
        redact(&mut outputs, err, streams.stderr, patterns, None, Some(other_end));
        Ok(Self::new(child, true, None, outputs, Some(runs), None))
    }

    pub(super) fn in_terminal(
        command: Command,
        patterns: &Arc<Patterns>,
        streams: Streams,
        handshake: Option<Handshake>,
        keyboard: &Keyboard,
    ) -> Result<Self, Trouble> {
        let trouble = |error| Trouble::Surroundings("cannot open a terminal for the command", error);
        let (pty, pts) = pty_process::blocking::open().map_err(|error| trouble(io_error(error)))?;
        furnish(&pty, &pts, &streams);
        let mut command = pty_process::blocking::Command::from(command);
        if !streams.stdin.is_terminal() {
            command = command.stdin(Stdio::inherit());
        }
        if !is_same_terminal(&streams.stdout, &streams.stderr) {
            command = command.stderr(Stdio::piped());
        }
        let output = pty.as_fd().try_clone_to_owned().map_err(trouble)?;
        let inlet = File::from(pty.as_fd().try_clone_to_owned().map_err(trouble)?);
        let (end, runs) = io::pipe().map_err(trouble)?;
        let started = with_users_limits(|| command.spawn(pts));
        let mut child = started.map_err(|error| Trouble::NotStarted(io_error(error)))?;
        let screen = streams.stdout.try_clone().map_err(trouble)?;
        let inlet = keyboard.lead_to(inlet);
        let pending = handshake.map(|handshake| Pending::new(handshake, inlet.clone(), None));
        let instead = pending.as_ref().map(Pending::instead);
        let keys = Some(streams.stdin).filter(File::is_terminal);
        let mut terminal = CommandTerminal::new(pty, screen, keys, keyboard.clone());
        // Before the first output: its line ends are those of the command's terminal.
        terminal.take_keys();
        let mut outputs = JoinSet::new();
        let err = child.stderr.take().map(OwnedFd::from);
        redact(&mut outputs, Some(output), streams.stdout, patterns, pending, Some(end));
        redact(&mut outputs, err, streams.stderr, patterns, None, None);
        Ok(Self::new(child, false, Some(terminal), outputs, Some(runs), instead))
    }

    /// Waits for the command and its output, and passes signals on meanwhile.
    async fn finish(mut self, mut signals: Signals) -> Result<Finished, Trouble> {
        while !self.is_over() {
            tokio::select! {
                status = self.next() => {
                    if matches!(status?, Status::Ended(_)) {
                        self.close();
                    }
                }
                signal = signals.next() => {
                    if self.code.is_none() {
                        self.pass_on(signal);
                    } else if !matches!(signal, Signal::SIGWINCH | Signal::SIGCONT) {
                        // Only something that the command left behind still holds its output.
                        break;
                    }
                }
            }
        }
        Ok(self.finished())
    }

    /// Whether it has ended, and all its output.
    pub(super) fn is_over(&self) -> bool {
        self.code.is_some() && self.outputs.is_empty()
    }

    /// Its output ends with what is there.
    pub(super) fn close(&mut self) {
        self.runs = None;
    }

    /// How it ended.
    pub(super) fn finished(mut self) -> Finished {
        let lost = self.lost.take();
        let code = match (self.code.unwrap_or(1), &lost) {
            // What would have ended the command, had it written there itself.
            (0, Some(error)) if is_broken_pipe(error) => 128 + Signal::SIGPIPE as u8,
            (0, Some(_)) => 1,
            (code, _) => code,
        };
        let instead = self.instead.take().and_then(|instead| instead.take());
        Finished { code, lost: lost.filter(|error| !is_broken_pipe(error)), instead }
    }

    /// What happens next.
    pub(super) async fn next(&mut self) -> Result<Status, Trouble> {
        let lost_sight = |error| Trouble::Surroundings("cannot get the command's exit status", error);
        loop {
            tokio::select! {
                status = self.waiter.recv(), if self.code.is_none() => {
                    let status = status.unwrap_or_else(|| Err(ErrorKind::NotFound.into()));
                    let status = status.map_err(lost_sight)?;
                    if let Status::Ended(code) = status {
                        self.code = Some(code);
                    }
                    return Ok(status);
                }
                Some(ended) = self.outputs.join_next() => {
                    if let Err(error) = ended.map_err(io::Error::other).and_then(|ended| ended) {
                        if self.code.is_none() {
                            self.hang_up();
                        }
                        if self.lost.as_ref().is_none_or(is_broken_pipe) {
                            self.lost = Some(error);
                        }
                    }
                    return Ok(Status::OutputEnded);
                }
                () = tokio::time::sleep(LOOK_AGAIN), if self.waits_for_keys() => self.take_keys(),
                else => return std::future::pending().await,
            }
        }
    }

    /// Whether somebody may type, but we started in the background: nothing tells when `fg` comes.
    fn waits_for_keys(&self) -> bool {
        self.terminal.as_ref().is_some_and(CommandTerminal::waits_for_keys)
    }

    fn take_keys(&mut self) {
        if let Some(terminal) = &mut self.terminal {
            terminal.take_keys();
        }
    }

    /// The screen has gone. Whoever writes into a pipe learns of that by itself.
    fn hang_up(&self) {
        if self.terminal.is_some() {
            let _ = kill(self.process, Signal::SIGHUP);
        }
    }

    /// Whether it has a terminal of its own.
    pub(super) fn has_terminal(&self) -> bool {
        self.terminal.is_some()
    }

    pub(super) fn pass_on(&mut self, signal: Signal) {
        let is_typed = matches!(signal, Signal::SIGINT | Signal::SIGQUIT);
        // A command that has ended just now needs no signal.
        let _ = match (&mut self.terminal, signal) {
            (Some(terminal), Signal::SIGWINCH) => {
                terminal.resize();
                Ok(())
            }
            (Some(terminal), Signal::SIGCONT) => {
                terminal.resize();
                terminal.take_keys();
                Ok(())
            }
            (None, Signal::SIGWINCH | Signal::SIGCONT) => Ok(()),
            // As our terminal would do, if the command were in it.
            (Some(terminal), _) if is_typed => match terminal.foreground() {
                Some(group) => killpg(group, signal),
                None => kill(self.process, signal),
            },
            // Typed at the terminal that we share with the command, it has reached both.
            (None, _) if is_typed && owns_a_terminal() => Ok(()),
            _ => kill(self.process, signal),
        };
    }
}

fn redact(
    outputs: &mut JoinSet<io::Result<()>>,
    from: Option<OwnedFd>,
    to: File,
    patterns: &Arc<Patterns>,
    handshake: Option<Pending>,
    watched_until: Option<PipeReader>,
) {
    let Some(from) = from else { return };
    let redactor = Redactor::new(Arc::clone(patterns));
    outputs.spawn_blocking(move || pump::redacted(File::from(from), to, redactor, handshake, watched_until));
}

/// Whether our job is the one in front of its terminal.
fn owns_a_terminal() -> bool {
    File::open("/dev/tty").is_ok_and(is_in_foreground)
}

fn is_broken_pipe(error: &io::Error) -> bool {
    error.kind() == ErrorKind::BrokenPipe
}

fn io_error(error: pty_process::Error) -> io::Error {
    match error {
        pty_process::Error::Io(error) => error,
        other @ pty_process::Error::Rustix(_) => io::Error::other(other),
    }
}
