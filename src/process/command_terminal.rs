//! The terminal that a command gets, and its way to ours.

use std::fs::File;
use std::io::IsTerminal;
use std::os::unix::fs::MetadataExt;

use nix::sys::termios::{OutputFlags, SetArg, tcgetattr, tcsetattr};
use nix::unistd::{Pid, tcgetpgrp};
use pty_process::blocking::{Pts, Pty};

use super::Streams;
use super::keyboard::Keyboard;
use super::terminal::{RawTerminal, is_in_foreground, size_of};

/// The command's terminal and ours.
pub(super) struct CommandTerminal {
    /// The command's, from outside.
    pty: Pty,
    /// Where its output is shown.
    screen: File,
    /// Where keys come from, if somebody types.
    keys: Option<File>,
    raw: Option<RawTerminal>,
    keyboard: Keyboard,
}

impl CommandTerminal {
    pub(super) fn new(pty: Pty, screen: File, keys: Option<File>, keyboard: Keyboard) -> Self {
        Self { pty, screen, keys, raw: None, keyboard }
    }

    /// Whether somebody may type, but keys are not passed on yet.
    pub(super) fn waits_for_keys(&self) -> bool {
        self.keys.is_some() && !self.keyboard.is_read()
    }

    /// Passes keys on, if somebody types and we are not in the background.
    pub(super) fn take_keys(&mut self) {
        let Some(keys) = self.keys.as_ref().filter(|keys| is_in_foreground(keys)) else { return };
        // A terminal that cannot be made raw still passes whole lines on.
        self.raw = self.raw.take().or_else(|| RawTerminal::enter(keys).ok());
        self.keyboard.read(keys);
    }

    pub(super) fn resize(&self) {
        if let Some(size) = size_of(&self.screen) {
            let _ = self.pty.resize(size);
        }
    }

    /// The group that is in front of the command's terminal.
    pub(super) fn foreground(&self) -> Option<Pid> {
        tcgetpgrp(&self.pty).ok()
    }
}

/// Gives the command's terminal the size and the settings of ours.
pub(super) fn furnish(pty: &Pty, pts: &Pts, streams: &Streams) {
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

pub(super) fn is_same_terminal(one: &File, other: &File) -> bool {
    let device = |file: &File| file.metadata().map(|metadata| metadata.rdev()).ok();
    other.is_terminal() && device(one) == device(other)
}
