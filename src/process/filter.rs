//! A command whose output passes a redactor.
//!
//! Where its output goes to a terminal, the command gets a terminal of its own, whose output is
//! redacted into ours; everywhere else it gets pipes.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, PipeReader, PipeWriter};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::termios::{OutputFlags, SetArg, tcgetattr, tcsetattr};
use nix::unistd::{Pid, tcgetpgrp};
use pty_process::blocking::{Pts, Pty};
use tokio::task::JoinSet;

use super::signals::Signals;
use super::terminal::{RawTerminal, is_in_foreground, size_of};
use super::{exit_code, pump, with_users_limits};
use crate::redact::{Patterns, Redactor};

/// How often a job in the background looks whether it is in front now.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Our standard streams.
pub struct Streams {
    pub stdin: File,
    pub stdout: File,
    pub stderr: File,
}

/// How a command ended.
pub struct Finished {
    /// Its exit code, or where that is 0 although output was lost, one that says so.
    pub code: u8,
    /// Why its output did not arrive as a whole, where somebody should hear of that.
    pub lost: Option<io::Error>,
}

/// Why a command did not run.
#[derive(Debug)]
pub enum Trouble {
    NotStarted(io::Error),
    /// What it needs around it cannot be had; says what, then why.
    Surroundings(&'static str, io::Error),
}

/// Runs `command` to its end and to that of its output. Every value that `patterns` knows is taken out
/// of what it prints. Signals are passed on to it.
pub fn run_filtered(
    command: Command,
    patterns: &Arc<Patterns>,
    streams: Streams,
) -> Result<Finished, Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Trouble::Surroundings("cannot wait for signals", error))?;
    let _context = runtime.enter();
    let deaf = |error| Trouble::Surroundings("cannot listen for signals", error);
    let mut signals = Signals::hear_before_start().map_err(deaf)?;
    let mut running = if streams.stdout.is_terminal() {
        Running::in_terminal(command, patterns, streams)?
    } else {
        Running::with_pipes(command, patterns, streams)?
    };
    signals.hear_others().map_err(deaf)?;
    let finished = runtime.block_on(running.finish(signals));
    drop(running);
    // Whoever still reads keys or a stream without an end is not waited for.
    runtime.shutdown_background();
    finished
}

/// A command under way.
struct Running {
    process: Pid,
    child: Option<Child>,
    terminal: Option<Terminal>,
    outputs: JoinSet<io::Result<()>>,
}

/// The command's terminal and ours.
struct Terminal {
    /// The command's, from outside.
    pty: Pty,
    /// Where its output is shown.
    screen: File,
    /// Where keys come from, if somebody types.
    keys: Option<File>,
    raw: Option<RawTerminal>,
    has_keys: bool,
    /// Open while the command runs: what it leaves behind may keep its terminal open for ever.
    runs: Option<PipeWriter>,
}

impl Running {
    fn with_pipes(mut command: Command, patterns: &Arc<Patterns>, streams: Streams) -> Result<Self, Trouble> {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = with_users_limits(|| command.spawn()).map_err(Trouble::NotStarted)?;
        let mut outputs = JoinSet::new();
        redact(&mut outputs, child.stdout.take().map(OwnedFd::from), streams.stdout, patterns, None);
        redact(&mut outputs, child.stderr.take().map(OwnedFd::from), streams.stderr, patterns, None);
        Ok(Self { process: pid(&child), child: Some(child), terminal: None, outputs })
    }

    fn in_terminal(command: Command, patterns: &Arc<Patterns>, streams: Streams) -> Result<Self, Trouble> {
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
        let (end, runs) = io::pipe().map_err(trouble)?;
        let started = with_users_limits(|| command.spawn(pts));
        let mut child = started.map_err(|error| Trouble::NotStarted(io_error(error)))?;
        let screen = streams.stdout.try_clone().map_err(trouble)?;
        let keys = Some(streams.stdin).filter(File::is_terminal);
        let mut terminal = Terminal { pty, screen, keys, raw: None, has_keys: false, runs: Some(runs) };
        // Before the first output: its line ends are those of the command's terminal.
        terminal.take_keys();
        let mut outputs = JoinSet::new();
        redact(&mut outputs, Some(output), streams.stdout, patterns, Some(end));
        redact(&mut outputs, child.stderr.take().map(OwnedFd::from), streams.stderr, patterns, None);
        Ok(Self { process: pid(&child), child: Some(child), terminal: Some(terminal), outputs })
    }

