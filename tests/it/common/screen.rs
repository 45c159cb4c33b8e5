//! What a person reads on a terminal.

const ESCAPE: char = '\u{1b}';

/// `text` without what only the terminal reads: CSI, OSC, DCS and the other strings, ended by BEL or ST, and
/// escapes of two bytes.
pub fn visible(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, sequence)) = rest.split_once(ESCAPE) {
        shown.push_str(before);
        rest = after_sequence(sequence);
    }
    shown + rest
}

/// What follows the sequence whose escape stood before `text`; nothing if it is unfinished.
fn after_sequence(text: &str) -> &str {
    let mut characters = text.chars();
    match characters.next() {
        Some('[') => after(characters.as_str(), |c| ('@'..='~').contains(&c)),
        Some(']' | 'P' | 'X' | '^' | '_') => after_string(characters.as_str()),
        // As in `ESC ( B`.
        Some(' '..='/') => after(characters.as_str(), |c| ('0'..='~').contains(&c)),
        _ => characters.as_str(),
    }
}

fn after(text: &str, is_last: impl Fn(char) -> bool) -> &str {
    text.split_once(is_last).map_or("", |(_, rest)| rest)
}

fn after_string(text: &str) -> &str {
    let Some(end) = text.find(['\u{7}', ESCAPE]) else { return "" };
    let rest = &text[end..];
    rest.strip_prefix('\u{7}').or_else(|| rest.strip_prefix("\u{1b}\\")).unwrap_or(rest)
}
