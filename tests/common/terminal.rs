//! A script on a terminal of its own.

use std::io::{Read, Write};

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::home::{Home, VASTENV};

/// A shell on a terminal, where `vastenv` is the program under test.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    reader: Box<dyn Read + Send>,
    writer: Box<dyn Write + Send>,
    shell: Box<dyn portable_pty::Child + Send + Sync>,
    seen: String,
}

impl Terminal {
    /// Runs `script` in a terminal of 24 lines and so many columns.
    pub fn open(home: &Home, columns: u16, script: &str) -> Self {
        let size = PtySize { rows: 24, cols: columns, ..PtySize::default() };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let mut command = CommandBuilder::new("sh");
        command.args(["-c", &format!("vastenv() {{ '{VASTENV}' \"$@\"; }}; {script}")]);
        command.env_clear();
        for (name, value) in home.variables() {
            command.env(name, value);
        }
        command.cwd(home.path(""));
        let shell = pair.slave.spawn_command(command).expect("started");
        let reader = pair.master.try_clone_reader().expect("a reader");
        let writer = pair.master.take_writer().expect("a writer");
        Self { master: pair.master, reader, writer, shell, seen: String::new() }
    }

    /// Reads until `text` is there.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        while !self.seen.contains(text) {
            assert!(self.read(), "{text:?} never came: {}", self.seen);
        }
    }

    fn read(&mut self) -> bool {
        let mut chunk = [0; 1024];
        // A terminal whose programs have all ended answers with an error.
        let count = self.reader.read(&mut chunk).unwrap_or(0);
        self.seen.push_str(&String::from_utf8_lossy(&chunk[..count]));
        count > 0
    }

    /// Makes the terminal larger or smaller, as by a mouse.
    #[allow(dead_code, reason = "not every suite resizes")]
    pub fn resize(&self, rows: u16, columns: u16) {
        let size = PtySize { rows, cols: columns, ..PtySize::default() };
        self.master.resize(size).expect("resized");
    }

    pub fn type_in(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).expect("typed");
    }

    /// Reads to the end; gives all that was seen, and the shell's exit code.
    pub fn end(mut self) -> (String, u32) {
        while self.read() {}
        drop((self.writer, self.master));
        (self.seen.replace("\r\n", "\n"), self.shell.wait().expect("ended").exit_code())
    }
}
