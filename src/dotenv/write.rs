//! Writing: bare where that is safe, in `'…'` where nothing inside needs an escape, else in `"…"`.

/// `value` as the right-hand side of a dotenv line.
pub fn dotenv_value(value: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "_-.:/+=@%,".contains(c);
    if !value.is_empty() && value.chars().all(bare) {
        return value.to_owned();
    }
    // A `$` is safest here: not every program knows `\$`.
    if !value.contains(['\'', '\\', '\n', '\r']) {
        return format!("'{value}'");
    }
    let mut quoted = String::from('"');
    for character in value.chars() {
        match character {
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '"' | '\\' | '$' => quoted.extend(['\\', character]),
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simplest_safe_form_is_taken() {
        for (value, expected) in [
            ("hf_abc", "hf_abc"),
            ("", "''"),
            ("two words # no comment", "'two words # no comment'"),
            ("pa$$word${X}", "'pa$$word${X}'"),
            ("it's", r#""it's""#),
            ("a\nb$c\"\\", r#""a\nb\$c\"\\""#),
        ] {
            assert_eq!(dotenv_value(value), expected);
        }
    }
}
