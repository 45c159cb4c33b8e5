//! Lists whose words come and go: the comments and line breaks around the others stay.

use toml_edit::{Array, RawString, Value};

/// A list in pieces: each word with what is before it and before its comma, and what is before the bracket.
struct Pieces {
    words: Vec<Piece>,
    tail: String,
}

struct Piece {
    before: String,
    word: Value,
    after: String,
}

/// Adds the words that the list lacks.
pub(super) fn add(list: &mut Array, words: &[String]) {
    change(list, |pieces| {
        for word in words {
            if !pieces.words.iter().any(|piece| piece.word.as_str() == Some(word)) {
                pieces.add(word);
            }
        }
    });
}

/// Removes the words, wherever they are.
pub(super) fn remove(list: &mut Array, words: &[String]) {
    let is_gone =
        |piece: &Piece| piece.word.as_str().is_some_and(|word| words.iter().any(|gone| gone == word));
    change(list, |pieces| {
        while let Some(at) = pieces.words.iter().position(is_gone) {
            pieces.remove(at);
        }
    });
}

fn change(list: &mut Array, change: impl FnOnce(&mut Pieces)) {
    let mut pieces = Pieces::of(list);
    change(&mut pieces);
    list.clear();
    for Piece { before, mut word, after } in pieces.words {
        word.decor_mut().set_prefix(before);
        word.decor_mut().set_suffix(after);
        list.push_formatted(word);
    }
    list.set_trailing(pieces.tail);
}

impl Pieces {
    fn of(list: &Array) -> Self {
        let text = |raw: Option<&RawString>| raw.and_then(RawString::as_str).unwrap_or_default().to_owned();
        let piece = |value: &Value| {
            let (before, after) = (text(value.decor().prefix()), text(value.decor().suffix()));
            Piece { before, word: value.clone(), after }
        };
        let mut words: Vec<Piece> = list.iter().map(piece).collect();
        let mut tail = text(Some(list.trailing()));
        if let Some(last) = words.last_mut().filter(|_| !list.trailing_comma()) {
            tail.insert_str(0, &std::mem::take(&mut last.after));
        }
        Self { words, tail }
    }

    /// Adds a word on a line of its own, if the bracket has one.
    fn add(&mut self, word: &str) {
        let before = match self.tail.rfind('\n') {
            Some(end) => {
                let bracket = self.tail.split_off(end);
                let indent = self.words.last().and_then(|last| last.before.rsplit_once('\n'));
                let indent = indent.map_or("  ", |(_, indent)| indent);
                format!("{}\n{indent}", std::mem::replace(&mut self.tail, bracket))
            }
            None if self.words.is_empty() => {
                self.tail.clear();
                String::new()
            }
            None => " ".to_owned(),
        };
        self.words.push(Piece { before, word: word.into(), after: String::new() });
    }

    /// Removes a word with the comment on its line; those above it stay.
    fn remove(&mut self, at: usize) {
        let gone = self.words.remove(at);
        let begins_line = at == 0 || gone.before.contains('\n');
        let is_last = at == self.words.len();
        let next = self.words.get_mut(at).map_or(&mut self.tail, |next| &mut next.before);
        match next.find('\n') {
            Some(end) if begins_line => {
                let above = gone.before.rsplit_once('\n').map_or("", |(above, _)| above);
                *next = format!("{above}{}", &next[end..]);
            }
            None if !is_last || gone.before.contains('#') => *next = gone.before,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: &str, change: fn(&mut Array, &[String]), words: &[&str], after: &str) {
        let mut document = format!("a = {before}\n").parse::<toml_edit::DocumentMut>().expect("TOML");
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        change(document["a"].as_array_mut().expect("a list"), &words);
        assert_eq!(document.to_string(), format!("a = {after}\n"), "{before} {words:?}");
        assert!(document.to_string().parse::<toml_edit::DocumentMut>().is_ok(), "{document}");
    }

    #[test]
    fn a_word_is_added_in_the_form_of_the_others() {
        for (before, after) in [
            ("[]", "[\"X\"]"),
            ("[ ]", "[\"X\"]"),
            ("[\"X\"]", "[\"X\"]"),
            ("[\"A\"]", "[\"A\", \"X\"]"),
            ("[\"A\",]", "[\"A\", \"X\",]"),
            ("[\n  \"A\",\n  \"B\"]", "[\n  \"A\",\n  \"B\", \"X\"]"),
            ("[\n    \"A\",\n    \"B\"\n]", "[\n    \"A\",\n    \"B\",\n    \"X\"\n]"),
            (
                "[\n\t\"A\", # a\n\n\t# of b\n\t\"B\", # b\n]",
                "[\n\t\"A\", # a\n\n\t# of b\n\t\"B\", # b\n\t\"X\",\n]",
            ),
            ("[\n  \"A\" # a\n  # end\n ]", "[\n  \"A\", # a\n  # end\n  \"X\"\n ]"),
            ("[ # none\n]", "[ # none\n  \"X\"\n]"),
        ] {
            check(before, add, &["X"], after);
        }
        check("[\n  \"A\"\n]", add, &["X", "A", "Y"], "[\n  \"A\",\n  \"X\",\n  \"Y\"\n]");
    }

    #[test]
    fn a_word_goes_with_the_comment_on_its_line() {
        for (before, after) in [
            ("[\"X\"]", "[]"),
            ("[\"X\", \"A\", \"X\"]", "[\"A\"]"),
            ("[\"A\", \"X\", \"B\"]", "[\"A\", \"B\"]"),
            ("[\"A\", \"X\",]", "[\"A\",]"),
            ("[\n  \"X\", # x\n]", "[\n]"),
            ("[\n  \"A\", # a\n  \"X\" # x\n]", "[\n  \"A\" # a\n]"),
            (
                "[ # why\n  # one\n  \"X\", # x\n\n  # two\n  \"B\", # b\n]",
                "[ # why\n  # one\n\n  # two\n  \"B\", # b\n]",
            ),
            ("[\n  \"A\", \"X\", # both\n  \"B\",\n]", "[\n  \"A\", # both\n  \"B\",\n]"),
            ("[\n  \"X\", \"A\", # both\n]", "[\n  \"A\", # both\n]"),
            ("[\"A\", # a\n  \"X\"]", "[\"A\" # a\n  ]"),
            ("[\"A\"\n, \"X\"\n, \"B\"\n]", "[\"A\"\n, \"B\"\n]"),
        ] {
            check(before, remove, &["X"], after);
        }
    }
}
