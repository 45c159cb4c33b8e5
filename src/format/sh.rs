//! Code for any POSIX shell.

use super::{Format, Variables};
use crate::domain::Result;
use crate::shell::{octal, posix_quoted};

pub(super) struct Sh;

impl Format for Sh {
    fn name(&self) -> &'static str {
        "sh"
    }

    fn about(&self) -> &'static str {
        "assignments for any POSIX shell"
    }

    fn render(&self, variables: &Variables) -> Result<Vec<u8>> {
        let lines = variables.iter();
        Ok(lines
            .flat_map(|(name, value)| posix_assignment(name.as_str(), value.expose().as_bytes()))
            .collect())
    }
}

/// A line that sets and exports a variable in any POSIX shell: `'…'` with `'\''`, the only quoting that
/// dash has. Anything but ASCII is made by `printf`, for locales in which a byte of it may be a `\`.
pub fn posix_assignment(name: &str, value: &[u8]) -> Vec<u8> {
    if value.is_ascii() {
        return [b"export ", name.as_bytes(), b"=", &posix_quoted(value), b"\n"].concat();
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
        line.extend(posix_quoted(line_breaks));
    }
    line.extend(format!("; export {name}\n").bytes());
    line
}
