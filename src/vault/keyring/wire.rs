//! The form of D-Bus messages.
//!
//! Everything is aligned to its size from the start of the message; a body starts at a multiple of 8.

use zeroize::Zeroizing;

use super::dbus::Method;

/// The part of a message's header that tells how long the rest is, in bytes.
pub(super) const START: usize = 16;

/// The longest message that is read, in bytes: a keyring's answers are short.
const LONGEST: usize = 1 << 20;

/// What one message's body may hold without moving: moving would leave a secret behind in memory.
const ROOM: usize = 8 * 1024;

/// The arguments of a call.
pub(super) struct Body {
    bytes: Zeroizing<Vec<u8>>,
    signature: String,
}

impl Default for Body {
    fn default() -> Self {
        Self { bytes: Zeroizing::new(Vec::with_capacity(ROOM)), signature: String::new() }
    }
}

impl Body {
    /// A string.
    pub(super) fn text(mut self, text: &str) -> Self {
        self.signature.push('s');
        put_text(&mut self.bytes, text);
        self
    }

    /// The path of an object.
    pub(super) fn path(mut self, path: &str) -> Self {
        self.signature.push('o');
        put_text(&mut self.bytes, path);
        self
    }

    /// A truth value.
    pub(super) fn flag(mut self, flag: bool) -> Self {
        self.signature.push('b');
        put_number(&mut self.bytes, u32::from(flag));
        self
    }

    /// A string in a variant.
    pub(super) fn variant_text(mut self, text: &str) -> Self {
        self.signature.push('v');
        put_signature(&mut self.bytes, "s");
        put_text(&mut self.bytes, text);
        self
    }

    /// A list of paths.
    pub(super) fn paths(mut self, paths: &[String]) -> Self {
        self.signature.push_str("ao");
        put_array(&mut self.bytes, 4, |bytes| paths.iter().for_each(|path| put_text(bytes, path)));
        self
    }

    /// A dictionary of strings.
    pub(super) fn dictionary(mut self, entries: &[(&str, &str)]) -> Self {
        self.signature.push_str("a{ss}");
        put_dictionary(&mut self.bytes, entries);
        self
    }

    /// The properties of a new item.
    pub(super) fn item_properties(mut self, label: &str, attributes: &[(&str, &str)]) -> Self {
        self.signature.push_str("a{sv}");
        put_array(&mut self.bytes, 8, |bytes| {
            align(bytes, 8);
            put_text(bytes, "org.freedesktop.Secret.Item.Label");
            put_signature(bytes, "s");
            put_text(bytes, label);
            align(bytes, 8);
            put_text(bytes, "org.freedesktop.Secret.Item.Attributes");
            put_signature(bytes, "a{ss}");
            put_dictionary(bytes, attributes);
        });
        self
    }

    /// A secret as the Secret Service has it: session, parameters (none), value, kind of content.
    pub(super) fn secret(mut self, session: &str, value: &[u8]) -> Self {
        self.signature.push_str("(oayays)");
        align(&mut self.bytes, 8);
        put_text(&mut self.bytes, session);
        put_array(&mut self.bytes, 1, |_| {});
        put_array(&mut self.bytes, 1, |bytes| bytes.extend_from_slice(value));
        put_text(&mut self.bytes, "text/plain");
        self
    }
}

/// A method call, ready to be sent.
pub(super) fn call(serial: u32, method: &Method<'_>, body: &Body) -> Zeroizing<Vec<u8>> {
    let mut message = Zeroizing::new(Vec::with_capacity(ROOM + body.bytes.len()));
    // Little-endian, a method call, no flags, version 1.
    message.extend_from_slice(&[b'l', 1, 0, 1]);
    put_number(&mut message, u32::try_from(body.bytes.len()).unwrap_or(u32::MAX));
    put_number(&mut message, serial);
    put_array(&mut message, 8, |bytes| {
        let fields = [
            (1, "o", method.path),
            (2, "s", method.interface),
            (3, "s", method.name),
            (6, "s", method.destination),
        ];
        for (code, signature, text) in fields {
            put_field(bytes, code, signature);
            put_text(bytes, text);
        }
        if !body.signature.is_empty() {
            put_field(bytes, 8, "g");
            put_signature(bytes, &body.signature);
        }
    });
    align(&mut message, 8);
    message.extend_from_slice(&body.bytes);
    message
}

