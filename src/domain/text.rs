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
}
