//! Takes keys and values out of what a server says before anybody sees it.

use serde_json::Value;
use zeroize::Zeroizing;

use super::request::Request;
use crate::domain::{Secret, printable_capped, to_python_json};

/// The most characters of a server's message that are shown.
const MESSAGE_LIMIT: usize = 300;

/// What stands where a secret was.
pub(super) const MASK: &str = "*****";

/// Shorter texts are taken out only where they stand alone: a value `1` is no reason to turn
/// "at most 100" into "at most *****00".
const SHORT: usize = 4;

/// Every form in which a server could repeat a secret of one call.
pub(super) struct Redactor(Vec<Zeroizing<String>>);

impl Redactor {
    /// Knows the key and the secret fields of the request's body.
    pub(super) fn new(key: Option<&Secret>, request: &Request) -> Self {
        let secrets = key.map(Secret::expose).into_iter().chain(request.secret_texts());
        let mut forms: Vec<_> = secrets.flat_map(forms_of).filter(|form| !form.is_empty()).collect();
        // The longest first, so that no form is spoilt by a shorter one inside it.
        forms.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        forms.dedup();
        Self(forms)
    }

    /// A server's text without secrets, control characters and excess, fit to show.
    pub(super) fn show(&self, text: &str) -> String {
        printable_capped(&self.clean(text), MESSAGE_LIMIT)
    }

    fn clean(&self, text: &str) -> String {
        let mut cleaned = text.to_owned();
        for form in &self.0 {
            cleaned = if form.chars().count() < SHORT {
                replace_alone(&cleaned, form)
            } else {
                cleaned.replace(form.as_str(), MASK)
            };
        }
        cleaned
    }
}

/// The text itself, without surrounding white space, and as JSON writes it, with and without
/// escapes for what is not ASCII.
fn forms_of(secret: &str) -> [Zeroizing<String>; 4] {
    let value = Value::String(secret.to_owned());
    let inside_quotes = |json: &str| Zeroizing::new(json[1..json.len() - 1].to_owned());
    [
        Zeroizing::new(secret.to_owned()),
        Zeroizing::new(secret.trim().to_owned()),
        inside_quotes(&value.to_string()),
        inside_quotes(&to_python_json(&value)),
    ]
}

/// Replaces `word` wherever no letter or digit touches it.
fn replace_alone(text: &str, word: &str) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(word) {
        let (before, after) = (&rest[..start], &rest[start + word.len()..]);
        let last = before.chars().next_back().or_else(|| replaced.chars().next_back());
        let touches = |neighbour: Option<char>| neighbour.is_some_and(char::is_alphanumeric);
        replaced.push_str(before);
        replaced.push_str(if touches(last) || touches(after.chars().next()) { word } else { MASK });
        rest = after;
    }
    replaced + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn redactor(value: &str) -> Redactor {
        let request = Request::post("/secrets/", json!({"key": "NAME", "value": value}), "test");
        Redactor::new(Some(&Secret::new("key-0123456789")), &request)
    }

    #[test]
    fn keys_and_values_are_taken_out_in_every_form() {
        let redactor = redactor("a\"b\né ");
        for said in ["<a\"b\né >", "<a\"b\né>", r#"<a\"b\né >"#, r#"<a\"b\n\u00e9 >"#, "<key-0123456789>"]
        {
            assert_eq!(redactor.show(said), "<*****>", "{said}");
        }
        assert_eq!(redactor.show("NAME exists"), "NAME exists");
    }

    #[test]
    fn short_values_are_taken_out_only_where_they_stand_alone() {
        assert_eq!(redactor("1").show("value '1' of 100: 1"), "value '*****' of 100: *****");
        assert_eq!(redactor("on").show("on nothing, nothing on"), "***** nothing, nothing *****");
        assert_eq!(redactor("").show("as it is"), "as it is");
    }

    #[test]
    fn secrets_go_before_escapes_and_the_cut() {
        assert_eq!(redactor("x\ty\tz").show("bad x\ty\tz\x1b[2J"), "bad *****\\u{1b}[2J");
        assert_eq!(redactor("tail").show(&format!("{}tail", "é".repeat(298))).chars().count(), 300);
    }
}
