//! What is under way, on a terminal, for what takes longer than 300 ms.

use std::io::Write;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::account::Listener;
use crate::context;

const PATIENCE: Duration = Duration::from_millis(300);
const FRAME: Duration = Duration::from_millis(120);
const FRAMES: [&str; 4] = ["·  ", "·· ", "···", " ··"];

/// A line on stderr that comes after 300 ms and goes when this is dropped.
pub struct Progress {
    text: Arc<Mutex<String>>,
    shown_is_data: bool,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Shows `text`; nothing at all where stderr is no terminal or `quiet` is set. Calls that are
    /// shown are data for stdout if `shown_is_data` (`--curl`), else talk (`--explain`).
    pub fn start(text: &str, quiet: bool, shown_is_data: bool) -> Self {
        let text = Arc::new(Mutex::new(text.to_owned()));
        if quiet || !context::stderr_is_terminal() {
            return Self { text, shown_is_data, stop: None, thread: None };
        }
        let (stop, stopped) = mpsc::channel();
        let shown = Arc::clone(&text);
        let thread = std::thread::spawn(move || draw(&shown, &stopped));
        Self { text, shown_is_data, stop: Some(stop), thread: Some(thread) }
    }

    /// Who hears of waits: they are shown in this line's place.
    pub fn listener(&self) -> Arc<dyn Listener> {
        Arc::new(Waits { text: Arc::clone(&self.text), shown_is_data: self.shown_is_data })
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
        let text = text.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // A terminal that cannot be written to needs no progress.
        let _ = write!(std::io::stderr(), "\r\x1b[K{frame} {text} ({} s)", began.elapsed().as_secs());
        drawn = true;
        wait = FRAME;
    }
    if drawn {
        let _ = write!(std::io::stderr(), "\r\x1b[K");
    }
}

struct Waits {
    text: Arc<Mutex<String>>,
    shown_is_data: bool,
}

impl Listener for Waits {
    fn explain(&self, text: &str) {
        // Gone with its reader, if the stream is closed.
        let _ = if self.shown_is_data {
            writeln!(std::io::stdout(), "{text}")
        } else {
            writeln!(std::io::stderr(), "{text}")
        };
    }

    fn waiting(&self, reason: &str, wait: Duration) {
        *self.text.lock().unwrap_or_else(PoisonError::into_inner) =
            format!("{reason}: waiting up to {:.1} s", wait.as_secs_f64());
    }
}
