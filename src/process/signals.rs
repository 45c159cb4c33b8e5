//! Signals that reach us while a command runs.

use std::io;

use nix::sys::signal::{SigSet, Signal};
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// What is passed on, and what tells of the terminal.
const HEARD: [Signal; 8] = [
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGHUP,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGWINCH,
    Signal::SIGCONT,
];

/// Signals kept waiting until there is somebody to hear them. The command starts with none blocked.
pub(super) struct Blocked(SigSet);

impl Blocked {
    pub(super) fn block() -> Self {
        let mut set = SigSet::empty();
        for signal in HEARD {
            set.add(signal);
        }
        // Fails for no set of signals that exist.
        let _ = set.thread_block();
        Self(set)
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        let _ = self.0.thread_unblock();
    }
}

/// The signals, one after the other.
pub(super) struct Signals(Vec<(Signal, Stream)>);

impl Signals {
    /// Hears signals from now on; within a runtime.
    pub(super) fn hear() -> io::Result<Self> {
        let heard = HEARD.into_iter().map(|heard| {
            let stream = signal(SignalKind::from_raw(heard as i32))?;
            Ok((heard, stream))
        });
        heard.collect::<io::Result<_>>().map(Self)
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
