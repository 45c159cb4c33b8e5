//! Running a command elsewhere with variables that arrive on its stdin, before it reads there.
//!
//! A shell there says that it listens, and only then is a header sent: whatever else a login runs (a forced
//! command, tmux, a question in a start-up file) gets nothing. The header is two lines: a word that ends
//! what was typed ahead, and the code to run. A line that was cut off is never run.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use zeroize::Zeroizing;

use super::{Token, in_sh};
use crate::domain::{EnvName, Secret};
use crate::shell::posix_quoted;

/// Says that it listens (on stderr, where there is no terminal: stdout is the command's alone), and runs the
/// code that comes.
pub(crate) fn run_script(token: &Token, terminal: bool) -> String {
    let Token(token) = token;
    // Raw, because a line of a terminal is short, and echoed.
    let (raw, out, cooked) = if terminal {
        ("_ves=$(stty -g) && stty raw -echo || exit 97; ", "", "stty $_ves; ")
    } else {
        ("", " >&2", "")
    };
    in_sh(&format!(
        "set +x; {raw}_veh=; echo {token}\"\"-ready{out}; \
         until case $_veh in *{token}-go) ;; *) false; esac; do IFS= read -r _veh || exit 98; done; \
         IFS= read -r _veh || exit 98; {cooked}eval \"$_veh\""
    ))
}

/// What the shell there says when it listens, without the line's end.
pub(crate) fn greeting(token: &Token) -> Vec<u8> {
    format!("{}-ready", token.0).into_bytes()
}

/// What is sent then: the variables and the command, or a login shell. With `keep`, variables that are set
/// there stay.
pub(crate) fn header<'a>(
    token: &Token,
    variables: impl IntoIterator<Item = (&'a EnvName, &'a Secret)>,
    keep: bool,
    command: &[OsString],
) -> Zeroizing<Vec<u8>> {
    let Token(token) = token;
    let mut header = Zeroizing::new(Vec::new());
    // A blank, because ssh takes a `~` that was typed before for an escape, and most letters after it.
    header.extend(format!(" {token}-go\n").bytes());
    let short = token.get(..8).unwrap_or(token);
    let words = Words { line_feed: format!("_v{short}n"), carriage_return: format!("_v{short}r") };
    let Words { line_feed, carriage_return } = &words;
    header.extend(
        format!(
            "unset _veh _ves; {line_feed}=$(printf '\\012.'); {line_feed}=${{{line_feed}%.}}; \
             {carriage_return}=$(printf '\\015'); "
        )
        .bytes(),
    );
    for (name, value) in variables {
        let assignment = |header: &mut Vec<u8>| {
            header.extend(format!("export {name}=").bytes());
            words.write(header, value.expose().as_bytes());
        };
        if keep {
            header.extend(format!("case ${{{name}+x}} in '') ").bytes());
            assignment(&mut header);
            header.extend(b";; esac; ");
        } else {
            assignment(&mut header);
            header.extend(b"; ");
        }
    }
    header.extend(b"set --");
    for word in command {
        header.push(b' ');
        words.write(&mut header, word.as_bytes());
    }
    header.extend(format!("; unset {line_feed} {carriage_return}; ").bytes());
    header.extend(if command.is_empty() { LOGIN_SHELL } else { b"exec \"$@\"" });
    header.push(b'\n');
    header
}

/// Vast's start-up files for bash go into a tmux, whose server does not have the variables: not this time.
/// What keeps them from it is taken back at the first prompt.
const LOGIN_SHELL: &[u8] = b"case ${SHELL##*/} in bash) export TMUX=skip; \
    export PROMPT_COMMAND='case ${TMUX-} in skip) unset TMUX; export -n PROMPT_COMMAND; esac';; esac; \
    exec \"${SHELL:-/bin/sh}\" -l";

/// The variables of the header that stand for line breaks: after one, ssh takes `~.` for an escape.
struct Words {
    line_feed: String,
    carriage_return: String,
}

impl Words {
    /// Adds one word that a POSIX shell reads as `value`.
    fn write(&self, header: &mut Vec<u8>, value: &[u8]) {
        header.extend(b"''");
        for piece in value.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            let (text, variable) = match piece.split_last() {
                Some((b'\n', text)) => (text, Some(&self.line_feed)),
                Some((b'\r', text)) => (text, Some(&self.carriage_return)),
                _ => (piece, None),
            };
            if !text.is_empty() {
                header.extend(Zeroizing::new(posix_quoted(text)).iter());
            }
            if let Some(variable) = variable {
                header.extend(format!("\"${variable}\"").bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Token {
        Token("0123".to_owned())
    }

    fn sent(value: &str, keep: bool, command: &[&str]) -> String {
        let name = EnvName::parse("A").expect("a name");
        let value = Secret::new(value);
        let command: Vec<OsString> = command.iter().map(OsString::from).collect();
        let header = header(&token(), [(&name, &value)], keep, &command);
        String::from_utf8(header.to_vec()).expect("text")
    }

    #[test]
    fn a_header_is_two_lines_and_no_line_break_of_a_value_is_raw() {
        for value in ["a\n~.b", "\r~.", "\n\n", "it's $(id) `x` \"y\" \\", "", "é🦀"] {
            let header = sent(value, false, &["printf", "%s\n", value]);
            assert_eq!(header.matches('\n').count(), 2, "{header:?}");
            assert!(
                header.ends_with('\n') && !header.contains('\r') && !header.contains("\n~"),
                "{header:?}"
            );
        }
        assert!(
            sent("a\n~.b'", true, &[])
                .contains(r#"case ${A+x} in '') export A='''a'"$_v0123n"'~.b'\''';; esac; "#)
        );
    }

    #[test]
    fn an_echo_of_the_line_is_not_the_word_that_it_listens() {
        for terminal in [false, true] {
            let line = run_script(&token(), terminal);
            assert!(!line.contains("0123-ready"), "{line}");
            // Nothing that reads a whole line before the right one.
            assert!(line.contains("*0123-go"), "{line}");
        }
        assert_eq!(greeting(&token()), b"0123-ready");
    }
}
