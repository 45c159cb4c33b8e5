//! Reading: from text to names and values.

use crate::domain::Secret;

/// One assignment of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What stands before the `=`; not yet checked, and not fit to show: it may be part of a secret.
    pub name: String,
    /// The value, without quotes and escapes.
    pub value: Secret,
    /// The number of the line in which it begins.
    pub line: usize,
    /// Whether the value holds a `${` that other programs would substitute.
    pub has_reference: bool,
}

/// Why a file cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The number of the line.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
    /// What to do about it.
    pub hint: &'static str,
}

/// Reads all assignments in the order of the file.
///
/// # Errors
/// The first line that makes no sense.
pub fn read_dotenv(text: &str) -> Result<Vec<Entry>, Fault> {
    let mut reader = Reader { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1 };
    let mut entries = Vec::new();
    while !reader.rest.is_empty() {
        entries.extend(reader.statement()?);
    }
    Ok(entries)
}

/// What is still to be read.
struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Reader<'a> {
    /// Reads one line, or as many as a quoted value takes; `None` if it says nothing.
    fn statement(&mut self) -> Result<Option<Entry>, Fault> {
        self.skip_blanks();
        let line = self.line;
        let head = self.rest_of_line();
        if head.is_empty() || head.starts_with('#') {
            self.end_line();
            return Ok(None);
        }
        let Some((before, _)) = head.split_once('=') else {
            return Err(Fault {
                line,
                what: "there is no = in it",
                hint: "write NAME=value, a # before a comment, and quotes around a value of several lines",
            });
        };
        self.rest = &self.rest[before.len() + 1..];
        let name = without_export(before.trim_end_matches(is_blank)).to_owned();
        let (value, has_reference) = self.value()?;
        self.end_line();
        Ok(Some(Entry { name, value: Secret::new(value), line, has_reference }))
    }

    fn value(&mut self) -> Result<(String, bool), Fault> {
        let head = self.rest_of_line();
        let text = head.trim_start_matches(is_blank);
        if let Some(quote @ ('\'' | '"')) = text.chars().next() {
            self.skip_blanks();
            return self.quoted(quote);
        }
        let value = without_comment(head).trim_matches(is_blank);
        self.rest = &self.rest[head.len()..];
        Ok((value.to_owned(), value.contains("${")))
    }

    /// Reads from an opening quote to the end of the closing quote's line.
    fn quoted(&mut self, quote: char) -> Result<(String, bool), Fault> {
        let has_escapes = quote == '"';
        let inside = &self.rest[1..];
        let Some(end) = closing_quote(inside, quote, has_escapes) else {
            return Err(Fault {
                line: self.line,
                what: "the quote that opens here is never closed",
                hint: "close it, or put the value into quotes of the other kind",
            });
        };
        let inside = &inside[..end];
        self.line += line_breaks(inside);
        self.rest = &self.rest[end + 2..];
        self.skip_blanks();
        let after = self.rest_of_line();
        if !(after.is_empty() || after.starts_with('#')) {
            return Err(Fault {
                line: self.line,
                what: "there is text after the closing quote",
                hint: "put the whole value into quotes, or a # before a comment; \"…\" may hold \\\"",
            });
        }
        self.rest = &self.rest[after.len()..];
        Ok(unquote(inside, has_escapes))
    }

    fn rest_of_line(&self) -> &'a str {
        self.rest.split(['\n', '\r']).next().unwrap_or_default()
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches(is_blank);
    }

    /// Skips to the start of the next line.
    fn end_line(&mut self) {
        let after = &self.rest[self.rest_of_line().len()..];
        self.rest = ["\r\n", "\n", "\r"].iter().find_map(|end| after.strip_prefix(end)).unwrap_or(after);
        self.line += 1;
    }
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

/// The name without an `export` before it; a variable may be called that too.
fn without_export(text: &str) -> &str {
    match text.strip_prefix("export") {
        Some(name) if name.starts_with(is_blank) => name.trim_start_matches(is_blank),
        _ => text,
    }
}

/// What comes before a `#` with white space before it.
fn without_comment(text: &str) -> &str {
    let mut previous = None;
    for (index, character) in text.char_indices() {
        if character == '#' && previous.is_some_and(is_blank) {
            return &text[..index];
        }
        previous = Some(character);
    }
    text
}

fn closing_quote(text: &str, quote: char, has_escapes: bool) -> Option<usize> {
    let mut is_escaped = false;
    for (index, character) in text.char_indices() {
        if is_escaped {
            is_escaped = false;
        } else if character == quote {
            return Some(index);
        } else {
            is_escaped = has_escapes && character == '\\';
        }
    }
    None
}

fn line_breaks(text: &str) -> usize {
    text.matches('\n').count() + text.matches('\r').count() - text.matches("\r\n").count()
}