fn put_field(bytes: &mut Vec<u8>, code: u8, signature: &str) {
    align(bytes, 8);
    bytes.push(code);
    put_signature(bytes, signature);
}

fn align(bytes: &mut Vec<u8>, to: usize) {
    bytes.resize(bytes.len().next_multiple_of(to), 0);
}

fn put_number(bytes: &mut Vec<u8>, number: u32) {
    align(bytes, 4);
    bytes.extend_from_slice(&number.to_le_bytes());
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_number(bytes, u32::try_from(text.len()).unwrap_or(u32::MAX));
    bytes.extend_from_slice(text.as_bytes());
    bytes.push(0);
}

/// Signatures here are short constants.
fn put_signature(bytes: &mut Vec<u8>, signature: &str) {
    bytes.push(u8::try_from(signature.len()).unwrap_or(u8::MAX));
    bytes.extend_from_slice(signature.as_bytes());
    bytes.push(0);
}

fn put_dictionary(bytes: &mut Vec<u8>, entries: &[(&str, &str)]) {
    put_array(bytes, 8, |bytes| {
        for (key, value) in entries {
            align(bytes, 8);
            put_text(bytes, key);
            put_text(bytes, value);
        }
    });
}

/// An array: its length in bytes (without the padding before its first element), then the elements.
fn put_array(bytes: &mut Vec<u8>, alignment: usize, elements: impl FnOnce(&mut Vec<u8>)) {
    put_number(bytes, 0);
    let length_at = bytes.len() - 4;
    align(bytes, alignment);
    let start = bytes.len();
    elements(bytes);
    let length = u32::try_from(bytes.len() - start).unwrap_or(u32::MAX);
    bytes[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
}

/// A message that was received.
pub(super) struct Message {
    /// The serial number of the call that it answers.
    pub answers: Option<u32>,
    /// The error's name, if it is one.
    pub error: Option<String>,
    /// The signal's name, if it is one.
    pub signal: Option<String>,
    /// The object that it comes from, of a signal.
    pub path: Option<String>,
    bytes: Zeroizing<Vec<u8>>,
    body: usize,
}

/// How many bytes follow the first [`START`]; `None` if that is no message, or one too long.
pub(super) fn length_after_start(start: &[u8; START]) -> Option<usize> {
    let mut reader = Reader { bytes: start, at: 4 };
    let body = reader.number()? as usize;
    reader.at = 12;
    let fields = reader.number()? as usize;
    let length = fields.checked_next_multiple_of(8)?.checked_add(body)?;
    (matches!(start[0], b'l' | b'B') && length <= LONGEST).then_some(length)
}

impl Message {
    pub(super) fn parse(bytes: Zeroizing<Vec<u8>>) -> Option<Self> {
        const ERROR: u8 = 3;
        const SIGNAL: u8 = 4;
        let kind = *bytes.get(1)?;
        let mut reader = Reader { bytes: &bytes, at: 12 };
        let end = reader.number()? as usize + START;
        let (mut answers, mut error, mut member, mut path) = (None, None, None, None);
        while reader.at < end {
            reader.align(8);
            let code = reader.byte()?;
            let signature = reader.signature()?;
            match (code, signature.as_str()) {
                (1, "o") => path = Some(reader.text()?.to_owned()),
                (3, "s") => member = Some(reader.text()?.to_owned()),
                (4, "s") => error = Some(reader.text()?.to_owned()),
                (5, "u") => answers = Some(reader.number()?),
                _ => reader.skip(&signature)?,
            }
        }
        let signal = member.filter(|_| kind == SIGNAL);
        let error = error.filter(|_| kind == ERROR);
        let body = end.next_multiple_of(8);
        Some(Self { answers, error, signal, path, bytes, body })
    }

    /// What the body holds, to be read in its order.
    pub(super) fn read(&self) -> Reader<'_> {
        Reader { bytes: &self.bytes, at: self.body }
    }
}

