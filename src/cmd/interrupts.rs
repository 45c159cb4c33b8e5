//! The signals that ask a command to end in order.

use std::os::unix::thread::JoinHandleExt;
use std::thread::{self, JoinHandle};

use nix::sys::pthread::pthread_kill;
use nix::sys::signal::{SigSet, SigmaskHow, Signal as Number, raise};

use crate::account::Outstanding;
use crate::domain::{Failure, Kind};
use crate::process::{end_asked, is_ignored};
use crate::ui::{Ui, erase_line};

/// Ends a watch.
const OVER: Number = Number::SIGUSR2;

/// Until this is dropped, a signal that ends the process says first which change may have been made.
/// The process still ends by the signal itself, so that a script's loop ends with it.
pub(super) struct Watch {
    thread: Option<JoinHandle<()>>,
    before: Option<SigSet>,
}

impl Watch {
    /// Watches from now on, in this thread and those that it starts.
    pub(super) fn start(out: Outstanding, ui: Ui) -> Self {
        let mut heard = SigSet::empty();
        heard.extend(
            [Number::SIGINT, Number::SIGTERM, Number::SIGHUP].into_iter().filter(|end| !is_ignored(*end)),
        );
        heard.add(OVER);
        let before = heard.thread_swap_mask(SigmaskHow::SIG_BLOCK).ok();
        let thread = thread::Builder::new().spawn(move || watch(&heard, &out, ui)).ok();
        let watch = Self { thread, before };
        if watch.thread.is_none() {
            // Without the thread, nobody would hear them.
            watch.restore();
        }
        watch
    }

    fn restore(&self) {
        if let Some(before) = &self.before {
            // A mask that this thread had before can be set again.
            let _ = before.thread_set_mask();
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            let is_told = pthread_kill(thread.as_pthread_t(), OVER).is_ok();
            if is_told {
                let _ = thread.join();
            }
        }
        self.restore();
    }
}

fn watch(heard: &SigSet, out: &Outstanding, ui: Ui) {
    while let Ok(signal) = heard.wait() {
        if signal == OVER {
            return;
        }
        if let Some(change) = out.change() {
            erase_line();
            let what = format!(
                "interrupted: the request to {change} was not answered yet, it may or may not have been done"
            );
            ui.failure(&Failure::new(Kind::Ambiguous, what).hint("check the account before you try again"));
        }
        end_asked();
        let _ = SigSet::from(signal).thread_unblock();
        let _ = raise(signal);
    }
}
