//! Quoting: bytes in, one word of a shell's own language out, that the shell reads as those bytes.
//!
//! Proven by `tests/quoting.rs`, which pushes random values through the real shells. The rules:
//!
//! - bash and zsh: `'…'` where nothing inside needs care, else `$'…'` of printable ASCII alone, with
//!   octal escapes for the rest. Raw bytes inside `$'…'` would be unsafe in locales whose multibyte
//!   characters may end in `\`; a raw line break inside `'…'` fails under zsh's `csh_junkie_quotes`,
//!   and a raw `'` is written as an escape so that zsh's `rc_quotes` has nothing to say.
//! - POSIX: `'…'` with `'\''`, the only quoting that dash has.
//! - fish: `'…'`, where exactly `\` and `'` need a backslash; control characters stand outside the
//!   quotes as `\xHH`, bytes that are no UTF-8 as `\XHH`.

use super::Format;
use super::Shell;

/// `value` as one word for `format`'s shell ([`Format::Json`] and [`Format::Dotenv`] quote as POSIX).
pub fn quote(format: Format, value: &[u8]) -> Vec<u8> {
    match format {
        Format::Shell(Shell::Bash | Shell::Zsh) => quote_ansi_c(value),
        Format::Shell(Shell::Fish) => quote_fish(value),
        Format::Posix | Format::Json | Format::Dotenv => quote_posix(value),
    }
}

fn quote_ansi_c(value: &[u8]) -> Vec<u8> {
    let plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'\'' | b'\\' | b'!');
    if value.iter().all(plain) {
        return surround(b"'", value, b"'");
    }
    let mut word = b"$'".to_vec();
    for byte in value {
        match byte {
            b'\'' | b'\\' => word.extend([b'\\', *byte]),
            // Escaped, because a line pasted at a prompt would see history expansion.
            b'!' => word.extend(octal(*byte)),
            b' '..=b'~' => word.push(*byte),
            other => word.extend(octal(*other)),
        }
    }
    word.push(b'\'');
    word
}

fn octal(byte: u8) -> [u8; 4] {
    [b'\\', b'0' + (byte >> 6), b'0' + (byte >> 3 & 7), b'0' + (byte & 7)]
}

fn quote_posix(value: &[u8]) -> Vec<u8> {
    let mut word = b"'".to_vec();
    for byte in value {
        match byte {
            b'\'' => word.extend(b"'\\''"),
            other => word.push(*other),
        }
    }
    word.push(b'\'');
    word
}

fn quote_fish(value: &[u8]) -> Vec<u8> {
    let mut word = b"'".to_vec();
    for chunk in value.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\\' | '\'' => word.extend([b'\\', character as u8]),
                control if control.is_ascii_control() => escape_outside(&mut word, "\\x", control as u8),
                // fish keeps private characters for its own bookkeeping: give it their bytes.
                private if is_special_to_fish(private) => {
                    for byte in private.encode_utf8(&mut [0; 4]).bytes() {
                        escape_outside(&mut word, "\\X", byte);
                    }
                }
                plain => word.extend(plain.encode_utf8(&mut [0; 4]).bytes()),
            }
        }
        for byte in chunk.invalid() {
            escape_outside(&mut word, "\\X", *byte);
        }
    }
    word.push(b'\'');
    word
}

/// Closes the quotes for one escaped byte and opens them again.
fn escape_outside(word: &mut Vec<u8>, escape: &str, byte: u8) {
    word.extend(format!("'{escape}{byte:02x}'").bytes());
}

/// Noncharacters and the private-use ranges in which fish encodes raw bytes and wildcards.
fn is_special_to_fish(character: char) -> bool {
    matches!(character, '\u{E000}'..='\u{F8FF}' | '\u{FDD0}'..='\u{FDEF}' | '\u{FFFE}' | '\u{FFFF}')
}

fn surround(open: &[u8], value: &[u8], close: &[u8]) -> Vec<u8> {
    [open, value, close].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(format: Format, value: &str) -> String {
        String::from_utf8(quote(format, value.as_bytes())).expect("text")
    }

    #[test]
    fn bash_and_zsh_get_plain_quotes_or_ascii_escapes() {
        for shell in [Shell::Bash, Shell::Zsh].map(Format::Shell) {
            assert_eq!(quoted(shell, ""), "''");
            assert_eq!(quoted(shell, "hf_$(id) `x` \"y\""), "'hf_$(id) `x` \"y\"'");
            assert_eq!(quoted(shell, "it's"), r"$'it\'s'");
            assert_eq!(quoted(shell, "a\nb\\"), r"$'a\012b\\'");
            assert_eq!(quoted(shell, "é!"), r"$'\303\251\041'");
        }
    }

    #[test]
    fn posix_shells_get_single_quotes() {
        assert_eq!(quoted(Format::Posix, "it's"), r"'it'\''s'");
    }

    #[test]
    fn fish_gets_two_escapes_and_bytes_outside() {
        let fish = Format::Shell(Shell::Fish);
        assert_eq!(quoted(fish, r"\'; touch x; #"), r"'\\\'; touch x; #'");
        assert_eq!(quoted(fish, "a\nb"), r"'a'\x0a'b'");
        assert_eq!(quote(fish, b"\xff"), br"''\Xff''");
    }
}
