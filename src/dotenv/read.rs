//! Reading: from text to names and values.

use crate::domain::Secret;

/// One statement of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name; not yet checked, and not fit to show: it may be part of a secret.
    pub name: String,
    /// The value, without quotes and escapes; `None` for a name without `=`.
    pub value: Option<Secret>,
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
        let is_exported = self.skip_export();
        let head = self.rest_of_line();
        if head.starts_with('#') || (head.is_empty() && !is_exported) {
            self.end_line();
            return Ok(None);
        }
        let name = self.name()?;
        self.skip_blanks();
        let value = match self.rest.strip_prefix('=') {
            Some(rest) => {
                self.rest = rest;
                Some(self.value()?)
            }
            None if self.is_at_end() => None,
            None => {
                return Err(self.fault(
                    "no = in it",
                    "write NAME=value, a # before a comment, and quotes around a value of several lines",
                ));
            }
        };
        self.end_line();
        let has_reference = value.as_ref().is_some_and(|(_, has_reference)| *has_reference);
        Ok(Some(Entry { name, value: value.map(|(text, _)| Secret::new(text)), line, has_reference }))
    }

    /// Skips an `export` before a name, if there is one; a variable may be called that too.
    fn skip_export(&mut self) -> bool {
        let Some(rest) = self.rest.strip_prefix("export").filter(|rest| rest.starts_with(is_blank)) else {
            return false;
        };
        self.rest = rest.trim_start_matches(is_blank);
        true
    }

    /// Reads a name in `'…'` or bare.
    fn name(&mut self) -> Result<String, Fault> {
        let quoted = self.rest.strip_prefix('\'');
        let (text, ends) = match quoted {
            Some(text) => (text, text.find('\'')),
            None => {
                (self.rest, self.rest.find(|c: char| is_blank(c) || matches!(c, '=' | '#' | '\n' | '\r')))
            }
        };
        let name = &text[..ends.unwrap_or(text.len())];
        if name.is_empty() || (quoted.is_some() && ends.is_none()) {
            return Err(self.fault("no name before the =", "write NAME=value, and a # before a comment"));
        }
        self.line += line_breaks(name);
        self.rest = &text[name.len() + usize::from(quoted.is_some())..];
        Ok(name.replace("\r\n", "\n").replace('\r', "\n"))
    }

    /// Reads what comes after the `=`, and whether it holds a reference.
    fn value(&mut self) -> Result<(String, bool), Fault> {
        let head = self.rest_of_line();
        let text = head.trim_start_matches(is_blank);
        if let Some(quote @ ('\'' | '"')) = text.chars().next() {
            self.skip_blanks();
            return self.quoted(quote);
        }
        self.rest = &self.rest[head.len()..];
        let value = without_comment(head).trim_matches(is_blank);
        Ok((value.to_owned(), value.contains("${")))
    }

    /// Reads from an opening quote to the end of the last closing quote's line.
    fn quoted(&mut self, quote: char) -> Result<(String, bool), Fault> {
        let Some(end) = closing_quote(&self.rest[1..], quote) else {
            return Err(self.fault(
                "the quote that opens here is never closed",
                "close it, or use the other kind of quotes; write \\ before one inside",
            ));
        };
        let (inside, after) = (&self.rest[1..=end], Reader { rest: &self.rest[end + 2..], line: 0 });
        if after.is_at_end() {
            self.line += line_breaks(inside);
            self.rest = after.rest;
            return Ok((unquote(inside, quote), quote == '"' && inside.contains("${")));
        }
        let word = self.shell_word();
        word.map(|value| (value, false)).ok_or_else(|| {
            self.line += line_breaks(inside);
            self.fault(
                "there is text after the closing quote",
                "put the whole value into quotes, or a # before a comment; write \\ before a quote inside",
            )
        })
    }

    /// Reads the quoted pieces of which a shell makes one word: `'…'`, `\'`, and `"…"` without
    /// anything that it could substitute.
    fn shell_word(&mut self) -> Option<String> {
        let (mut pieces, mut rest) = (Vec::new(), self.rest);
        while let Some((text, after)) = piece(rest) {
            pieces.push(text);
            rest = after;
        }
        let after = Reader { rest, line: 0 };
        if !after.is_at_end() || rest.starts_with('#') {
            return None;
        }
        self.line += line_breaks(&self.rest[..self.rest.len() - rest.len()]);
        self.rest = rest;
        Some(pieces.concat())
    }

    fn fault(&self, what: &'static str, hint: &'static str) -> Fault {
        Fault { line: self.line, what, hint }
    }

    fn rest_of_line(&self) -> &'a str {
        self.rest.split(['\n', '\r']).next().unwrap_or_default()
    }

    /// Whether nothing but a comment follows in this line.
    fn is_at_end(&self) -> bool {
        let rest = self.rest_of_line().trim_start_matches(is_blank);
        rest.is_empty() || rest.starts_with('#')
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

/// What Python takes for white space, but line breaks.
pub(super) fn is_blank(character: char) -> bool {
    (character.is_whitespace() || matches!(character, '\u{1c}'..='\u{1f}'))
        && !matches!(character, '\n' | '\r')
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

/// Where the next `quote` is that no backslash escapes.
fn closing_quote(text: &str, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    for (index, character) in text.char_indices() {
        if is_escaped {
            is_escaped = false;
        } else if character == quote {
            return Some(index);
        } else {
            is_escaped = character == '\\';
        }
    }
    None
}

/// The next piece of a shell's word, and what comes after it.
fn piece(rest: &str) -> Option<(&str, &str)> {
    if let Some(after) = rest.strip_prefix("\\'") {
        return Some(("'", after));
    }
    let quote = rest.chars().next().filter(|first| matches!(first, '\'' | '"'))?;
    let (text, after) = rest[1..].split_once(quote)?;
    let is_plain = quote == '\'' || !text.contains(['\\', '$', '`']);
    is_plain.then_some((text, after))
}

fn line_breaks(text: &str) -> usize {
    text.matches('\n').count() + text.matches('\r').count() - text.matches("\r\n").count()
}

/// What stood between quotes.
fn unquote(text: &str, quote: char) -> String {
    // All room at once: growing would leave copies of a secret behind.
    let mut value = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let next = characters.peek().copied();
        match (character, next) {
            // Its line feed follows.
            ('\r', Some('\n')) => {}
            ('\r', _) => value.push('\n'),
            ('\\', Some(next)) => match escaped(next, quote) {
                Some(meant) => {
                    value.push(meant);
                    characters.next();
                }
                None => value.push('\\'),
            },
            (other, _) => value.push(other),
        }
    }
    value
}

/// What a backslash and this character mean together between such quotes, if anything.
fn escaped(character: char, quote: char) -> Option<char> {
    match character {
        '\\' | '\'' => Some(character),
        _ if quote == '\'' => None,
        '"' => Some('"'),
        'a' => Some('\u{7}'),
        'b' => Some('\u{8}'),
        'f' => Some('\u{c}'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'v' => Some('\u{b}'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let entries = read_dotenv(text).expect(text);
        let value = |entry: &Entry| entry.value.as_ref().map_or("(none)", Secret::expose).to_owned();
        entries.iter().map(|entry| (entry.name.clone(), value(entry))).collect()
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
            (r"A='p\' #1'", "A", "p' #1"),
            (r"A='C:\\dir'#x", "A", r"C:\dir"),
            (r"A='\a\\'", "A", r"\a\"),
            (r#"A="\a\b\f\n\r\t\v\\\"\'\`\$" #"#, "A", "\u{7}\u{8}\u{c}\n\r\t\u{b}\\\"'\\`\\$"),
            (r#"A="C:\Users\é\\""#, "A", r"C:\Users\é\"),
            (r#"A="$HOME \${X}""#, "A", r"$HOME \${X}"),
            ("A=''", "A", ""),
            ("A=\"\"# comment", "A", ""),
            ("A=\u{a0}b\u{a0}c\u{a0}", "A", "b\u{a0}c"),
            ("a.b-c=1", "a.b-c", "1"),
            ("export 'A'='b'", "A", "b"),
            ("'A B' = c", "A B", "c"),
            ("ugly[%$=x", "ugly[%$", "x"),
            ("A", "A", "(none)"),
            ("export A # comment", "A", "(none)"),
            ("A#b=1", "A", "(none)"),
            ("A='a\nb\r\nc\rd'", "A", "a\nb\nc\nd"),
            ("A=\"a\\\nb\\\r\nc\"", "A", "a\\\nb\\\nc"),
            (r"A='it'\''s $5' # comment", "A", "it's $5"),
            ("export 'A'=\"\"'x\\\\\r\n'\"\"'y\\'", "A", "x\\\\\r\ny\\"),
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
            ("A=1\nhid den\n", 2, "no ="),
            ("hidden: 1", 1, "no ="),
            ("'A'hidden=1", 1, "no ="),
            ("=hidden", 1, "no name"),
            ("export =hidden", 1, "no name"),
            ("'hidden=1", 1, "no name"),
            ("A=1\r\nB='hidden\nx\n", 2, "never closed"),
            ("A=\"hidden\\\"\n", 1, "never closed"),
            ("A='1\n2'\nB='it's hidden'\n", 3, "after the closing quote"),
            ("A='x\\'", 1, "never closed"),
            ("A=''hidden", 1, "after the closing quote"),
            ("A='it'\\''s'#hidden", 1, "after the closing quote"),
            ("A='it'\"$hidden\"", 1, "after the closing quote"),
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
            ("A=\"x\\${B}\"", true),
            ("A", false),
            ("A=pa$$word", false),
        ] {
            assert_eq!(read_dotenv(text).expect(text)[0].has_reference, noticed, "{text}");
        }
    }
}
