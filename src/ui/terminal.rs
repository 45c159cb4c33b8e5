//! Text from the terminal that is never echoed: silenced before the prompt is shown, so that not
//! even a key pasted at once can be seen, and set right again however it ends.
//!
//! What is pasted is taken whole, line breaks too. Terminals that know bracketed paste say where it ends;
//! with others, a line break that more text follows at once is one of a paste.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr};
use nix::unistd::Pid;
use zeroize::Zeroizing;

use crate::context;

/// Room for anything that is typed or pasted: growing would leave copies of a secret behind.
const CAPACITY: usize = 256 * 1024;

/// How soon the rest of a paste follows, in milliseconds. A terminal hands it over in pieces.
const PASTE_GAP: u8 = 200;

const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const CTRL_U: u8 = 0x15;
const CTRL_Z: u8 = 0x1a;
const ESCAPE: u8 = 0x1b;
const CTRL_BACKSLASH: u8 = 0x1c;
const DELETE: u8 = 0x7f;

const PASTE_ON: &[u8] = b"\x1b[?2004h";
const PASTE_OFF: &[u8] = b"\x1b[?2004l";
const PASTE_STARTS: &[u8] = b"\x1b[200~";
const PASTE_ENDS: &[u8] = b"\x1b[201~";

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Done,
    Interrupt,
}

/// Shows `prompt` and reads a line, or all lines of what is pasted, without the line break at the end.
/// An interrupt ends the program, as the shell that waits for it expects.
pub(super) fn read_hidden(prompt: &str) -> io::Result<Zeroizing<String>> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    let silenced = Silenced::new(&terminal)?;
    let is_dumb = context::is_dumb_terminal();
    let switch = |paste: &[u8]| if is_dumb { Ok(()) } else { (&terminal).write_all(paste) };
    switch(PASTE_ON)?;
    (&terminal).write_all(prompt.as_bytes())?;
    let mut text = Zeroizing::new(Vec::with_capacity(CAPACITY + PASTE_ENDS.len()));
    let ended = Reader { terminal: &terminal, more: || has_more(&terminal) }.read(&mut text);
    // Whatever ended it: a shell would run what is still to come.
    let rest = drain(&terminal);
    let switched = switch(PASTE_OFF);
    drop(silenced);
    let lines = text.split(|byte| *byte == b'\n').count();
    let told = if lines > 1 { format!("({lines} lines)\n") } else { "\n".to_owned() };
    (&terminal).write_all(told.as_bytes())?;
    if ended? == End::Interrupt {
        kill(Pid::this(), Signal::SIGINT)?;
        return Err(ErrorKind::Interrupted.into());
    }
    rest.and(switched)?;
    match std::str::from_utf8(&text) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(io::Error::new(ErrorKind::InvalidData, "what was typed is not UTF-8 text")),
    }
}

/// Whether more is there, or comes as fast as only a paste does.
fn has_more(terminal: &File) -> io::Result<bool> {
    let mut waiting = [PollFd::new(terminal.as_fd(), PollFlags::POLLIN)];
    poll(&mut waiting, PollTimeout::from(PASTE_GAP))?;
    Ok(waiting[0].revents().is_some_and(|events| events.contains(PollFlags::POLLIN)))
}

/// Reads what still comes, and forgets it.
fn drain(mut terminal: &File) -> io::Result<()> {
    let mut forgotten = Zeroizing::new([0; 4096]);
    while has_more(terminal)? {
        if terminal.read(&mut forgotten[..])? == 0 {
            break;
        }
    }
    Ok(())
}

struct Reader<R, M> {
    terminal: R,
    /// Whether more follows at once.
    more: M,
}

impl<R: Read, M: FnMut() -> io::Result<bool>> Reader<R, M> {
    fn read(&mut self, text: &mut Vec<u8>) -> io::Result<End> {
        let mut in_paste = false;
        let mut paste_end = 0;
        let mut is_too_long = false;
        loop {
            if text.len() >= CAPACITY {
                // Read to its end all the same, which no shell shall run.
                text.clear();
                is_too_long = true;
            }
            match self.byte()? {
                CTRL_C if !in_paste || !(self.more)()? => return Ok(End::Interrupt),
                ESCAPE if in_paste => {
                    text.push(ESCAPE);
                    in_paste = !self.ends_paste(text)?;
                    paste_end = text.len();
                }
                b'\r' if in_paste => text.push(b'\n'),
                byte if in_paste => text.push(byte),
                ESCAPE => in_paste = self.control_sequence()? == PASTE_STARTS,
                b'\n' | b'\r' => {
                    if !(self.more)()? {
                        let end = text.len();
                        // A paste may have brought its own line break.
                        text.pop_if(|last| *last == b'\n' && paste_end == end);
                        return done(is_too_long);
                    }
                    text.push(b'\n');
                }
                CTRL_D if text.is_empty() => return Err(ErrorKind::UnexpectedEof.into()),
                CTRL_D => return done(is_too_long),
                CTRL_U => text.clear(),
                // No part of a secret, and nobody stops in the middle of one.
                CTRL_Z | CTRL_BACKSLASH => {}
                BACKSPACE | DELETE => {
                    // All bytes of the last character.
                    while text.pop().is_some_and(|last| last & 0b1100_0000 == 0b1000_0000) {}
                }
                other => text.push(other),
            }
        }
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        if self.terminal.read(&mut byte)? == 0 { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(byte[0]) }
    }

