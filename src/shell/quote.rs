//! Quoting: bytes in, one word of a shell's own language out, that the shell reads as those bytes.
//!
//! Proven by `tests/quoting.rs`, which pushes random values through the real shells. A word is ASCII,
//! because in other locales than UTF-8 a byte of a character may be a `\`, or take one that follows with
//! it. The rules:
//!
//! - bash and zsh: `'…'` where nothing inside needs care, else `$'…'` with octal escapes. A raw line break
//!   inside `'…'` fails under zsh's `csh_junkie_quotes`, and a raw `'` is written as an escape so that
//!   zsh's `rc_quotes` has nothing to say.
//! - POSIX: `'…'` with `'\''`, the only quoting that dash has; for anything but ASCII `printf` makes the
//!   value.
//! - fish: `'…'`, where exactly `\` and `'` need a backslash; control characters stand outside the
//!   quotes as `\xHH`, bytes over 127 as `\XHH`.

use super::Format;

/// `value` as one word for `format`'s shell ([`Format::Json`] and [`Format::Dotenv`] quote as POSIX).
pub fn quote(format: Format, value: &[u8]) -> Vec<u8> {
    match format {
        Format::Shell(shell) => shell.dialect().quote(value),
        Format::Posix | Format::Json | Format::Dotenv => posix(value),
    }
}

/// For bash and zsh.
pub(super) fn ansi_c(value: &[u8]) -> Vec<u8> {
    let plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'\'' | b'\\' | b'!');
    if value.iter().all(plain) {
        return [b"'", value, b"'"].concat();
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

fn posix(value: &[u8]) -> Vec<u8> {
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

/// A line that sets and exports a variable in any POSIX shell.
pub(super) fn posix_assignment(name: &str, value: &[u8]) -> Vec<u8> {
    if value.is_ascii() {
        return [b"export ", name.as_bytes(), b"=", &posix(value), b"\n"].concat();
    }
    // A substitution drops the line breaks at its end. Nothing is cut off its value afterwards: bash swaps
    // bytes then that are no characters of the locale.
    let end = value.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 1);
    let (text, line_breaks) = value.split_at(end);
    let mut line = format!("{name}=$(printf '").into_bytes();
    for byte in text {
        match byte {
            b'%' => line.extend(b"%%"),
            b' '..=b'~' if !matches!(byte, b'\'' | b'\\' | b'-') => line.push(*byte),
            other => line.extend(octal(*other)),
        }
    }
    line.extend(b"')");
    if !line_breaks.is_empty() {
        line.extend(posix(line_breaks));
    }
    line.extend(format!("; export {name}\n").bytes());
    line
}

pub(super) fn fish(value: &[u8]) -> Vec<u8> {
    let mut word = b"'".to_vec();
    let mut quoted = true;
    for byte in value {
        let escape = match byte {
            b' '..=b'~' => None,
            0..=127 => Some(format!("\\x{byte:02x}")),
            128.. => Some(format!("\\X{byte:02x}")),
        };
        if quoted == escape.is_some() {
            word.push(b'\'');
            quoted = !quoted;
        }
        match escape {
            Some(escape) => word.extend(escape.bytes()),
            None if matches!(byte, b'\\' | b'\'') => word.extend([b'\\', *byte]),
            None => word.push(*byte),
        }
    }
    if quoted {
        word.push(b'\'');
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::Shell;

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
        assert_eq!(quoted(fish, "é's"), r"''\Xc3\Xa9'\'s'");
        assert_eq!(quote(fish, b"\xff"), br"''\Xff");
    }
}
