//! Signals that reach us while a command runs.

use std::io;

use nix::sys::signal::Signal;
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

use crate::domain::{Failure, Result};
use crate::files::reason;

/// What asks a program to end.
const ENDS: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

/// What is passed on to a command, and what tells of the terminal.
const HEARD: [Signal; 8] = [
    Signal::SIGTERM,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGHUP,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGWINCH,
    Signal::SIGCONT,
];

/// The signals, one after the other.
pub(crate) struct Signals(Vec<(Signal, Stream)>);

impl Signals {
    /// Hears from now on what asks this program to end, and no more ends it; within a runtime.
    pub(crate) fn hear_ends() -> Result<Self> {
        let mut signals = Self(Vec::new());
        let heard = ENDS.into_iter().try_for_each(|end| signals.hear(end));
        heard
            .map(|()| signals)
            .map_err(|error| Failure::failed(format!("cannot listen for signals: {}", reason(&error))))
    }

    /// Hears from now on those that are not ignored; within a runtime.
    pub(super) fn hear_before_start() -> io::Result<Self> {
        let ignored = ignored();
        let mut signals = Self(Vec::new());
        for heard in HEARD.into_iter().filter(|signal| !ignored.contains(signal)) {
            signals.hear(heard)?;
        }
        Ok(signals)
    }

    /// Hears all of them from now on; within a runtime.
    pub(super) fn hear_all() -> io::Result<Self> {
        let mut signals = Self(Vec::new());
        signals.hear_others()?;
        Ok(signals)
    }

    /// Hears the others too. Only after a command was started, because it inherits which of them are
    /// ignored (by nohup, or for a job in the background), and one that is heard is not.
    pub(super) fn hear_others(&mut self) -> io::Result<()> {
        let others: Vec<Signal> =
            HEARD.into_iter().filter(|signal| self.0.iter().all(|(heard, _)| heard != signal)).collect();
        others.into_iter().try_for_each(|other| self.hear(other))
    }

    fn hear(&mut self, heard: Signal) -> io::Result<()> {
        self.0.push((heard, signal(SignalKind::from_raw(heard as i32))?));
        Ok(())
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Signal {
        std::future::poll_fn(|context| {
            for (heard, stream) in &mut self.0 {
                if stream.poll_recv(context).is_ready() {
                    return std::task::Poll::Ready(*heard);
                }
            }
            std::task::Poll::Pending
        })
        .await
    }
}

/// What this process ignores of the signals that are heard.
fn ignored() -> Vec<Signal> {
    HEARD.into_iter().filter(|signal| is_ignored(*signal)).collect()
}

/// Whether this process ignores `signal`; where the system does not tell (Linux does), any that it
/// might but a request to end.
pub(crate) fn is_ignored(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.map_or(signal != Signal::SIGTERM, |mask| mask >> (signal as i32 - 1) & 1 == 1)
}
