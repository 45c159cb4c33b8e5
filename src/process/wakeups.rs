//! What wakes a program that does nothing in between: signals, and an alarm by the clock on the wall, which
//! a suspended machine keeps.

use std::thread;
use std::time::Duration;

use nix::sys::signal::{SigSet, SigmaskHow, Signal};

use super::signals::is_ignored;
use crate::domain::{Failure, Result, Timestamp};
use crate::files::reason;

/// What woke it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wakeup {
    /// It is asked to end.
    End(Signal),
    Alarm,
}

/// Keeps signals from this thread and those that it starts from now on, until [`hear_all`] hears them.
pub(crate) fn block_signals() -> Result<()> {
    heard().thread_block().map_err(|error| unheard(&error.into()))
}

/// Undoes [`block_signals`] in a process that inherited it.
pub(crate) fn unblock_signals() {
    let _ = heard().thread_swap_mask(SigmaskHow::SIG_UNBLOCK);
}

/// Hears signals in a thread, and tells each.
pub(crate) fn hear_all(tell: impl Fn(Wakeup) + Send + 'static) -> Result<()> {
    let heard = heard();
    let hear = move || {
        while let Ok(signal) = heard.wait() {
            tell(if signal == Signal::SIGALRM { Wakeup::Alarm } else { Wakeup::End(signal) });
        }
    };
    thread::Builder::new().spawn(hear).map(drop).map_err(|error| unheard(&error))
}

fn heard() -> SigSet {
    let mut heard = SigSet::empty();
    let ends = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];
    heard.extend(ends.into_iter().filter(|end| !is_ignored(*end)));
    heard.add(Signal::SIGALRM);
    heard
}

fn unheard(error: &std::io::Error) -> Failure {
    Failure::failed(format!("cannot listen for signals: {}", reason(error)))
}

/// A clock that wakes at a time of day.
#[cfg(target_os = "linux")]
pub(crate) struct Alarm(nix::sys::timer::Timer);

#[cfg(target_os = "linux")]
impl Alarm {
    /// How long to sleep at most without looking at the clock.
    pub(crate) const LONGEST_SLEEP: Option<Duration> = None;

    pub(crate) fn new() -> Result<Self> {
        use nix::sys::signal::{SigEvent, SigevNotify};
        let event = SigEvent::new(SigevNotify::SigevSignal { signal: Signal::SIGALRM, si_value: 0 });
        let timer = nix::sys::timer::Timer::new(nix::time::ClockId::CLOCK_REALTIME, event);
        timer
            .map(Self)
            .map_err(|error| Failure::failed(format!("cannot set a timer: {}", reason(&error.into()))))
    }

    /// Wakes at this time, at once if it has passed, and no more at another.
    pub(crate) fn set(&mut self, at: Timestamp) {
        use nix::sys::timer::{Expiration, TimerSetTimeFlags};
        let at = Expiration::OneShot(Duration::from_secs(at.0.min(u32::MAX.into()).max(1)).into());
        // Fails only for a time that is none.
        let _ = self.0.set(at, TimerSetTimeFlags::TFD_TIMER_ABSTIME);
    }
}

/// No other system has such a clock for every program: who sleeps looks at the time now and then.
#[cfg(not(target_os = "linux"))]
pub(crate) struct Alarm;

#[cfg(not(target_os = "linux"))]
impl Alarm {
    /// How long to sleep at most without looking at the clock.
    pub(crate) const LONGEST_SLEEP: Option<Duration> = Some(Duration::from_secs(30));

    pub(crate) fn new() -> Result<Self> {
        Ok(Self)
    }

    /// Looking does it.
    pub(crate) fn set(&mut self, _at: Timestamp) {}
}
