//! Signals that reach us while a command runs.

use std::io;

use nix::sys::signal::Signal;
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// What is passed on, and what tells of the terminal, beside the request to end.
const OTHERS: [Signal; 7] = [
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGHUP,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGWINCH,
    Signal::SIGCONT,
];

/// The signals, one after the other.
pub(super) struct Signals(Vec<(Signal, Stream)>);

impl Signals {
    /// Hears requests to end from now on, if they are not ignored; within a runtime.
    pub(super) fn hear_end() -> io::Result<Self> {
        let mut signals = Self(Vec::new());
        if !is_ignored(Signal::SIGTERM) {
            signals.hear(Signal::SIGTERM)?;
        }
        Ok(signals)
    }

    /// Hears the others too. Only after a command was started, because it inherits which of them are
    /// ignored (by nohup, or for a job in the background), and one that is heard is not.
    pub(super) fn hear_others(&mut self) -> io::Result<()> {
        OTHERS.into_iter().try_for_each(|other| self.hear(other))
    }

    fn hear(&mut self, heard: Signal) -> io::Result<()> {
        self.0.push((heard, signal(SignalKind::from_raw(heard as i32))?));
        Ok(())
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) -> Signal {
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

/// Whether this process ignores the signal, where the system tells (Linux does).
fn is_ignored(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    ignored >> (signal as i32 - 1) & 1 == 1
}
