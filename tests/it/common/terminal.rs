//! A script on a terminal of its own.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::Child;

use pty_process::Size;
use pty_process::blocking::Pty;

use crate::common::process::spawn_on;
use crate::home::{Home, VASTENV};

/// A shell on a terminal, where `vastenv` is the program under test.
pub struct Terminal {
    pty: Pty,
    shell: Child,
    seen: String,
    passed: usize,
}

impl Terminal {
    /// Runs `script` in a terminal of 24 lines and so many columns.
    pub fn open(home: &Home, columns: u16, script: &str) -> Self {
        let (pty, pts) = pty_process::blocking::open().expect("a terminal");
        pty.resize(Size::new(24, columns)).expect("resized");
        let shell = spawn_on(pts, "sh", |command| {
            command.args(["-c", &format!("vastenv() {{ '{VASTENV}' \"$@\"; }}; {script}")]);
            command.env_clear().envs(home.variables().iter().cloned()).current_dir(home.path(""));
        });
        Self { pty, shell, seen: String::new(), passed: 0 }
    }

    /// Reads until `text` is there.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        while !self.seen.contains(text) {
            assert!(self.read(), "{text:?} never came: {}", self.seen);
        }
    }

    /// Reads until `text` comes after what was waited for in this way before.
    #[track_caller]
    pub fn wait_for_more(&mut self, text: &str) {
        while !self.seen[self.passed..].contains(text) {
            assert!(self.read(), "{text:?} never came: {}", self.seen);
        }
        let found = self.seen[self.passed..].find(text).expect("there");
        self.passed += found + text.len();
    }

    fn read(&mut self) -> bool {
        let mut chunk = [0; 1024];
        // A terminal whose programs have all ended answers with an error.
        let count = self.pty.read(&mut chunk).unwrap_or(0);
        self.seen.push_str(&String::from_utf8_lossy(&chunk[..count]));
        count > 0
    }

    /// Makes the terminal larger or smaller, as by a mouse.
    pub fn resize(&self, rows: u16, columns: u16) {
        self.pty.resize(Size::new(rows, columns)).expect("resized");
    }

    pub fn type_in(&mut self, text: &str) {
        self.pty.write_all(text.as_bytes()).expect("typed");
    }

    /// Reads to the end; gives all that was seen, and the shell's exit code as a shell tells it.
    pub fn end(mut self) -> (String, i32) {
        while self.read() {}
        drop(self.pty);
        let status = self.shell.wait().expect("ended");
        let code = status.code().or(status.signal().map(|signal| 128 + signal)).expect("an end");
        (self.seen.replace("\r\n", "\n"), code)
    }
}
