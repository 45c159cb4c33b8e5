//! A line from the terminal that is never echoed: silenced before the prompt is shown, so that not
//! even a key pasted at once can be seen, and set right again however it ends.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};

use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr};
use nix::unistd::Pid;
use zeroize::Zeroizing;

/// Room for any line that is typed or pasted: growing would leave copies of a secret behind.
const CAPACITY: usize = 64 * 1024;

const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const CTRL_U: u8 = 0x15;
const CTRL_Z: u8 = 0x1a;
const CTRL_BACKSLASH: u8 = 0x1c;
const DELETE: u8 = 0x7f;

/// What a key does to the line so far.
#[derive(Debug, PartialEq, Eq)]
enum Key {
    Continue,
    Done,
    Interrupt,
}

/// Shows `prompt` and reads a line.
///
/// # Errors
/// There is no terminal, or its end came before any text. An interrupt ends the program, as the
/// shell that waits for it expects.
pub fn read_hidden(prompt: &str) -> io::Result<Zeroizing<String>> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    let silenced = Silenced::new(&terminal)?;
    (&terminal).write_all(prompt.as_bytes())?;
    let mut line = Zeroizing::new(Vec::with_capacity(CAPACITY));
    let ended = read_line(&terminal, &mut line);
    drop(silenced);
    (&terminal).write_all(b"\n")?;
    if ended? == Key::Interrupt {
        kill(Pid::this(), Signal::SIGINT)?;
        return Err(ErrorKind::Interrupted.into());
    }
    match std::str::from_utf8(&line) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(io::Error::new(ErrorKind::InvalidData, "what was typed is no UTF-8 text")),
    }
}

fn read_line(mut terminal: impl Read, line: &mut Vec<u8>) -> io::Result<Key> {
    let mut byte = [0];
    loop {
        if terminal.read(&mut byte)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        match edit(line, byte[0]) {
            Key::Continue if line.len() == CAPACITY => {
                return Err(io::Error::new(ErrorKind::InvalidData, "the line is over 64 KiB"));
            }
            Key::Continue => {}
            Key::Done if line.is_empty() && byte[0] == CTRL_D => {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            end => return Ok(end),
        }
    }
}

fn edit(line: &mut Vec<u8>, byte: u8) -> Key {
    match byte {
        b'\n' | b'\r' | CTRL_D => return Key::Done,
        CTRL_C => return Key::Interrupt,
        CTRL_U => line.clear(),
        // No part of a secret, and nobody stops in the middle of one.
        CTRL_Z | CTRL_BACKSLASH => {}
        BACKSPACE | DELETE => {
            // All bytes of the last character.
            while line.pop().is_some_and(|last| last & 0b1100_0000 == 0b1000_0000) {}
        }
        other => line.push(other),
    }
    Key::Continue
}

/// A terminal without echo, until this is dropped.
struct Silenced<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Silenced<'a> {
    fn new(terminal: &'a File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut silent = before.clone();
        // Byte by byte, and Ctrl-C as a byte, so that nothing can end us before the echo is back.
        silent
            .local_flags
            .remove(LocalFlags::ECHO | LocalFlags::ECHONL | LocalFlags::ICANON | LocalFlags::ISIG);
        silent.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
        silent.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
        tcsetattr(terminal, SetArg::TCSANOW, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silenced<'_> {
    fn drop(&mut self) {
        // Further lines that were pasted are thrown away: a shell would run and remember them.
        // A terminal that has gone needs no setting right.
        let _ = tcsetattr(self.terminal, SetArg::TCSAFLUSH, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(bytes: &str) -> io::Result<(Key, String)> {
        let mut line = Vec::new();
        let key = read_line(bytes.as_bytes(), &mut line)?;
        Ok((key, String::from_utf8(line).expect("text")))
    }

    #[test]
    fn a_line_can_be_edited() {
        for (bytes, line) in [
            ("key\n", "key"),
            ("key\rrest", "key"),
            ("kex\u{7f}y\n", "key"),
            ("keyé🦀\u{8}\u{8}\n", "key"),
            ("\u{7f}wrong\u{15}key\u{4}", "key"),
            ("\n", ""),
        ] {
            assert_eq!(typed(bytes).expect("a line"), (Key::Done, line.to_owned()), "{bytes:?}");
        }
        assert_eq!(typed("ke\u{3}").expect("an end").0, Key::Interrupt);
    }

    #[test]
    fn an_end_without_a_line_and_a_line_without_an_end_are_failures() {
        for bytes in ["", "half", "\u{4}", &"x".repeat(CAPACITY)] {
            assert!(typed(bytes).is_err(), "{}", bytes.len());
        }
    }
}
