//! Quoting for bash and zsh: bytes in, one word of their language out, which they read as those bytes.
//!
//! Proven by `tests/it/quoting.rs`, which pushes random values through the real shells. A word is ASCII,
//! whatever the shell, because in other locales than UTF-8 a byte of a character may be a `\`, or take
//! one that follows with it. Here it is `'…'` where nothing inside needs care, else `$'…'` with octal
//! escapes. A raw line break inside `'…'` fails under zsh's `csh_junkie_quotes`, and a raw `'` is written
//! as an escape so that zsh's `rc_quotes` has nothing to say.

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

/// One word of any POSIX shell: `'…'` with `'\''`, the only quoting that all have.
pub(crate) fn posix_quoted(value: &[u8]) -> Vec<u8> {
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

/// An escape that `printf` knows too.
pub(crate) fn octal(byte: u8) -> [u8; 4] {
    [b'\\', b'0' + (byte >> 6), b'0' + (byte >> 3 & 7), b'0' + (byte & 7)]
}

#[cfg(test)]
mod tests {
    #[test]
    fn bash_and_zsh_get_plain_quotes_or_ascii_escapes() {
        for (value, word) in [
            ("", "''"),
            ("hf_$(id) `x` \"y\"", "'hf_$(id) `x` \"y\"'"),
            ("it's", r"$'it\'s'"),
            ("a\nb\\", r"$'a\012b\\'"),
            ("é!", r"$'\303\251\041'"),
        ] {
            assert_eq!(String::from_utf8(super::ansi_c(value.as_bytes())).expect("text"), word);
        }
    }
}
