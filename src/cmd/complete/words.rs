//! The words of a line in bash, which itself splits them at `=` and `:` too.

/// The words of `before` (a command line up to the cursor) without their quotes, the last one being
/// completed; with the place in `before` where each begins, in characters.
pub fn split(before: &str) -> Vec<(usize, String)> {
    let mut words: Vec<(usize, String)> = Vec::new();
    let mut current: Option<(usize, String)> = None;
    let mut quote = None;
    let mut characters = before.chars().enumerate();
    while let Some((at, character)) = characters.next() {
        if quote.is_none() && character.is_whitespace() {
            words.extend(current.take());
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
    words
}

/// A word without its quotes.
pub fn unquoted(word: &str) -> String {
    split(word).into_iter().map(|(_, part)| part).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_as_the_shell_does() {
        let words = |line: &str| split(line).into_iter().map(|(_, word)| word).collect::<Vec<_>>();
        assert_eq!(words("vastenv show "), ["vastenv", "show", ""]);
        assert_eq!(words("vastenv  --permission=us"), ["vastenv", "--permission=us"]);
        assert_eq!(words(r#"v 'a b' "c\" d" e\ f "g h"#), ["v", "a b", "c\" d", "e f", "g h"]);
        assert_eq!(
            split("é run  -- py"),
            [(0, "é".to_owned()), (2, "run".to_owned()), (7, "--".to_owned()), (10, "py".to_owned())]
        );
        assert_eq!(unquoted(r"my\ file"), "my file");
    }
}
