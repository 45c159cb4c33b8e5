//! Texts of `set`.

use std::fmt;

use crate::domain::{EnvName, Secret};

/// A text with `${NAME}` in it, each the value of a variable of the account; `$$` is `$`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Value(EnvName),
}

impl Template {
    /// Reads a text; the error says what is wrong with it, and does not quote it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.contains('\0') {
            return Err("it holds a NUL character, which no variable can");
        }
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            plain.push_str(before);
            if let Some(after) = after.strip_prefix('$') {
                plain.push('$');
                rest = after;
                continue;
            }
            let Some(after) = after.strip_prefix('{') else {
                return Err("a `$` begins neither `${NAME}` nor `$$`");
            };
            let Some((name, after)) = after.split_once('}') else { return Err("a `${` has no `}`") };
            let Ok(name) = EnvName::parse(name) else {
                return Err("`${…}` takes the name of a variable alone");
            };
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Value(name));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self(parts))
    }

    /// The names that it needs.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Value(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The text with the account's values, which `get` knows by name: as written or, if nothing is called so,
    /// in capitals.
    ///
    /// # Errors
    /// The name that it does not know.
    pub fn fill<'v>(&self, get: impl Fn(&str) -> Option<&'v Secret>) -> Result<Secret, String> {
        let text = |part: &Part| match part {
            Part::Text(text) => Ok(Secret::new(text.as_str())),
            Part::Value(name) => get(name.as_str())
                .or_else(|| get(&name.as_str().to_ascii_uppercase()))
                .cloned()
                .ok_or_else(|| name.to_string()),
        };
        let texts = self.0.iter().map(text).collect::<Result<Vec<_>, _>>()?;
        // All room at once: growing would leave copies behind.
        let mut filled = String::with_capacity(texts.iter().map(|text| text.expose().len()).sum());
        for text in &texts {
            filled.push_str(text.expose());
        }
        Ok(Secret::new(filled))
    }

    /// The text as it is written in the file.
    pub fn source(&self) -> String {
        let written = |part: &Part| match part {
            Part::Text(text) => text.replace('$', "$$"),
            Part::Value(name) => format!("${{{name}}}"),
        };
        self.0.iter().map(written).collect()
    }
}

/// Somebody may have written a secret into it.
impl fmt::Debug for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Template(*****)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<String, String> {
        let (token, empty) = (Secret::new("t$oken${B}"), Secret::new(""));
        let get = |name: &str| match name {
            "HF_TOKEN" => Some(&token),
            "EMPTY" => Some(&empty),
            _ => None,
        };
        let template = Template::parse(text).expect(text);
        assert_eq!(template.source(), text);
        template.fill(get).map(|secret| secret.expose().to_owned())
    }

    #[test]
    fn names_are_filled_in_once_and_nothing_runs() {
        for (text, expected) in [
            ("", ""),
            ("plain `id` \\n \"", "plain `id` \\n \""),
            ("${HF_TOKEN}", "t$oken${B}"),
            ("a${HF_TOKEN}${EMPTY}é$$", "at$oken${B}é$"),
            ("$${HF_TOKEN}", "${HF_TOKEN}"),
            ("$$$$(id)", "$$(id)"),
            ("}{${hf_token}", "}{t$oken${B}"),
        ] {
            assert_eq!(filled(text), Ok(expected.to_owned()), "{text}");
        }
        assert_eq!(filled("${HF_TOKEN}${NONE}"), Err("NONE".to_owned()));
        let template = Template::parse("${A}b${C}").expect("valid");
        assert_eq!(template.names().collect::<Vec<_>>(), ["A", "C"]);
    }

    #[test]
    fn what_is_no_template_is_refused_without_a_word_of_it() {
        for text in
            ["$", "hunter2$", "$HUNTER2", "$(hunter2)", "${hunter2", "${}", "${hunter2:-x}", "${a b}", "a\0b"]
        {
            let why = Template::parse(text).expect_err(text);
            assert!(!why.contains("unter2"), "{why}");
        }
        let template = Template::parse("hunter2").expect("valid");
        assert_eq!(format!("{template:?}"), "Template(*****)");
    }
}