/// What stood between quotes, and whether it holds a `${` that is not escaped.
fn unquote(text: &str, has_escapes: bool) -> (String, bool) {
    // All room at once: growing would leave copies of a secret behind.
    let mut value = String::with_capacity(text.len());
    let mut has_reference = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let next = characters.peek().copied();
        match (character, next) {
            // Its line feed follows.
            ('\r', Some('\n')) => {}
            ('\r', _) => value.push('\n'),
            ('\\', Some(next)) if has_escapes => match escaped(next) {
                Some(meant) => {
                    value.push(meant);
                    characters.next();
                }
                None => value.push('\\'),
            },
            (other, _) => {
                has_reference |= has_escapes && other == '$' && next == Some('{');
                value.push(other);
            }
        }
    }
    (value, has_reference)
}

/// What a backslash and this character mean together, if anything.
fn escaped(character: char) -> Option<char> {
    match character {
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        '\\' | '"' | '\'' | '`' | '$' => Some(character),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let entries = read_dotenv(text).expect(text);
        entries.into_iter().map(|entry| (entry.name, entry.value.expose().to_owned())).collect()
    }

    #[test]
    fn each_form_of_a_value_is_read() {
        for (line, name, value) in [
            ("A=1", "A", "1"),
            ("  A \t=  two words \t", "A", "two words"),
            ("export A=1", "A", "1"),
            ("export \tA = 1", "A", "1"),
            ("export=1", "export", "1"),
            ("exported=1", "exported", "1"),
            ("A=", "A", ""),
            ("A= # comment", "A", ""),
            ("A=#value", "A", "#value"),
            ("A=pass#word # comment", "A", "pass#word"),
            ("A=x\t#comment", "A", "x"),
            (r"A=C:\new\'x'", "A", r"C:\new\'x'"),
            ("A=a\"b\"", "A", "a\"b\""),
            ("A=b=c==", "A", "b=c=="),
            ("A=`x`", "A", "`x`"),
            ("A=$HOME${HOME}$(id)", "A", "$HOME${HOME}$(id)"),
            ("A='$HOME \\n \"x\" # y' # comment", "A", "$HOME \\n \"x\" # y"),
            (r#"A="\n\r\t\\\"\'\`\$" #"#, "A", "\n\r\t\\\"'`$"),
            (r#"A="C:\Users\é\\""#, "A", r"C:\Users\é\"),
            (r#"A="$HOME \${X}""#, "A", "$HOME ${X}"),
            ("A=''", "A", ""),
            ("A=\"\"# comment", "A", ""),
            ("a.b-c=1", "a.b-c", "1"),
            ("A;touch x=1", "A;touch x", "1"),
            ("=1", "", "1"),
            ("A='a\nb\r\nc\rd'", "A", "a\nb\nc\nd"),
            ("A=\"a\\\nb\\\r\nc\"", "A", "a\\\nb\\\nc"),
        ] {
            let expected = [(name.to_owned(), value.to_owned())];
            assert_eq!(pairs(line), expected, "{line}");
            assert_eq!(pairs(&format!("\u{feff}\n# A=0\n{line}\r\n\t\n")), expected, "{line}");
        }
    }

    #[test]
    fn lines_end_in_every_way_and_are_counted() {
        let entries = read_dotenv("A=1\r\nB=2\rC='3\r\n4\n5'\n\nD=6\nE=7").expect("a file");
        let lines: Vec<_> = entries.iter().map(|entry| (entry.name.as_str(), entry.line)).collect();
        assert_eq!(lines, [("A", 1), ("B", 2), ("C", 3), ("D", 7), ("E", 8)]);
    }

    #[test]
    fn what_makes_no_sense_is_told_by_its_line_alone() {
        for (text, line, what) in [
            ("A=1\nhidden\n", 2, "no ="),
            ("export hidden", 1, "no ="),
            ("A=1\r\nB='hidden\nx\n", 2, "never closed"),
            ("A=\"hidden\\\"\n", 1, "never closed"),
            ("A='1\n2'\nB='it\\'s hidden'\n", 3, "after the closing quote"),
            ("A='1\n2' hidden", 2, "after the closing quote"),
        ] {
            let fault = read_dotenv(text).expect_err(text);
            assert!(fault.line == line && fault.what.contains(what), "{text}: {fault:?}");
            assert!(!format!("{fault:?}").contains("hidden"));
        }
    }

    #[test]
    fn what_other_programs_would_substitute_is_noticed() {
        for (text, noticed) in [
            ("A=x${B}", true),
            ("A=\"x${B}\"", true),
            ("A='x${B}'", false),
            ("A=\"x\\${B}\"", false),
            ("A=\"x\\\\${B}\"", true),
            ("A=pa$$word", false),
        ] {
            assert_eq!(read_dotenv(text).expect(text)[0].has_reference, noticed, "{text}");
        }
    }
}
