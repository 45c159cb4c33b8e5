//! One automaton's place in a stream.

use std::collections::VecDeque;
use std::ops::Range;

use super::automaton::{Automaton, ROOT, State};

/// So many digits of base64 before a line break are no chance: they are held back.
const NO_CHANCE: u64 = 4;

/// Where programs break base64 into lines: there even fewer are held back.
const WIDTHS: [u64; 2] = [64, 76];

/// Where an automaton stands. Places are counted in bytes from the stream's start.
pub(super) struct Cursor {
    /// Whether line breaks within a pattern are overlooked.
    over_lines: bool,
    state: State,
    /// How much was read.
    place: u64,
    /// Where the line began.
    line: u64,
    /// The line breaks overlooked within what may become a match.
    overlooked: VecDeque<u64>,
    /// Up to here nothing is held back or taken out: a line that ends must arrive, although its last
    /// few letters may be the beginning of a secret in base64.
    released: u64,
}

impl Cursor {
    pub(super) fn new(over_lines: bool) -> Self {
        Self { over_lines, state: ROOT, place: 0, line: 0, overlooked: VecDeque::new(), released: 0 }
    }

    /// Reads on, and adds the places of all matches that end in `input`.
    pub(super) fn read(&mut self, automaton: &Automaton, input: &[u8], found: &mut Vec<Range<u64>>) {
        let base = self.place;
        let mut at = 0;
        while at < input.len() {
            if self.state == ROOT {
                self.overlooked.clear();
                at = automaton.next_beginning(input, at, self.over_lines);
            }
            let Some(&byte) = input.get(at) else { break };
            self.place = base + at as u64;
            at += 1;
            if self.over_lines && matches!(byte, b'\n' | b'\r') {
                self.overlook(automaton, &input[..at - 1]);
                continue;
            }
            self.state = automaton.step(self.state, byte);
            self.place += 1;
            let length = automaton.longest(self.state);
            if length > 0 {
                found.push(self.back(length).max(self.released)..self.place);
            }
        }
        self.place = base + input.len() as u64;
        self.line = self.line_of(input);
        let open = self.open(automaton);
        while self.overlooked.front().is_some_and(|place| *place < open) {
            self.overlooked.pop_front();
        }
    }

    /// Passes over a line break; `before` is what was read before it in this go.
    fn overlook(&mut self, automaton: &Automaton, before: &[u8]) {
        if self.state == ROOT {
            return;
        }
        let follows_another = self.overlooked.back().is_some_and(|other| other + 1 == self.place);
        self.overlooked.push_back(self.place);
        let is_released = if follows_another {
            self.released == self.place
        } else {
            let width = self.place - self.line_of(before);
            automaton.depth(self.state) < NO_CHANCE && !WIDTHS.contains(&width)
        };
        if is_released {
            self.released = self.place + 1;
        }
    }

    /// Where the line begins in which `read` ends, which was read last.
    fn line_of(&self, read: &[u8]) -> u64 {
        match read.iter().rev().position(|byte| matches!(byte, b'\n' | b'\r')) {
            Some(length) => self.place - length as u64,
            None => self.line,
        }
    }

    /// The earliest place where a match may begin that has not ended yet.
    pub(super) fn open(&self, automaton: &Automaton) -> u64 {
        self.back(automaton.depth(self.state))
    }

    /// The earliest place that is held back.
    pub(super) fn held(&self, automaton: &Automaton) -> u64 {
        self.open(automaton).max(self.released)
    }

    /// Whether what is open is little of every secret.
    pub(super) fn is_little(&self, automaton: &Automaton) -> bool {
        automaton.is_little(self.state)
    }

    /// [`Self::held`] for a reader who waits: what is little of every secret is shown.
    pub(super) fn held_from_the_impatient(&self, automaton: &Automaton) -> u64 {
        if self.is_little(automaton) { self.place } else { self.held(automaton) }
    }

    /// The place so many bytes back, line breaks that were overlooked not counted.
    fn back(&self, length: u64) -> u64 {
        let mut start = self.place - length;
        for overlooked in self.overlooked.iter().rev() {
            if *overlooked < start {
                break;
            }
            start -= 1;
        }
        start
    }
}
