//! What is under way, on a terminal, for what takes longer than 300 ms.

use std::future::poll_fn;
use std::io::Write;
use std::pin::pin;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::account::Listener;
use crate::context;
use crate::domain::format_duration;

const PATIENCE: Duration = Duration::from_millis(300);
const FRAME: Duration = Duration::from_millis(120);
/// Takes the line away that the cursor is in.
const ERASE: &str = "\r\x1b[K";
/// Columns of a bar.
const BAR: usize = 20;
const FRAMES: [&str; 4] = ["·  ", "·· ", "···", " ··"];

/// What the line tells.
#[derive(Clone, Debug)]
enum Work {
    /// What is under way, for how long nobody knows.
    Open(String),
    /// So many calls of so many are done, and the end is expected at a moment, if that can be told.
    Counted { done: usize, total: usize, end: Option<Instant>, wait: Option<String> },
}

/// A line on stderr that comes after 300 ms and goes when this is dropped.
pub(crate) struct Progress {
    work: Arc<Mutex<Work>>,
    shown: Arc<Mutex<String>>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Shows `text`; nothing where stderr is not a terminal that can erase, or `quiet` is set.
    pub(crate) fn start(text: &str, quiet: bool) -> Self {
        let mut progress = Self {
            work: Arc::new(Mutex::new(Work::Open(text.to_owned()))),
            shown: Arc::default(),
            stop: None,
            thread: None,
        };
        if !quiet && context::stderr_is_terminal() && !context::is_dumb_terminal() {
            let (stop, stopped) = mpsc::channel();
            let work = Arc::clone(&progress.work);
            progress.stop = Some(stop);
            progress.thread = Some(std::thread::spawn(move || draw(&work, &stopped)));
        }
        progress
    }

    /// Who hears of waits: they are shown in this line's place. Calls that are shown are kept as data
    /// for stdout if `shown_is_data` (`--curl`); else they are talk (`--explain`).
    pub(crate) fn listener(&self, shown_is_data: bool) -> Arc<dyn Listener> {
        let shown = shown_is_data.then(|| Arc::clone(&self.shown));
        Arc::new(Waits { work: Arc::clone(&self.work), shown, is_drawn: self.thread.is_some() })
    }

    /// The outcome of `work`; `None` once a call was shown as data, which is never answered.
    pub(crate) async fn unless_shown<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Pending if !lock(&self.shown).is_empty() => Poll::Ready(None),
            polled => polled.map(Some),
        })
        .await
    }

    /// Ends the line, and gives what is to be printed on stdout.
    pub(crate) fn end(self) -> String {
        let shown = Arc::clone(&self.shown);
        drop(self);
        std::mem::take(&mut *lock(&shown))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing left to draw.
            let _ = thread.join();
        }
    }
}

fn draw(work: &Mutex<Work>, stopped: &mpsc::Receiver<()>) {
    let began = Instant::now();
    let mut wait = PATIENCE;
    let mut drawn = false;
    for frame in FRAMES.iter().cycle() {
        if stopped.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
            break;
        }
        let line = line(&lock(work), frame, Instant::now().saturating_duration_since(began));
        // A terminal that cannot be written to needs no progress.
        let _ = write!(std::io::stderr(), "{ERASE}{line}");
        drawn = true;
        wait = FRAME;
    }
    if drawn {
        let _ = write!(std::io::stderr(), "{ERASE}");
    }
}

fn line(work: &Work, frame: &str, elapsed: Duration) -> String {
    match work {
        Work::Open(text) => format!("{frame} {text} ({} s)", elapsed.as_secs()),
        Work::Counted { done, total, end, wait } => {
            let filled = (BAR * done).checked_div(*total).unwrap_or(BAR);
            let bar = format!("{}{}", "█".repeat(filled), "·".repeat(BAR.saturating_sub(filled)));
            let left = end.map(|end| {
                let left = end.saturating_duration_since(Instant::now());
                format!("about {} left", format_duration(left.as_secs() + 1))
            });
            let parts = [Some(format!("{bar} {done} of {total}")), left, wait.clone()];
            parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
        }
    }
}

/// Takes the line away from a terminal before the process ends.
pub(crate) fn erase_line() {
    if context::stderr_is_terminal() && !context::is_dumb_terminal() {
        let _ = write!(std::io::stderr(), "{ERASE}");
    }
}

/// What a thread that panicked left behind is as good as any text.
fn lock<T>(text: &Mutex<T>) -> MutexGuard<'_, T> {
    text.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Waits {
    work: Arc<Mutex<Work>>,
    shown: Option<Arc<Mutex<String>>>,
    is_drawn: bool,
}

impl Listener for Waits {
    fn explain(&self, text: &str) {
        if let Some(shown) = &self.shown {
            lock(shown).push_str(&format!("{text}\n"));
            return;
        }
        let erase = if self.is_drawn { ERASE } else { "" };
        // Nobody is left to hear of it if that fails.
        let _ = writeln!(std::io::stderr(), "{erase}{text}");
    }

    fn waiting(&self, reason: &str, wait: Duration) {
        let told = format!("{reason}: waiting up to {:.1} s", wait.as_secs_f64());
        match &mut *lock(&self.work) {
            Work::Counted { wait, .. } => *wait = Some(told),
            open @ Work::Open(_) => *open = Work::Open(told),
        }
    }

    fn progress(&self, done: usize, total: usize, left: Option<Duration>) {
        let end = left.and_then(|left| Instant::now().checked_add(left));
        *lock(&self.work) = Work::Counted { done, total, end, wait: None };
    }
}