    /// Reads on after an escape within a paste; takes the mark off `text` if that is what it was.
    fn ends_paste(&mut self, text: &mut Vec<u8>) -> io::Result<bool> {
        for wanted in &PASTE_ENDS[1..] {
            let byte = self.byte()?;
            text.push(if byte == b'\r' { b'\n' } else { byte });
            if byte != *wanted {
                return Ok(false);
            }
        }
        text.truncate(text.len() - PASTE_ENDS.len());
        Ok(true)
    }

    /// What a key that is not a character sends (an arrow, a function key), or the mark of a paste.
    fn control_sequence(&mut self) -> io::Result<Vec<u8>> {
        let mut sequence = vec![ESCAPE];
        // The Esc key stands alone.
        if !(self.more)()? {
            return Ok(sequence);
        }
        sequence.push(self.byte()?);
        if matches!(sequence[1], b'[' | b'O') {
            while sequence.len() < 32 && (sequence.len() == 2 || !is_final(sequence.last().copied())) {
                sequence.push(self.byte()?);
            }
        }
        Ok(sequence)
    }
}

fn done(is_too_long: bool) -> io::Result<End> {
    if is_too_long {
        Err(io::Error::new(ErrorKind::InvalidData, "it is over 256 KiB"))
    } else {
        Ok(End::Done)
    }
}

/// Whether a byte ends a control sequence.
fn is_final(byte: Option<u8>) -> bool {
    byte.is_some_and(|byte| (0x40..=0x7e).contains(&byte))
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

    /// What is read of `pieces`, each of which the terminal gives at once.
    fn typed(pieces: &[&str]) -> io::Result<(End, String)> {
        let mut rest: Vec<u8> = Vec::new();
        let mut ends = Vec::new();
        for piece in pieces {
            rest.extend(piece.as_bytes());
            ends.push(rest.len());
        }
        let at = std::cell::Cell::new(0);
        let source = Counted { bytes: &rest, at: &at };
        let mut text = Vec::new();
        let more = || Ok(at.get() < rest.len() && !ends.contains(&at.get()));
        let end = Reader { terminal: source, more }.read(&mut text)?;
        Ok((end, String::from_utf8(text).expect("text")))
    }

    struct Counted<'a> {
        bytes: &'a [u8],
        at: &'a std::cell::Cell<usize>,
    }

    impl Read for Counted<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = (&self.bytes[self.at.get()..]).read(buffer)?;
            self.at.set(self.at.get() + count);
            Ok(count)
        }
    }

    #[test]
    fn a_line_can_be_edited() {
        for (pieces, line) in [
            (&["key\n"][..], "key"),
            (&["key\r", "rest"], "key"),
            (&["kex\u{7f}y\n"], "key"),
            (&["keyé🦀\u{8}\u{8}\n"], "key"),
            (&["\u{7f}wrong\u{15}key\u{4}"], "key"),
            (&["k\u{1b}[D\u{1b}[1;5C\u{1b}OPe\u{1b}", "y\n"], "key"),
            (&["\n"], ""),
        ] {
            assert_eq!(typed(pieces).expect("a line"), (End::Done, line.to_owned()), "{pieces:?}");
        }
        assert_eq!(typed(&["ke\u{3}"]).expect("an end").0, End::Interrupt);
    }

    #[test]
    fn a_paste_is_taken_whole() {
        for (pieces, text) in [
            (&["a\rb\rc\r"][..], "a\nb\nc"),
            (&["a\rb", "\r"], "a\nb"),
            (&["a\n\nb\n\n"], "a\n\nb\n"),
            (&["\u{1b}[200~a\rb\r\u{1b}[201~", "\r"], "a\nb"),
            (&["\u{1b}[200~a\nb\u{1b}[201~\n"], "a\nb"),
            (&["x\u{1b}[200~a\u{1b}[31mb\u{3}\t\u{1b}[201~y", "\r"], "xa\u{1b}[31mb\u{3}\ty"),
        ] {
            assert_eq!(typed(pieces).expect("a text"), (End::Done, text.to_owned()), "{pieces:?}");
        }
    }

    #[test]
    fn an_end_without_a_line_and_a_line_without_an_end_are_failures() {
        let long = format!("{}\rrest\r", "x".repeat(CAPACITY + 9));
        let error = typed(&[&long]).expect_err("too long");
        assert_eq!(error.to_string(), "it is over 256 KiB");
        assert_eq!(typed(&["\u{1b}[200~abc\u{3}"]).expect("an end").0, End::Interrupt);
        for bytes in ["", "half", "\u{4}", "\u{1b}[200~a\r", &"x".repeat(CAPACITY)] {
            assert!(typed(&[bytes]).is_err(), "{}", bytes.len());
        }
    }
}
