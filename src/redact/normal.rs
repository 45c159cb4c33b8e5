//! A view of a text in which it does not matter how a program quoted or escaped it.
//!
//! Quotes, `$` and carriage returns are left out, escapes stand for what they mean, and a run of
//! backslashes counts as one: so a value looks the same as it is, in any shell's quotes, as JSON, as
//! JSON in JSON, percent-encoded wholly or in part, and as HTML. Both the secrets and the stream are
//! looked at so; nothing of the view is ever printed.

use std::collections::VecDeque;
use std::ops::Range;

use zeroize::Zeroizing;

use super::automaton::Automaton;
use super::cursor::Cursor;

/// A chain of escapes longer than this is not looked through at once.
const LONGEST_CHAIN: usize = 64;

/// `text` as the view has it.
pub(super) fn normalized(text: &str) -> Zeroizing<Vec<u8>> {
    let mut normal = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    while let Some(Unit { length, meaning }) = unit(rest, true) {
        normal.extend_from_slice(meaning.bytes());
        rest = &rest[length..];
    }
    normal
}

/// A stream in that view, and where in the stream each piece of it comes from.
pub(super) struct NormalCursor {
    cursor: Cursor,
    /// How much of the stream was read, and of the view written.
    place: u64,
    written: u64,
    /// The beginning of an escape whose rest has not come yet.
    tail: Zeroizing<Vec<u8>>,
    anchors: VecDeque<Anchor>,
}

/// A place in the view where the stream is not merely copied.
struct Anchor {
    view: u64,
    /// Where in the stream the piece before it ends, and the one after it begins.
    end: u64,
    start: u64,
}

impl NormalCursor {
    pub(super) fn new() -> Self {
        let start = Anchor { view: 0, end: 0, start: 0 };
        Self {
            cursor: Cursor::new(false),
            place: 0,
            written: 0,
            tail: Zeroizing::new(Vec::new()),
            anchors: VecDeque::from([start]),
        }
    }

    /// Reads on, and adds the places of all matches that end in `input`.
    pub(super) fn read(
        &mut self,
        automaton: &Automaton,
        input: &[u8],
        is_end: bool,
        found: &mut Vec<Range<u64>>,
    ) {
        let joined;
        let text = if self.tail.is_empty() {
            input
        } else {
            joined = Zeroizing::new([self.tail.as_slice(), input].concat());
            &joined
        };
        let base = self.place + input.len() as u64 - text.len() as u64;
        self.place += input.len() as u64;
        let mut view = Zeroizing::new(Vec::with_capacity(text.len()));
        let before = self.written;
        let mut at = 0;
        while at < text.len() {
            let plain = text[at..].iter().position(|byte| IS_SPECIAL[usize::from(*byte)]);
            let plain = plain.unwrap_or(text.len() - at);
            view.extend_from_slice(&text[at..at + plain]);
            at += plain;
            let Some(Unit { length, meaning }) = unit(&text[at..], is_end) else { break };
            let (start, end) = (base + at as u64, base + (at + length) as u64);
            self.written = before + view.len() as u64;
            if meaning.bytes().is_empty() {
                self.anchor(start, end);
            } else {
                self.anchor(start, start);
                view.extend_from_slice(meaning.bytes());
                self.written = before + view.len() as u64;
                self.anchor(end, end);
            }
            at += length;
        }
        self.tail = Zeroizing::new(text[at..].to_vec());
        self.written = before + view.len() as u64;
        let first = found.len();
        self.cursor.read(automaton, &view, found);
        for range in &mut found[first..] {
            *range = self.start(range.start)..self.end(range.end);
        }
        let open = self.cursor.open(automaton);
        while self.anchors.get(1).is_some_and(|next| next.view <= open) {
            self.anchors.pop_front();
        }
    }

    /// Notes that the view goes on with what begins at `start` in the stream, behind what ended at `end`.
    fn anchor(&mut self, end: u64, start: u64) {
        match self.anchors.back_mut() {
            Some(last) if last.view == self.written => last.start = start,
            _ => self.anchors.push_back(Anchor { view: self.written, end, start }),
        }
    }

    /// Where in the stream the byte at this place of the view begins.
    fn start(&self, view: u64) -> u64 {
        let after = self.anchors.partition_point(|anchor| anchor.view <= view);
        self.anchors.get(after.saturating_sub(1)).map_or(view, |anchor| anchor.start + (view - anchor.view))
    }

