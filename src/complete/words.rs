//! The words of a line in bash, which itself splits them at `=` and `:` too.

/// A command line up to the cursor.
pub(super) struct Split {
    /// The words without their quotes, the last one being completed; with the place where each begins,
    /// in characters. A redirection (`2> file`) is none of the command's words.
    pub words: Vec<(usize, String)>,
    /// Whether the last word is the file of a redirection.
    pub is_target: bool,
}

/// Splits `before`, a command line up to the cursor.
pub(super) fn split(before: &str) -> Split {
    let mut words: Vec<(usize, String)> = Vec::new();
    let mut current: Option<(usize, String)> = None;
    let (mut quote, mut is_target) = (None, false);
    let mut characters = before.chars().enumerate().peekable();
    while let Some((at, character)) = characters.next() {
        if quote.is_none() && character.is_whitespace() {
            if let Some(word) = current.take() {
                words.extend(Some(word).filter(|_| !is_target));
                is_target = false;
            }
            continue;
        }
        let is_substitution = characters.peek().is_some_and(|(_, next)| *next == '(');
        if quote.is_none() && matches!(character, '<' | '>') && !is_substitution {
            words.extend(current.take().filter(|(_, word)| !is_target && !is_descriptor(word)));
            while characters.next_if(|(_, next)| matches!(next, '<' | '>' | '&' | '|')).is_some() {}
            is_target = true;
            continue;
        }
        let word = &mut current.get_or_insert_with(|| (at, String::new())).1;
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), closing) if open == closing => quote = None,
            (None | Some('"'), '\\') => word.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => word.push(character),
        }
    }
    words.push(current.unwrap_or_else(|| (before.chars().count(), String::new())));
    Split { words, is_target }
}

/// Whether a word before `<` or `>` says what is redirected: `2>`, `&>`, `{name}>`.
fn is_descriptor(word: &str) -> bool {
    word == "&"
        || word.bytes().all(|byte| byte.is_ascii_digit())
        || (word.starts_with('{') && word.ends_with('}'))
}

/// A word without its quotes.
pub(super) fn unquoted(word: &str) -> String {
    split(word).words.into_iter().map(|(_, part)| part).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_as_the_shell_does() {
        let words = |line: &str| split(line).words.into_iter().map(|(_, word)| word).collect::<Vec<_>>();
        assert_eq!(words("vastenv show "), ["vastenv", "show", ""]);
        assert_eq!(words("vastenv  --permission=us"), ["vastenv", "--permission=us"]);
        assert_eq!(words(r#"v 'a b' "c\" d" e\ f "g h"#), ["v", "a b", "c\" d", "e f", "g h"]);
        assert_eq!(
            split("é run  -- py").words,
            [(0, "é".to_owned()), (2, "run".to_owned()), (7, "--".to_owned()), (10, "py".to_owned())]
        );
        assert_eq!(words("vastenv import <(cat x) --d"), ["vastenv", "import", "<(cat", "x)", "--d"]);
        assert_eq!(unquoted(r"my\ file"), "my file");
    }

    #[test]
    fn a_redirection_is_no_word_of_the_command() {
        for (line, expected, is_target) in [
            ("v create X < to", "v create X to", true),
            ("v create X <to", "v create X to", true),
            ("v export dotenv> ", "v export dotenv ", true),
            ("v export dotenv 2>> err >o", "v export dotenv o", true),
            ("v export dotenv &>a", "v export dotenv a", true),
            ("v export {log}>|a", "v export a", true),
            ("v > log export do", "v export do", false),
            ("v 2>&1 export do", "v export do", false),
            ("v create '<' \\> \">\" to", "v create < > > to", false),
        ] {
            let split = split(line);
            let words: Vec<String> = split.words.into_iter().map(|(_, word)| word).collect();
            assert_eq!((words.join(" ").as_str(), split.is_target), (expected, is_target), "{line}");
        }
    }
}