/// Reads a message from front to back; `None` wherever it is not what was expected.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn align(&mut self, to: usize) {
        self.at = self.at.next_multiple_of(to);
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    pub(super) fn number(&mut self) -> Option<u32> {
        self.align(4);
        let bytes: [u8; 4] = self.take(4)?.try_into().ok()?;
        let little = self.bytes.first() == Some(&b'l');
        Some(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = self.number()? as usize;
        let text = std::str::from_utf8(self.take(length)?).ok()?;
        self.byte().map(|_| text)
    }

    pub(super) fn signature(&mut self) -> Option<String> {
        let length = usize::from(self.byte()?);
        let text = std::str::from_utf8(self.take(length)?).ok()?.to_owned();
        self.byte().map(|_| text)
    }

    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.number()? as usize;
        self.take(length)
    }

    pub(super) fn paths(&mut self) -> Option<Vec<String>> {
        let length = self.number()? as usize;
        let end = self.at.checked_add(length)?;
        let mut paths = Vec::new();
        while self.at < end {
            paths.push(self.text()?.to_owned());
        }
        Some(paths)
    }

    /// Passes over one value of the kinds that stand before what is wanted.
    pub(super) fn skip(&mut self, signature: &str) -> Option<()> {
        match signature {
            "y" => self.byte().map(drop),
            "u" | "i" | "b" => self.number().map(drop),
            "s" | "o" => self.text().map(drop),
            "g" => self.signature().map(drop),
            "ay" => self.bytes().map(drop),
            // One inside another would let a message decide how deep this goes.
            "v" => self.signature().filter(|inner| inner != "v").and_then(|inner| self.skip(&inner)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Zeroizing<Vec<u8>> {
        let method =
            Method { destination: "org.example", path: "/a/b", interface: "org.example.I", name: "M" };
        let paths = ["/one".to_owned(), "/two/three".to_owned()];
        call(7, &method, &Body::default().flag(true).text("text").paths(&paths).secret("/s", b"hidden"))
    }

    fn start(bytes: &[u8]) -> [u8; START] {
        bytes[..START].try_into().expect("a start")
    }

    #[test]
    fn what_is_written_is_read_back() {
        let bytes = example();
        assert_eq!(length_after_start(&start(&bytes)), Some(bytes.len() - START));
        let message = Message::parse(bytes).expect("a message");
        assert_eq!((message.path.as_deref(), message.answers), (Some("/a/b"), None));
        let mut reader = message.read();
        assert_eq!((reader.number(), reader.text()), (Some(1), Some("text")));
        assert_eq!(reader.paths(), Some(vec!["/one".to_owned(), "/two/three".to_owned()]));
        reader.align(8);
        assert_eq!(reader.text(), Some("/s"));
        assert_eq!((reader.bytes(), reader.bytes()), (Some(&b""[..]), Some(&b"hidden"[..])));
    }

    #[test]
    fn garbage_is_refused_wherever_it_stands() {
        let good = example();
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..20_000 {
            let mut bytes = good.clone();
            for _ in 0..random.usize(1..6) {
                let at = random.usize(..bytes.len());
                bytes[at] = random.u8(..);
            }
            bytes.truncate(random.usize(START..=good.len()));
            // Nothing here may panic or ask for more memory than a message may take.
            if let Some(rest) = length_after_start(&start(&bytes)) {
                assert!(rest <= LONGEST);
            }
            if let Some(message) = Message::parse(bytes) {
                let mut reader = message.read();
                let _ = (reader.number(), reader.text(), reader.paths(), reader.bytes());
                let _ = reader.skip("v");
            }
        }
    }
}