    /// Where in the stream the byte before this place of the view ends.
    fn end(&self, view: u64) -> u64 {
        let after = self.anchors.partition_point(|anchor| anchor.view < view);
        match self.anchors.get(after) {
            Some(anchor) if anchor.view == view => anchor.end,
            _ => self.start(view),
        }
    }

    /// The earliest place in the stream where a match may begin that has not ended yet.
    pub(super) fn open(&self, automaton: &Automaton) -> u64 {
        let open = self.cursor.open(automaton);
        if open == self.written { self.place - self.tail.len() as u64 } else { self.start(open) }
    }

    /// [`Self::open`] for a reader who waits: what is little of every secret is shown.
    pub(super) fn held_from_the_impatient(&self, automaton: &Automaton) -> u64 {
        if self.cursor.is_little(automaton) { self.place } else { self.open(automaton) }
    }
}

/// What begins something else than itself.
const IS_SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let bytes = b"\\%&+'\"$\r";
    let mut index = 0;
    while index < bytes.len() {
        special[bytes[index] as usize] = true;
        index += 1;
    }
    special
};

/// A piece of text that means something as a whole.
struct Unit {
    length: usize,
    meaning: Meaning,
}

/// Up to four bytes.
struct Meaning([u8; 4], usize);

impl Meaning {
    const NOTHING: Self = Self([0; 4], 0);

    fn bytes(&self) -> &[u8] {
        &self.0[..self.1]
    }

    /// A byte, if it is not one that quoting adds or takes away.
    fn byte(byte: u8) -> Self {
        match byte {
            b'\'' | b'"' | b'$' | b'\\' | b'\r' => Self::NOTHING,
            b'+' => Self([b' ', 0, 0, 0], 1),
            other => Self([other, 0, 0, 0], 1),
        }
    }

    fn character(code: u32) -> Self {
        match char::from_u32(code) {
            Some(character) if !character.is_ascii() => {
                let mut bytes = [0; 4];
                let length = character.encode_utf8(&mut bytes).len();
                Self(bytes, length)
            }
            _ => u8::try_from(code).map_or(Self::NOTHING, Self::byte),
        }
    }
}

/// The first unit of `text`; `None` at its end, and where only what follows can tell.
fn unit(text: &[u8], is_end: bool) -> Option<Unit> {
    let first = *text.first()?;
    let read = match first {
        b'\\' => backslashes(text),
        b'%' => match percent(text) {
            Read::Unit(_, b'\\') => backslashes(text),
            Read::Unit(length, byte) => Read::Unit(length, Meaning::byte(byte)),
            Read::Plain => Read::Plain,
            Read::More => Read::More,
        },
        b'&' => entity(text),
        _ => Read::Plain,
    };
    match read {
        Read::Unit(length, meaning) => Some(Unit { length, meaning }),
        Read::More if !is_end => None,
        _ => Some(Unit { length: 1, meaning: Meaning::byte(first) }),
    }
}

/// What stands at the beginning of a text.
enum Read<T> {
    /// So many bytes that mean this.
    Unit(usize, T),
    /// Nothing more than its first byte.
    Plain,
    /// What follows will tell.
    More,
}

/// `%41`, and `%2541` as it is when encoded twice.
fn percent(text: &[u8]) -> Read<u8> {
    let mut at = 1;
    loop {
        let Some(digits) = text.get(at..at + 2) else {
            return match at {
                _ if text[at..].iter().all(u8::is_ascii_hexdigit) => Read::More,
                1 => Read::Plain,
                _ => Read::Unit(at, b'%'),
            };
        };
        let Some(byte) = number(digits, 16).and_then(|byte| u8::try_from(byte).ok()) else {
            // What was an encoded % itself is followed by something else.
            return if at > 1 { Read::Unit(at, b'%') } else { Read::Plain };
        };
        at += 2;
        if byte != b'%' || at > LONGEST_CHAIN {
            return Read::Unit(at, byte);
        }
    }
}

