//! TOML that a user writes: how it is read, and how a fault in it is told.

use std::ops::Range;
use std::path::Path;

use toml_edit::{Document, Item, Key, TableLike};

use super::{Failure, NotText, Result, decode, place, printable_capped};

/// What is wrong with a text, and at which byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TomlFault {
    at: usize,
    /// Without what the text sets.
    pub what: String,
    hint: String,
}

impl TomlFault {
    /// `what` is wrong where `span` begins.
    pub fn new(span: Option<Range<usize>>, what: impl Into<String>) -> Self {
        Self { at: span.map_or(0, |span| span.start), what: what.into(), hint: "fix it".to_owned() }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    /// What to say of it as a part of `text`, which is at `path`.
    pub fn failure(self, path: &Path, text: &str) -> Failure {
        let (line, column) = place(text, self.at);
        Failure::failed(format!("{}:{line}:{column}: {}", path.display(), self.what)).hint(self.hint)
    }
}

/// The text of the file at `path`.
///
/// # Errors
/// It is none.
pub fn toml_text<'b>(path: &Path, bytes: &'b [u8]) -> Result<&'b str> {
    decode(bytes).map_err(|fault| {
        let (line, what) = match fault {
            NotText::Utf16 => (1, "UTF-16 text"),
            NotText::Other(line) => (line, "not UTF-8"),
        };
        Failure::failed(format!("{}:{line}:1: it is {what}", path.display())).hint("save it as UTF-8")
    })
}

/// The document that `text` is; how deep it can nest is limited.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn parse_toml(text: &str) -> std::result::Result<Document<&str>, TomlFault> {
    Document::parse(text).map_err(|error| {
        let end = text.len()..text.len();
        TomlFault::new(error.span().or(Some(end)), printable_capped(error.message(), 200))
    })
}

/// A table's keys and items, with the places that they have.
pub fn toml_entries(table: &dyn TableLike) -> impl Iterator<Item = (&Key, &Item)> {
    table.iter().filter_map(|(name, _)| table.get_key_value(name))
}

/// The key of `known` that `typed` may be with a slip, or with a few in a longer one.
pub fn nearest_key<'k>(typed: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let typed = typed.to_lowercase();
    let near = known.into_iter().map(|known| (strsim::osa_distance(known, &typed), known));
    near.filter(|(distance, known)| *distance <= 3.min(known.len() / 3)).min().map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_has_its_line() {
        let utf16: Vec<u8> = "only".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (bytes, said) in
            [(&b"a = 1\n\xff"[..], "f:2:1: it is not UTF-8"), (&utf16, "f:1:1: it is UTF-16 text")]
        {
            assert_eq!(toml_text(Path::new("f"), bytes).expect_err("no text").message(), said);
        }
    }

    #[test]
    fn no_nesting_takes_the_stack() {
        for (open, close) in [("[", "]"), ("{a=", "}"), ("[{a=", "}]")] {
            for close in ["", close] {
                parse_toml(&format!("a = {}{}", open.repeat(10_000), close.repeat(10_000)))
                    .expect_err("deep");
            }
        }
        let path = "a.".repeat(10_000);
        for text in [
            format!("{path}a = 1"),
            format!("[{path}a]"),
            format!("[[{path}a]]"),
            format!("a = {{{path}a = 1}}"),
        ] {
            let fault = parse_toml(&text).expect_err("deep");
            assert!(fault.what.contains("recursion limit"), "{fault:?}");
        }
    }
}
