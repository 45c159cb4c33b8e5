//! What is under way, on a terminal, for what takes longer than 300 ms.

use std::io::Write;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::account::Listener;
use crate::context;

const PATIENCE: Duration = Duration::from_millis(300);
const FRAME: Duration = Duration::from_millis(120);
/// Takes the line away that the cursor is in.
const ERASE: &str = "\r\x1b[K";
const FRAMES: [&str; 4] = ["·  ", "·· ", "···", " ··"];

/// A line on stderr that comes after 300 ms and goes when this is dropped.
pub struct Progress {
    text: Arc<Mutex<String>>,
    shown: Arc<Mutex<String>>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Shows `text`; nothing at all where stderr is no terminal that can erase, or `quiet` is set.
    pub fn start(text: &str, quiet: bool) -> Self {
        let mut progress = Self {
            text: Arc::new(Mutex::new(text.to_owned())),
            shown: Arc::default(),
            stop: None,
            thread: None,
        };
        if !quiet && context::stderr_is_terminal() && !context::is_dumb_terminal() {
            let (stop, stopped) = mpsc::channel();
            let text = Arc::clone(&progress.text);
            progress.stop = Some(stop);
            progress.thread = Some(std::thread::spawn(move || draw(&text, &stopped)));
        }
        progress
    }

    /// Who hears of waits: they are shown in this line's place. Calls that are shown are kept as data
    /// for stdout if `shown_is_data` (`--curl`); else they are talk (`--explain`).
    pub fn listener(&self, shown_is_data: bool) -> Arc<dyn Listener> {
        let shown = shown_is_data.then(|| Arc::clone(&self.shown));
        Arc::new(Waits { text: Arc::clone(&self.text), shown, is_drawn: self.thread.is_some() })
    }

    /// Ends the line, and gives what is to be printed on stdout.
    pub fn end(self) -> String {
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

fn draw(text: &Mutex<String>, stopped: &mpsc::Receiver<()>) {
    let began = Instant::now();
    let mut wait = PATIENCE;
    let mut drawn = false;
    for frame in FRAMES.iter().cycle() {
        if stopped.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
            break;
        }
        let text = lock(text).clone();
        // A terminal that cannot be written to needs no progress.
        let _ = write!(std::io::stderr(), "{ERASE}{frame} {text} ({} s)", began.elapsed().as_secs());
        drawn = true;
        wait = FRAME;
    }
    if drawn {
        let _ = write!(std::io::stderr(), "{ERASE}");
    }
}

/// What a thread that panicked left behind is as good as any text.
fn lock(text: &Mutex<String>) -> MutexGuard<'_, String> {
    text.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Waits {
    text: Arc<Mutex<String>>,
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
        *lock(&self.text) = format!("{reason}: waiting up to {:.1} s", wait.as_secs_f64());
    }
}
