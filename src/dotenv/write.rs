//! Writing: lines that a POSIX shell reads too, to the byte, and that run nothing there.
//!
//! A value goes into `'…'` or `"…"` where shells, python-dotenv (interpolation on or off), Node's
//! dotenv and [`super::read_dotenv`] take that for the same text. Where they would not agree, the line
//! is one that the other two reject as a whole: the quoted name is none to Node's dotenv, and text
//! behind a closing quote an error to python-dotenv. A wrong value would go unnoticed, a missing one
//! does not.

use super::read::is_blank;

/// `name` with `value` as a line of a dotenv file.
pub fn dotenv_line(name: &str, value: &str) -> String {
    match common_quote(value) {
        Some(quote) => format!("{name}={quote}{value}{quote}\n"),
        None => format!("export '{name}'={}\n", shell_word(value)),
    }
}

/// Whether only shells and [`super::read_dotenv`] can read what [`dotenv_line`] writes for `value`.
pub fn is_for_shells_only(value: &str) -> bool {
    common_quote(value).is_none()
}

/// The quotes between which every reader takes `value` as it stands.
fn common_quote(value: &str) -> Option<char> {
    // The others read each line break as LF.
    if value.contains('\r') || is_substituted(value) {
        return None;
    }
    let plain_in = |quote: char| {
        let next = value.chars().skip(1).map(Some).chain([None]);
        value.chars().zip(next).all(|(character, next)| match character {
            '\'' | '"' if character == quote => false,
            // bash loses the last two after a backslash, each version in another way.
            '`' | '\x01' | '\x7f' => quote == '\'',
            // Not even POSIX gives a meaning to a `$` before these.
            '$' => quote == '\'' || matches!(next, None | Some(' ')),
            '\\' if quote == '\'' => next.is_some_and(|next| next != '\\'),
            // What is an escape to a shell, to python-dotenv, or to Node's dotenv.
            '\\' => next.is_some_and(|next| !"\\'\"$`abfnrtv\n".contains(next)),
            _ => true,
        })
    };
    ['\'', '"'].into_iter().find(|quote| plain_in(*quote))
}

/// Whether python-dotenv substitutes something of `value`, which it does in any quotes: `${NAME}` or
/// `${NAME:-DEFAULT}`.
fn is_substituted(value: &str) -> bool {
    value.match_indices("${").any(|(at, open)| {
        let name = &value[at + open.len()..];
        let end = name.find(['}', ':']).map_or("", |end| &name[end..]);
        end.starts_with('}') || (end.starts_with(":-") && end.contains('}'))
    })
}

/// `value` as a word of a POSIX shell, in two segments at least, and so that no line of it looks like
/// an assignment to a reader that goes on behind the first.
fn shell_word(value: &str) -> String {
    // All room at once: growing would leave copies of a secret behind.
    let mut word = String::with_capacity(6 * value.len() + 4);
    // A first segment that python-dotenv would take for the whole value, or for one with an escape.
    if value.split_once('\'').is_none_or(|(first, _)| first.ends_with('\\')) {
        word.push_str("\"\"");
    }
    word.push('\'');
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\'' => word.push_str("'\\''"),
            // JavaScript has more line breaks than others. What follows one is in quotes as a name would
            // be, with no `=` behind it: nobody takes that for an assignment. (An empty `''` would be an
            // apostrophe under zsh's rc_quotes.)
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => {
                word.extend([character, '\'', '"']);
                while let Some(next) = characters.next_if(|next| *next == '=' || is_blank(*next)) {
                    word.push(next);
                }
                word.push_str("\"'");
            }
            plain => word.push(plain),
        }
    }
    word.push('\'');
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_that_all_readers_know_is_taken() {
        for (value, line) in [
            ("hf_abc", "A='hf_abc'\n"),
            ("", "A=''\n"),
            ("two words # no comment", "A='two words # no comment'\n"),
            ("pa$$word `x` \"y\"\n\\z", "A='pa$$word `x` \"y\"\n\\z'\n"),
            ("it's", "A=\"it's\"\n"),
            ("${X:Y} $Z ${", "A='${X:Y} $Z ${'\n"),
            ("it's\n5 $ \\. 6$", "A=\"it's\n5 $ \\. 6$\"\n"),
        ] {
            assert_eq!(dotenv_line("A", value), line);
            assert!(!is_for_shells_only(value), "{value}");
        }
    }

    #[test]
    fn what_some_would_misread_only_shells_read() {
        for (value, line) in [
            ("it's $5", "export 'A'='it'\\''s $5'\n"),
            ("a\\'`x`", "export 'A'=\"\"'a\\'\\''`x`'\n"),
            ("C:\\\\x", "export 'A'=\"\"'C:\\\\x'\n"),
            ("x\\", "export 'A'=\"\"'x\\'\n"),
            ("${X}", "export 'A'=\"\"'${X}'\n"),
            ("${X:-}", "export 'A'=\"\"'${X:-}'\n"),
            ("\"it's\nB=1", "export 'A'='\"it'\\''s\n'\"\"'B=1'\n"),
            ("$`'\n =\"x", "export 'A'='$`'\\''\n'\" =\"'\"x'\n"),
            ("a\r", "export 'A'=\"\"'a\r'\"\"''\n"),
        ] {
            assert_eq!(dotenv_line("A", value), line);
            assert!(is_for_shells_only(value), "{value}");
        }
    }
}
