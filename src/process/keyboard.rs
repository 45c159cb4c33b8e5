//! What is typed while a command, or one after the other, runs in a terminal of its own.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use nix::sys::signal::Signal;
use tokio::sync::mpsc::UnboundedSender;

use super::handshake::Inlet;
use super::pump;

/// What is typed, on its way into the terminal of a command, or of several in turn.
#[derive(Clone, Default)]
pub(super) struct Keyboard {
    /// Where keys go in, since the first command.
    inlet: Arc<OnceLock<Inlet>>,
    is_read: Arc<AtomicBool>,
    /// Hears of Ctrl-C; with it, the keyboard outlives a command.
    typed: Option<UnboundedSender<Signal>>,
}

impl Keyboard {
    /// One that outlives a command, and tells of Ctrl-C.
    pub(super) fn telling(typed: UnboundedSender<Signal>) -> Self {
        Self { typed: Some(typed), ..Self::default() }
    }

    /// Leads keys into `terminal` from now on.
    pub(super) fn lead_to(&self, terminal: File) -> Inlet {
        match self.inlet.get() {
            Some(inlet) => {
                inlet.lead_to(terminal);
                inlet.clone()
            }
            None => self.inlet.get_or_init(|| Inlet::new(terminal)).clone(),
        }
    }

    pub(super) fn is_read(&self) -> bool {
        self.is_read.load(Ordering::Relaxed)
    }

    /// Passes on what is typed, if nothing does so yet.
    pub(super) fn read(&self, keys: &File) {
        let (Some(inlet), Ok(from)) = (self.inlet.get().cloned(), keys.try_clone()) else { return };
        if self.is_read.swap(true, Ordering::Relaxed) {
            return;
        }
        let typed = self.typed.clone();
        std::thread::spawn(move || {
            pump::keys(from, |keys| {
                let signal = typed.as_ref().map(|typed| (typed, inlet.signal_of(keys)));
                let written = inlet.write(keys);
                let Some((typed, signal)) = signal else { return written };
                // The next command may read what this one does not.
                signal.map_or(Ok(()), |signal| typed.send(signal).map_err(io::Error::other))
            });
        });
    }
}