/// A run of backslashes, percent-encoded ones too, and the escape that it makes with what follows.
fn backslashes(text: &[u8]) -> Read<Meaning> {
    let mut at = 0;
    loop {
        match text.get(at) {
            Some(b'\\') => at += 1,
            Some(b'%') => match percent(&text[at..]) {
                Read::Unit(length, b'\\') => at += length,
                Read::More => return Read::More,
                _ => break,
            },
            Some(_) => break,
            None => {
                return if at > LONGEST_CHAIN { Read::Unit(at - 1, Meaning::NOTHING) } else { Read::More };
            }
        }
    }
    let simple = |byte| Read::Unit(at + 1, Meaning::byte(byte));
    match text[at] {
        b'n' => simple(b'\n'),
        b'r' => simple(b'\r'),
        b't' => simple(b'\t'),
        b'a' => simple(0x07),
        b'b' => simple(0x08),
        b'v' => simple(0x0b),
        b'f' => simple(0x0c),
        b'e' | b'E' => simple(0x1b),
        b'x' | b'X' => digits(text, at + 1, 16, 1..=2),
        b'0'..=b'7' => digits(text, at, 8, 1..=3),
        b'U' => digits(text, at + 1, 16, 8..=8),
        b'u' => utf16(text, at),
        _ => Read::Unit(at, Meaning::NOTHING),
    }
}

/// A character or, up to 255, a byte by its number.
fn digits(text: &[u8], at: usize, radix: u32, count: std::ops::RangeInclusive<usize>) -> Read<Meaning> {
    let is_digit = |byte: &u8| char::from(*byte).is_digit(radix);
    let found = text[at..].iter().take(*count.end()).take_while(|byte| is_digit(byte)).count();
    if found < *count.end() && at + found == text.len() {
        return Read::More;
    }
    match number(&text[at..at + found], radix) {
        Some(byte) if count.contains(&found) && *count.end() < 4 => {
            Read::Unit(at + found, u8::try_from(byte).map_or(Meaning::NOTHING, Meaning::byte))
        }
        Some(code) if count.contains(&found) => Read::Unit(at + found, Meaning::character(code)),
        _ => Read::Unit(at, Meaning::NOTHING),
    }
}

/// `uXXXX`, or two of them with their backslashes for a character of two units.
fn utf16(text: &[u8], at: usize) -> Read<Meaning> {
    let four = |at: usize| text.get(at..at + 4).map(|digits| number(digits, 16));
    let Some(first) = four(at + 1) else {
        let rest = &text[at + 1..];
        return if rest.iter().all(u8::is_ascii_hexdigit) {
            Read::More
        } else {
            Read::Unit(at, Meaning::NOTHING)
        };
    };
    let Some(first) = first else { return Read::Unit(at, Meaning::NOTHING) };
    let next = at + 5;
    if !(0xD800..0xDC00).contains(&first) {
        return Read::Unit(next, Meaning::character(first));
    }
    let run = text[next..].iter().take_while(|byte| **byte == b'\\').count();
    match (text.get(next + run), four(next + run + 1)) {
        (None, _) | (Some(b'u'), None) if run <= LONGEST_CHAIN => Read::More,
        (Some(b'u'), Some(Some(second))) if run > 0 && (0xDC00..0xE000).contains(&second) => {
            let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            Read::Unit(next + run + 5, Meaning::character(code))
        }
        _ => Read::Unit(next, Meaning::NOTHING),
    }
}

/// `&lt;`, `&#60;`, `&#x3c;`, and `&amp;lt;` as they are when encoded twice.
fn entity(text: &[u8]) -> Read<Meaning> {
    let mut at = 1;
    while text[at..].starts_with(b"amp;") && at <= LONGEST_CHAIN {
        at += 4;
    }
    // The longest is a number of seven digits.
    let rest = &text[at..text.len().min(at + 10)];
    let code = rest.iter().position(|byte| *byte == b';').map(|end| match &rest[..end] {
        b"lt" => Some(u32::from(b'<')),
        b"gt" => Some(u32::from(b'>')),
        b"quot" => Some(u32::from(b'"')),
        b"apos" => Some(u32::from(b'\'')),
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16),
        [b'#', digits @ ..] => number(digits, 10),
        _ => None,
    });
    match code {
        Some(Some(code)) => Read::Unit(
            at + rest.iter().take_while(|byte| **byte != b';').count() + 1,
            Meaning::character(code),
        ),
        None if rest.len() < 9 && rest.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'#') => {
            Read::More
        }
        _ if at > 1 => Read::Unit(at, Meaning::byte(b'&')),
        _ => Read::Plain,
    }
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
    u32::from_str_radix(digits, radix).ok()
}
