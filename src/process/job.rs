//! Job control for a command in a process group of its own, in the terminal of ours: what a shell does, for
//! one command.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::thread;

use nix::sys::signal::{SigSet, Signal, killpg, raise};
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::{Pid, getpgrp, tcgetpgrp, tcsetpgrp};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::Streams;
use super::signals::is_ignored;

/// Our terminal, if there is one.
pub(super) struct Job {
    terminal: Option<File>,
    /// Whether a command has it from its start: both its input and its output are the terminal. Another one in
    /// the same pipeline may need it otherwise, and gets it.
    is_given_at_start: bool,
    /// How the terminal was before the first command.
    settings: Option<Termios>,
    /// Ctrl-Z, or what else asks us to stop.
    pub(super) stops: UnboundedReceiver<()>,
}

impl Job {
    /// From now on, this thread and those that it starts leave it to us how to stop.
    pub(super) fn new(streams: &Streams) -> io::Result<Self> {
        let (tell, stops) = unbounded_channel();
        blocked().thread_block()?;
        if !is_ignored(Signal::SIGTSTP) {
            let stop = SigSet::from(Signal::SIGTSTP);
            thread::Builder::new().spawn(move || while stop.wait().is_ok() && tell.send(()).is_ok() {})?;
        }
        let terminal = if streams.stdin.is_terminal() {
            Some(streams.stdin.try_clone()?)
        } else {
            File::open("/dev/tty").ok()
        };
        let settings = terminal.as_ref().and_then(|terminal| tcgetattr(terminal).ok());
        Ok(Self { terminal, is_given_at_start: streams.are_a_terminal(), settings, stops })
    }

    /// Gives the terminal to a command that starts.
    pub(super) fn start(&self, group: Pid) {
        if self.is_given_at_start {
            self.give(group);
        }
    }

    /// Gives the terminal to `group`, if it is ours to give; tells whether the group has it.
    pub(super) fn give(&self, group: Pid) -> bool {
        let Some(terminal) = &self.terminal else { return false };
        match tcgetpgrp(terminal) {
            Ok(owner) if owner == group => true,
            Ok(owner) if owner == getpgrp() => tcsetpgrp(terminal, group).is_ok(),
            _ => false,
        }
    }

    /// Whether `group` has the terminal.
    pub(super) fn is_with(&self, group: Pid) -> bool {
        self.terminal.as_ref().is_some_and(|terminal| tcgetpgrp(terminal).is_ok_and(|owner| owner == group))
    }

    /// Takes the terminal from a command that has ended.
    pub(super) fn take_back(&self, group: Pid) {
        if let Some(terminal) = &self.terminal
            && self.is_with(group)
        {
            let _ = tcsetpgrp(terminal, getpgrp());
        }
    }

    /// Sets the terminal right after a command that was cut off, for the next one.
    pub(super) fn restore_settings(&self) {
        if let (Some(terminal), Some(settings)) = (&self.terminal, &self.settings)
            && self.is_given_at_start
            && tcgetpgrp(terminal).is_ok_and(|owner| owner == getpgrp())
        {
            let _ = tcsetattr(terminal, SetArg::TCSADRAIN, settings);
        }
    }

    /// The command was stopped by `signal`: so is all of our job, unless it only needs the terminal.
    pub(super) fn follow_stop(&self, group: Pid, signal: Signal) {
        let needs_terminal = matches!(signal, Signal::SIGTTIN | Signal::SIGTTOU);
        let _ = match needs_terminal {
            true if self.give(group) => killpg(group, Signal::SIGCONT),
            // What we leave unheard stops us at once.
            true => killpg(getpgrp(), Signal::SIGTTIN),
            false => killpg(getpgrp(), Signal::SIGTSTP),
        };
    }

    /// Stops this process, as the user wishes; comes back when it goes on. Nobody could let a job go on that no
    /// shell watches: the system does not stop that, and neither must we.
    pub(super) fn stop() {
        let stop = SigSet::from(Signal::SIGTSTP);
        let _ = stop.thread_unblock();
        let _ = raise(Signal::SIGTSTP);
        let _ = stop.thread_block();
    }

    /// Lets the command go on, in front if we are.
    pub(super) fn resume(&self, group: Pid) {
        self.start(group);
        let _ = killpg(group, Signal::SIGCONT);
    }
}

/// Starts a program of the user, which inherits what is blocked.
pub(super) fn with_users_signals<T>(start: impl FnOnce() -> T) -> T {
    let _ = blocked().thread_unblock();
    let started = start();
    let _ = blocked().thread_block();
    started
}

/// What would stop us: Ctrl-Z, which is told to the command first, and to set a terminal right from the
/// background.
fn blocked() -> SigSet {
    [Signal::SIGTSTP, Signal::SIGTTOU].into_iter().collect()
}
