//! Text from outside, made safe to show.

/// `text` with every control character, line break and bidi control written as an escape, so that
/// nothing an account or a server says can move a cursor, forge a line or reorder a screen.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            control if control.is_control() || is_invisible(control) => {
                shown.push_str(&format!("\\u{{{:x}}}", control as u32));
            }
            plain => shown.push(plain),
        }
    }
    shown
}

/// [`printable`], cut to `limit` characters with an ellipsis.
pub fn printable_capped(text: &str, limit: usize) -> String {
    let shown = printable(text);
    if shown.chars().count() <= limit {
        return shown;
    }
    let mut cut: String = shown.chars().take(limit.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// `1 variable`, `2 variables`.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// `text` without the white space and the characters that no eye sees around it: none of them belongs to a
/// key or to JSON.
pub fn trim_unseen(text: &str) -> &str {
    let is_around = |edge: char| edge.is_whitespace() || (is_unseen_edge(edge) && !edge.is_control());
    text.trim_matches(is_around)
}

/// The first or last character of `text`, if no eye sees it and no keyboard types it: a paste brought it
/// along. Spaces, tabs and line breaks are plain text.
pub fn unseen_edge(text: &str) -> Option<char> {
    let edges = [text.chars().next(), text.chars().next_back()];
    edges.into_iter().flatten().find(|edge| is_unseen_edge(*edge))
}

fn is_unseen_edge(character: char) -> bool {
    match character {
        // Typed, or part of the emoji before.
        ' '
        | '\t'
        | '\n'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{E0000}'..='\u{E007F}'
        | '\u{E0100}'..='\u{E01EF}' => false,
        other => other.is_control() || other.is_whitespace() || is_invisible(other),
    }
}

/// Why bytes are no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotText {
    /// They are UTF-16, as Windows writes it.
    Utf16,
    /// They are something else, from this line on.
    Other(usize),
}

/// The text of a file or pipe, without the byte order mark that some editors put before it.
pub fn decode(bytes: &[u8]) -> Result<&str, NotText> {
    if is_utf16(bytes) {
        return Err(NotText::Utf16);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes)
        .map_err(|error| NotText::Other(bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count()))
}

/// Line and column of the byte `at`, from 1.
pub fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let column = before.chars().rev().take_while(|letter| *letter != '\n').count() + 1;
    (before.matches('\n').count() + 1, column)
}

/// By its mark, or because every other byte is zero.
fn is_utf16(bytes: &[u8]) -> bool {
    let zeros = |first: usize| bytes.iter().skip(first).step_by(2).all(|byte| *byte == 0);
    bytes.starts_with(b"\xff\xfe")
        || bytes.starts_with(b"\xfe\xff")
        || (bytes.len() >= 4 && bytes.len().is_multiple_of(2) && (zeros(0) != zeros(1)))
}

/// Bidi controls, zero-width characters, line separators, fillers, blank patterns, variation selectors
/// and tags: seen by programs, not by eyes.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{200B}'..='\u{200F}'
        | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}' | '\u{E0100}'..='\u{E01EF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_a_cursor_survives() {
        assert_eq!(printable("a\nb\x1b[2J\u{202E}c\u{9b}"), "a\\nb\\u{1b}[2J\\u{202e}c\\u{9b}");
        assert_eq!(printable("héllo ✓ 🦀"), "héllo ✓ 🦀");
    }

    #[test]
    fn what_no_eye_sees_is_written_out() {
        let characters =
            "\u{34f}\u{115f}\u{1160}\u{3164}\u{2800}\u{fe00}\u{fe0f}\u{e0100}\u{e01ef}\u{200b}\u{e0041}";
        for character in characters.chars() {
            let shown = format!("a\\u{{{:x}}}b", character as u32);
            assert_eq!(printable(&format!("a{character}b")), shown);
        }
    }

    #[test]
    fn a_cut_is_shown() {
        assert_eq!(printable_capped("abcdef", 4), "abc…");
        assert_eq!(printable_capped("abcd", 4), "abcd");
    }

    #[test]
    fn a_mark_is_no_text_and_utf_16_is_told() {
        let utf16 = |text: &str, mark: &[u8], big: bool| {
            let units = text.encode_utf16();
            let bytes = units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
            mark.iter().copied().chain(bytes).collect::<Vec<u8>>()
        };
        for bytes in [
            utf16("A=é", b"\xff\xfe", false),
            utf16("A=é", b"\xfe\xff", true),
            utf16("A=b", b"", false),
            utf16("A=b", b"", true),
        ] {
            assert_eq!(decode(&bytes), Err(NotText::Utf16), "{bytes:?}");
        }
        assert_eq!(decode(b"\xef\xbb\xbfA=1"), Ok("A=1"));
        assert_eq!(decode(b"\0\0\0\0"), Ok("\0\0\0\0"));
        assert_eq!(decode(b"A=1\nB=\xff"), Err(NotText::Other(2)));
    }

    #[test]
    fn what_no_eye_sees_at_an_edge_is_found_and_what_is_typed_is_left() {
        for edge in ['\u{feff}', '\u{200b}', '\u{a0}', '\u{200d}', '\u{2028}', '\u{3000}', '\r', '\u{1b}'] {
            for text in [format!("{edge}key"), format!("key{edge}")] {
                assert_eq!(unseen_edge(&text), Some(edge), "{text:?}");
                // A control character is nothing that just happens to be there.
                assert_eq!(trim_unseen(&text) == "key", edge != '\u{1b}', "{text:?}");
            }
            assert_eq!(unseen_edge(&format!("a{edge}b")), None);
        }
        for text in [" a ", "a\n", "\ta", "❤\u{fe0f}", ""] {
            assert_eq!(unseen_edge(text), None, "{text:?}");
        }
    }
}
