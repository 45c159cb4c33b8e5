//! The forms in which programs write a secret.

use serde_json::Value;
use zeroize::Zeroizing;

use super::SHORTEST;
use crate::domain::to_python_json;

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The text itself and what JSON, URLs and terminals make of it; the same with its last line breaks
/// left out, as `$(…)` does.
pub(super) fn plain(secret: &str, mut add: impl FnMut(&[u8])) {
    for text in with_and_without_end(secret) {
        let json = Value::String(text.to_owned());
        let forms = [
            text.to_owned(),
            // A terminal writes each line break as two characters.
            text.replace('\n', "\r\n"),
            inside_quotes(&json.to_string()),
            inside_quotes(&to_python_json(&json)),
            percent(text, b"-._~", "%20", false),
            percent(text, b"-._~", "%20", true),
            percent(text, b"-._~/", "%20", false),
            percent(text, b"-._*", "+", false),
        ]
        .map(Zeroizing::new);
        for form in forms.iter().filter(|form| form.len() >= SHORTEST) {
            add(form.as_bytes());
        }
        json_of_others(text, &mut add);
    }
}

/// What the JSON encoders of other languages escape beside what they must: nothing, what HTML would
/// take for markup (Go, Rails), that and the apostrophe (Jinja, PHP), most of the punctuation (.NET);
/// and whether a slash is escaped too (PHP).
const ESCAPED: [(&str, bool); 6] =
    [("", false), ("", true), ("<>&", false), ("<>&'", false), ("<>&'", true), ("<>&'\"+`", false)];

/// The text in JSON as others write it, where that differs: with escapes in lower-case and upper-case
/// hex, with and without those for what is not ASCII.
fn json_of_others(text: &str, add: &mut impl FnMut(&[u8])) {
    let is_special = |character: char| {
        !character.is_ascii() || character.is_ascii_control() || "<>&'\"+`/".contains(character)
    };
    if !text.contains(is_special) {
        return;
    }
    let mut forms: Vec<Zeroizing<String>> = Vec::new();
    for (escaped, slash) in ESCAPED {
        for (ascii, upper) in [(false, false), (false, true), (true, false), (true, true)] {
            let form = Zeroizing::new(json(text, escaped, slash, ascii, upper));
            if form.len() >= SHORTEST && !forms.contains(&form) {
                add(form.as_bytes());
                forms.push(form);
            }
        }
    }
}

fn json(text: &str, escaped: &str, slash: bool, ascii: bool, upper: bool) -> String {
    // Room for all of it at once: growing would leave copies of the secret behind.
    let mut json = String::with_capacity(6 * text.len());
    for character in text.chars() {
        match character {
            '\u{2028}' | '\u{2029}' if !escaped.is_empty() => unicode(character, upper, &mut json),
            _ if escaped.contains(character) => unicode(character, upper, &mut json),
            _ if ascii && !character.is_ascii() => unicode(character, upper, &mut json),
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '/' if slash => json.push_str("\\/"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            '\0'..='\u{1f}' => unicode(character, upper, &mut json),
            _ => json.push(character),
        }
    }
    json
}

/// `character` as one or two escapes.
fn unicode(character: char, upper: bool, json: &mut String) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        json.push_str(&if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") });
    }
}

/// The text in base64: alone, before a line break, and within a longer text (`user:secret`), with and
/// without padding, in both alphabets. Line breaks within are the matcher's to overlook.
pub(super) fn base64(secret: &str, mut add: impl FnMut(&[u8])) {
    for text in with_and_without_end(secret) {
        let line = Zeroizing::new(format!("{text}\n"));
        for bytes in [text.as_bytes(), line.as_bytes()] {
            for alphabet in [STANDARD, URL_SAFE] {
                for offset in 0..3 {
                    encodings(bytes, offset, alphabet, &mut add);
                }
            }
        }
    }
}

/// What base64 writes for `bytes` after `offset` unknown ones: the digits that depend on `bytes`
/// alone, then those with the last digit that the end of the data completes, then with padding.
fn encodings(bytes: &[u8], offset: usize, alphabet: &[u8; 64], add: &mut impl FnMut(&[u8])) {
    let bits = 8 * (offset + bytes.len());
    let (first, last) = ((8 * offset).div_ceil(6), bits / 6);
    let at = |index: usize| match index.checked_sub(offset) {
        Some(index) => bytes.get(index).copied().unwrap_or(0),
        None => 0,
    };
    let digit = |place: usize| {
        let (byte, shift) = (place * 6 / 8, place * 6 % 8);
        let pair = u16::from_be_bytes([at(byte), at(byte + 1)]);
        alphabet[usize::from((pair >> (10 - shift)) & 63)]
    };
    // Room for all of it at once: growing would leave copies of the secret behind.
    let mut text = Zeroizing::new(Vec::with_capacity(bits / 6 + 4));
    text.extend((first..last).map(digit));
    if text.len() < SHORTEST {
        return;
    }
    add(&text);
    if !bits.is_multiple_of(6) {
        text.push(digit(last));
        add(&text);
        let padding = (4 - (last + 1) % 4) % 4;
        text.extend(std::iter::repeat_n(b'=', padding));
        add(&text);
    }
}

fn with_and_without_end(secret: &str) -> impl Iterator<Item = &str> {
    let trimmed = secret.trim_end_matches(['\n', '\r']);
    [Some(secret), Some(trimmed).filter(|trimmed| trimmed.len() < secret.len())].into_iter().flatten()
}

fn inside_quotes(json: &str) -> String {
    json[1..json.len() - 1].to_owned()
}

/// Percent-encoding: what is neither letter nor digit nor in `kept` is written as `%XX`.
fn percent(text: &str, kept: &[u8], space: &str, lower: bool) -> String {
    let mut encoded = String::with_capacity(3 * text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push_str(space),
            plain if plain.is_ascii_alphanumeric() || kept.contains(&plain) => {
                encoded.push(char::from(plain));
            }
            other if lower => encoded.push_str(&format!("%{other:02x}")),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}
