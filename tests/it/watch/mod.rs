//! `vastenv watch`: real ones, beside real shells.

mod files;
mod running;
mod shells;
mod unit;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::pty::{Home, wait_for};

/// A watch that runs until this is dropped.
struct Watch {
    process: Child,
    lines: Arc<Mutex<Vec<String>>>,
    /// How many lines were looked at.
    seen: usize,
}

impl Watch {
    /// Starts a watch in this home.
    fn start(home: &Home, arguments: &[&str]) -> Self {
        let mut command = home.command(&home.binary);
        command.arg("watch").args(arguments);
        Self::spawn(command)
    }

    /// Starts one, and waits until it watches.
    fn ready(home: &Home) -> Self {
        let mut watch = Self::start(home, &[]);
        watch.until("watching with the key");
        watch
    }

    fn spawn(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("started");
        let stderr = BufReader::new(process.stderr.take().expect("a pipe"));
        let lines = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&lines);
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                shared.lock().expect("no panic while locked").push(line);
            }
        });
        Self { process, lines, seen: 0 }
    }

    /// All that it said.
    fn lines(&self) -> Vec<String> {
        self.lines.lock().expect("no panic while locked").clone()
    }

    /// Waits for a line with `part`, after those that were waited for.
    #[track_caller]
    fn until(&mut self, part: &str) -> String {
        let (at, line) = wait_for(&format!("{part:?}"), || {
            let lines = self.lines();
            let at = lines.iter().skip(self.seen).position(|line| line.contains(part))?;
            Some((self.seen + at, lines[self.seen + at].clone()))
        });
        self.seen = at + 1;
        line
    }

    fn pid(&self) -> u32 {
        self.process.id()
    }

    fn send(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).expect("a process id");
        kill(Pid::from_raw(pid), signal).expect("sent");
    }

    /// Waits for its end, and gives its exit code; `None` if a signal ended it.
    fn wait(&mut self) -> Option<i32> {
        self.process.wait().expect("ended").code()
    }

    /// Asks it to end.
    #[track_caller]
    fn stop(&mut self) {
        self.send(Signal::SIGTERM);
        assert_eq!(self.wait(), Some(0), "{:?}", self.lines());
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the watch said: {:#?}", self.lines());
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The locks of watches in this home, with what they say.
fn claims(home: &Home) -> Vec<(PathBuf, String)> {
    let Ok(entries) = std::fs::read_dir(home.path(".local/state/vastenv/locks")) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let claims = paths
        .filter(|path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"watch-")));
    claims.map(|path| (path.clone(), std::fs::read_to_string(path).expect("text"))).collect()
}
