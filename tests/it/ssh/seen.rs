//! Who can see a value: every argument and environment on this machine, and so on both sides.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// Looks at every process again and again.
pub struct Watch {
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<BTreeSet<String>>>,
}

impl Watch {
    /// Looks for `secret` in every process but `except`.
    pub fn start(secret: &str, except: Vec<u32>) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let (end, secret) = (Arc::clone(&ended), secret.to_owned());
        let thread = std::thread::spawn(move || {
            let mut seen = BTreeSet::new();
            while !end.load(Ordering::SeqCst) {
                seen.extend(look(&secret, &except));
                std::thread::yield_now();
            }
            seen
        });
        Self { ended, thread: Some(thread) }
    }

    /// Where it was seen.
    pub fn end(mut self) -> BTreeSet<String> {
        self.ended.store(true, Ordering::SeqCst);
        self.thread.take().expect("a thread").join().expect("no panic")
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
    }
}

/// Where `secret` can be seen now: the place and the command line.
pub fn look(secret: &str, except: &[u32]) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let own = std::process::id();
    for process in fs::read_dir("/proc").expect("processes").map_while(Result::ok) {
        let Some(id) = process.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        if id == own || except.contains(&id) {
            continue;
        }
        for place in ["cmdline", "environ"] {
            let holds = |text: &Vec<u8>| text.windows(secret.len()).any(|part| part == secret.as_bytes());
            if fs::read(process.path().join(place)).is_ok_and(|text| holds(&text)) {
                let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
                seen.insert(format!("{place}: {}", String::from_utf8_lossy(&line).replace('\0', " ")));
            }
        }
    }
    seen
}
