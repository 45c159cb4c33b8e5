//! A command that gets its input only after it has said a certain word: what is sent first is a secret.

use std::fs::File;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};

use nix::sys::signal::Signal;
use nix::sys::termios::{LocalFlags, SpecialCharacterIndices, tcgetattr};
use zeroize::Zeroizing;

use super::pump;
use super::terminal::make_raw;

/// How much is kept of what came before the greeting, in bytes.
const KEPT: usize = 16 * 1024;

/// The line that a command says first, and what is sent to it then, before all other input.
pub(crate) struct Handshake {
    pub greeting: Vec<u8>,
    pub answer: Zeroizing<Vec<u8>>,
}

/// Where a command's input goes in. What is written at once stays in one piece.
#[derive(Clone)]
pub(super) struct Inlet(Arc<Mutex<File>>);

/// What a command printed in place of the greeting, until that came.
#[derive(Clone)]
pub(super) struct Instead(Arc<Mutex<Option<Vec<u8>>>>);

/// A handshake whose greeting has not come yet.
pub(super) struct Pending {
    finder: Finder,
    answer: Option<Zeroizing<Vec<u8>>>,
    inlet: Option<Inlet>,
    /// What is passed on after the answer.
    input: Option<File>,
    instead: Instead,
}

impl Inlet {
    pub(super) fn new(file: File) -> Self {
        Self(Arc::new(Mutex::new(file)))
    }

    /// Leads elsewhere from now on.
    pub(super) fn lead_to(&self, file: File) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = file;
    }

    /// What these keys ask of the programs in the terminal that it leads to, as that is set.
    pub(super) fn signal_of(&self, keys: &[u8]) -> Option<Signal> {
        let file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let settings = tcgetattr(&*file).ok().filter(|set| set.local_flags.contains(LocalFlags::ISIG))?;
        let signals = [
            (SpecialCharacterIndices::VINTR, Signal::SIGINT),
            (SpecialCharacterIndices::VQUIT, Signal::SIGQUIT),
        ];
        let is_typed = |key: SpecialCharacterIndices| keys.contains(&settings.control_chars[key as usize]);
        signals.into_iter().find(|(key, _)| is_typed(*key)).map(|(_, signal)| signal)
    }

    pub(super) fn write(&self, bytes: &[u8]) -> std::io::Result<()> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pump::write_all(&mut file, bytes)
    }

    /// Sends what nobody may see: no terminal on the way may echo it, or cut it at the length of a line.
    fn send_secret(&self, bytes: &[u8]) -> std::io::Result<()> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if file.is_terminal() {
            make_raw(&file)?;
        }
        pump::write_all(&mut file, bytes)
    }
}

impl Instead {
    fn change(&self, change: impl FnOnce(&mut Option<Vec<u8>>)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn take(&self) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Pending {
    /// A handshake whose answer goes into `inlet`, followed by all of `input`, if there is one.
    pub(super) fn new(handshake: Handshake, inlet: Inlet, input: Option<File>) -> Self {
        Self {
            finder: Finder { greeting: handshake.greeting, held: Vec::new() },
            answer: Some(handshake.answer),
            inlet: Some(inlet),
            input,
            instead: Instead(Arc::new(Mutex::new(Some(Vec::new())))),
        }
    }

    pub(super) fn instead(&self) -> Instead {
        self.instead.clone()
    }

    /// Reads on what the command prints; gives what is to be shown of it.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Vec<u8> {
        if self.answer.is_none() {
            return bytes.to_vec();
        }
        let (shown, is_greeted) = self.finder.push(bytes);
        if is_greeted {
            self.instead.change(|instead| *instead = None);
            self.send();
        } else {
            self.instead.change(|instead| {
                let kept = instead.get_or_insert_default();
                kept.extend(&shown);
                kept.drain(..kept.len().saturating_sub(KEPT));
            });
        }
        shown
    }

    /// What was held back, at the end.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.finder.held)
    }

    /// Aside, because the command may print while it reads.
    fn send(&mut self) {
        let (answer, inlet, input) = (self.answer.take(), self.inlet.take(), self.input.take());
        let (Some(answer), Some(inlet)) = (answer, inlet) else { return };
        std::thread::spawn(move || {
            // A command that has gone tells so by its exit code.
            let sent = inlet.send_secret(&answer);
            drop(answer);
            if let (Ok(()), Some(input)) = (sent, input) {
                pump::keys(input, |bytes| inlet.write(bytes));
            }
        });
    }
}

/// Looks for a line in a stream, however that is cut into pieces.
struct Finder {
    greeting: Vec<u8>,
    /// What may be the beginning of the line.
    held: Vec<u8>,
}

impl Finder {
    /// Reads on; gives all that is not the line, and whether that has come.
    fn push(&mut self, bytes: &[u8]) -> (Vec<u8>, bool) {
        self.held.extend(bytes);
        let found = self.held.windows(self.greeting.len()).position(|window| window == self.greeting);
        let Some(start) = found else {
            let may_begin = |at: &usize| self.greeting.starts_with(&self.held[*at..]);
            let first = self.held.len().saturating_sub(self.greeting.len());
            let keep = (first..self.held.len()).find(may_begin).unwrap_or(self.held.len());
            return (self.held.drain(..keep).collect(), false);
        };
        match self.held[start..].iter().position(|byte| *byte == b'\n') {
            Some(length) => {
                self.held.drain(start..=start + length);
                (std::mem::take(&mut self.held), true)
            }
            None => (self.held.drain(..start).collect(), false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_is_found_however_it_is_cut_and_all_else_is_shown() {
        let text = b"motd \x1b[1mab\r\nabc-ab abc-read abc-ready\r\nrest\n";
        for size in 1..=text.len() {
            let mut finder = Finder { greeting: b"abc-ready".to_vec(), held: Vec::new() };
            let (mut shown, mut found) = (Vec::new(), 0);
            for piece in text.chunks(size) {
                if found > 0 {
                    shown.extend(piece);
                    continue;
                }
                let (more, is_found) = finder.push(piece);
                shown.extend(more);
                found += usize::from(is_found);
            }
            assert_eq!(found, 1, "{size}");
            assert_eq!(shown, b"motd \x1b[1mab\r\nabc-ab abc-read rest\n", "{size}");
        }
    }

    #[test]
    fn a_question_without_a_line_break_is_shown_at_once() {
        let mut finder = Finder { greeting: b"abc-ready".to_vec(), held: Vec::new() };
        assert_eq!(finder.push(b"passphrase: "), (b"passphrase: ".to_vec(), false));
        assert_eq!(finder.push(b"ab"), (Vec::new(), false));
        assert_eq!(finder.push(b"x"), (b"abx".to_vec(), false));
    }
}