    /// Waits for the command and its output, and passes signals on meanwhile.
    async fn finish(&mut self, mut signals: Signals) -> Result<Finished, Trouble> {
        let lost_sight = |error| Trouble::Surroundings("cannot get the command's exit status", error);
        let Some(mut child) = self.child.take() else {
            return Err(lost_sight(ErrorKind::NotFound.into()));
        };
        let waiter = tokio::task::spawn_blocking(move || child.wait());
        tokio::pin!(waiter);
        let mut code = None;
        let mut lost: Option<io::Error> = None;
        while code.is_none() || !self.outputs.is_empty() {
            tokio::select! {
                status = &mut waiter, if code.is_none() => {
                    let status = status.map_err(io::Error::other).and_then(|status| status);
                    code = Some(exit_code(status.map_err(lost_sight)?));
                    if let Some(terminal) = &mut self.terminal {
                        terminal.runs = None;
                    }
                }
                Some(ended) = self.outputs.join_next() => {
                    if let Err(error) = ended.map_err(io::Error::other).and_then(|ended| ended) {
                        if code.is_none() {
                            self.hang_up();
                        }
                        if lost.as_ref().is_none_or(is_broken_pipe) {
                            lost = Some(error);
                        }
                    }
                }
                () = tokio::time::sleep(LOOK_AGAIN), if self.waits_for_keys() => self.take_keys(),
                signal = signals.next() => {
                    if code.is_none() {
                        self.pass_on(signal);
                    } else if !matches!(signal, Signal::SIGWINCH | Signal::SIGCONT) {
                        // Only something that the command left behind still holds its output.
                        break;
                    }
                }
            }
        }
        let code = match (code.unwrap_or(1), &lost) {
            // What would have ended the command, had it written there itself.
            (0, Some(error)) if is_broken_pipe(error) => 128 + Signal::SIGPIPE as u8,
            (0, Some(_)) => 1,
            (code, _) => code,
        };
        Ok(Finished { code, lost: lost.filter(|error| !is_broken_pipe(error)) })
    }

    /// Whether somebody may type, but we started in the background: nothing tells when `fg` comes.
    fn waits_for_keys(&self) -> bool {
        self.terminal.as_ref().is_some_and(|terminal| terminal.keys.is_some() && !terminal.has_keys)
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

    fn pass_on(&mut self, signal: Signal) {
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
            (Some(terminal), _) if is_typed => match tcgetpgrp(&terminal.pty) {
                Ok(group) => killpg(group, signal),
                Err(_) => kill(self.process, signal),
            },
            // Typed at the terminal that we share with the command, it has reached both.
            (None, _) if is_typed && owns_a_terminal() => Ok(()),
            _ => kill(self.process, signal),
        };
    }
}

impl Terminal {
    /// Passes keys on, if somebody types and we are not in the background.
    fn take_keys(&mut self) {
        let Some(keys) = self.keys.as_ref().filter(|keys| is_in_foreground(keys)) else { return };
        // A terminal that cannot be made raw still passes whole lines on.
        self.raw = self.raw.take().or_else(|| RawTerminal::enter(keys).ok());
        if !self.has_keys
            && let (Ok(from), Ok(to)) = (keys.try_clone(), self.pty.as_fd().try_clone_to_owned())
        {
            self.has_keys = true;
            std::thread::spawn(move || pump::keys(from, File::from(to)));
        }
    }

    fn resize(&self) {
        if let Some(size) = size_of(&self.screen) {
            let _ = self.pty.resize(size);
        }
    }
}

/// Gives the command's terminal the size and the settings of ours.
fn furnish(pty: &Pty, pts: &Pts, streams: &Streams) {
    if let Some(size) = size_of(&streams.stdout) {
        let _ = pty.resize(size);
    }
    if let Ok(mut settings) = tcgetattr(&streams.stdout) {
        if !streams.stdin.is_terminal() {
            // Ours stays as it is, and turns line breaks into what a screen wants: once is enough.
            settings.output_flags.remove(OutputFlags::OPOST);
        }
        let _ = tcsetattr(pts, SetArg::TCSANOW, &settings);
    }
}

fn redact(
    outputs: &mut JoinSet<io::Result<()>>,
    from: Option<OwnedFd>,
    to: File,
    patterns: &Arc<Patterns>,
    watched_until: Option<PipeReader>,
) {
    let Some(from) = from else { return };
    let redactor = Redactor::new(Arc::clone(patterns));
    outputs.spawn_blocking(move || pump::redacted(File::from(from), to, redactor, watched_until));
}

fn is_same_terminal(one: &File, other: &File) -> bool {
    let device = |file: &File| file.metadata().map(|metadata| metadata.rdev()).ok();
    other.is_terminal() && device(one) == device(other)
}

/// Whether our job is the one in front of its terminal.
fn owns_a_terminal() -> bool {
    File::open("/dev/tty").is_ok_and(is_in_foreground)
}

fn is_broken_pipe(error: &io::Error) -> bool {
    error.kind() == ErrorKind::BrokenPipe
}

fn pid(child: &Child) -> Pid {
    // The system's own type of process ids is the signed one.
    Pid::from_raw(i32::try_from(child.id()).unwrap_or(0))
}

fn io_error(error: pty_process::Error) -> io::Error {
    match error {
        pty_process::Error::Io(error) => error,
        other @ pty_process::Error::Rustix(_) => io::Error::other(other),
    }
}
