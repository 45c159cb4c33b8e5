//! The user's terminal while a command runs in another.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::sync::Mutex;

use nix::sys::signal::{SigSet, SigmaskHow, Signal, killpg};
use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::{Pid, getpgrp, tcgetpgrp, tcsetpgrp};
use pty_process::Size;
use terminal_size::{Height, Width, terminal_size_of};

/// The terminal that is raw now, with its settings from before.
static RAW: Mutex<Option<(File, Termios)>> = Mutex::new(None);

/// The user's terminal passing every key on untouched, until this is dropped.
pub(super) struct RawTerminal;

impl RawTerminal {
    /// Makes `terminal` raw.
    pub(super) fn enter(terminal: &File) -> io::Result<Self> {
        let kept = (terminal.try_clone()?, tcgetattr(terminal)?);
        if let Ok(mut place) = RAW.lock() {
            place.get_or_insert(kept);
        }
        make_raw(terminal)?;
        Ok(Self)
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        restore_terminal();
    }
}

/// Our terminal while a program of another group may ask its user there; it is ours again, as it was, when this
/// is dropped.
pub(super) struct Loan {
    terminal: File,
    group: Pid,
    before: Option<Termios>,
}

impl Loan {
    /// Lends the terminal to `group`, if it is ours to lend.
    pub(super) fn to(group: Pid) -> Option<Self> {
        let terminal = File::open("/dev/tty").ok().filter(|terminal| is_in_foreground(terminal))?;
        let before = tcgetattr(&terminal).ok();
        tcsetpgrp(&terminal, group).ok()?;
        // It was stopped if it has asked already.
        let _ = killpg(group, Signal::SIGCONT);
        Some(Self { terminal, group, before })
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if tcgetpgrp(&self.terminal).is_ok_and(|group| group != self.group) {
            return;
        }
        // From the background, this would stop us.
        let mask = SigSet::from(Signal::SIGTTOU).thread_swap_mask(SigmaskHow::SIG_BLOCK);
        let _ = tcsetpgrp(&self.terminal, getpgrp());
        let _ = self.before.as_ref().map(|before| tcsetattr(&self.terminal, SetArg::TCSANOW, before));
        let _ = mask.map(|mask| mask.thread_set_mask());
        // Others of our pipeline were stopped if they needed it meanwhile.
        let _ = killpg(getpgrp(), Signal::SIGCONT);
    }
}

/// Makes `terminal` raw: it neither echoes nor changes what passes it.
pub(super) fn make_raw(terminal: &File) -> io::Result<()> {
    let mut settings = tcgetattr(terminal)?;
    cfmakeraw(&mut settings);
    Ok(tcsetattr(terminal, SetArg::TCSADRAIN, &settings)?)
}

/// Sets the terminal right, if it is raw: also for a panic, after which nothing is dropped.
pub(crate) fn restore_terminal() {
    if let Ok(mut place) = RAW.try_lock()
        && let Some((terminal, before)) = place.take()
    {
        // A terminal that has gone needs no setting right.
        let _ = tcsetattr(&terminal, SetArg::TCSADRAIN, &before);
    }
}

/// Whether keys typed at `terminal` are ours: a job in the background must not touch it.
pub(super) fn is_in_foreground(terminal: impl AsFd) -> bool {
    tcgetpgrp(terminal).is_ok_and(|group| group == getpgrp())
}

/// The size of `terminal`, where it has one.
pub(super) fn size_of(terminal: &File) -> Option<Size> {
    let (Width(columns), Height(rows)) = terminal_size_of(terminal)?;
    Some(Size::new(rows, columns))
}
