//! Takes keys and values out of what a server says before anybody sees it.

use std::rc::Rc;

use serde_json::Value;
use zeroize::Zeroizing;

use super::request::Request;
use crate::domain::{Secret, printable_capped, to_python_json};

/// The most characters of a server's message that are shown.
const MESSAGE_LIMIT: usize = 300;

/// What stands where a secret was.
pub(super) const MASK: &str = "*****";

/// Shorter texts are taken out only where they stand alone: a value `1` is not a reason to turn
/// "at most 100" into "at most *****00".
const SHORT: usize = 4;

/// The longest part of a server's text that is looked at, in bytes.
const LONGEST_TEXT: usize = 1 << 16;

/// Values that no message may hold, whatever call it is about. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Secrets(Rc<Vec<Secret>>);

impl Secrets {
    /// Adds further values. Very short ones are part of ordinary words, and nobody's secret.
    pub(super) fn add(&mut self, secrets: impl IntoIterator<Item = Secret>) {
        let long = secrets.into_iter().filter(|secret| secret.expose().trim().chars().count() >= SHORT);
        Rc::make_mut(&mut self.0).extend(long);
    }
}

/// The secrets that a server could repeat in its answer to one call. Nothing is worked out before
/// there is a text to show.
pub(super) struct Redactor {
    own: Vec<Secret>,
    others: Secrets,
}

impl Redactor {
    /// Knows the key, the secret fields of the request's body, and `others`.
    pub(super) fn new(key: Option<&Secret>, request: &Request, others: Secrets) -> Self {
        let own = key.cloned().into_iter().chain(request.secret_texts().map(Secret::new)).collect();
        Self { own, others }
    }

    /// A server's text without secrets, control characters and excess, fit to show.
    pub(super) fn show(&self, text: &str) -> String {
        if text.len() <= LONGEST_TEXT {
            return printable_capped(&self.clean(text), MESSAGE_LIMIT);
        }
        let cleaned = self.clean(start_of(text, LONGEST_TEXT));
        // The cut may have gone through a secret, which is at the end then.
        let longest = self.secrets().map(|secret| 6 * secret.expose().len()).max().unwrap_or(0);
        printable_capped(start_of(&cleaned, cleaned.len().saturating_sub(longest)), MESSAGE_LIMIT)
    }

    fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.own.iter().chain(self.others.0.iter())
    }

    fn clean(&self, text: &str) -> String {
        let mut forms: Vec<_> = self.secrets().flat_map(|secret| forms_in(text, secret.expose())).collect();
        // The longest first, so that no form is spoilt by a shorter one inside it.
        forms.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        forms.dedup();
        let mut cleaned = text.to_owned();
        for form in &forms {
            cleaned = if form.chars().count() < SHORT {
                replace_alone(&cleaned, form)
            } else {
                cleaned.replace(form.as_str(), MASK)
            };
        }
        cleaned
    }
}

/// The forms of `secret` that stand in `text`: itself, without surrounding white space, and as JSON
/// writes it, with and without escapes for what is not ASCII.
fn forms_in(text: &str, secret: &str) -> Vec<Zeroizing<String>> {
    let mut forms = vec![secret, secret.trim()];
    let (json, ascii_json);
    // Without an escape, JSON writes the secret as it is.
    if text.contains('\\') {
        let value = Value::String(secret.to_owned());
        (json, ascii_json) = (Zeroizing::new(value.to_string()), Zeroizing::new(to_python_json(&value)));
        forms.extend([inside_quotes(&json), inside_quotes(&ascii_json)]);
    }
    let found = forms.into_iter().filter(|form| !form.is_empty() && text.contains(form));
    found.map(|form| Zeroizing::new(form.to_owned())).collect()
}

/// At most the first `length` bytes.
fn start_of(text: &str, length: usize) -> &str {
    let end = (0..=length).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    &text[..end]
}

fn inside_quotes(json: &str) -> &str {
    &json[1..json.len() - 1]
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
        Redactor::new(Some(&Secret::new("key-0123456789")), &request, Secrets::default())
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

    #[test]
    fn values_of_other_variables_are_taken_out_too() {
        let mut redactor = redactor("sent");
        let others = (0..10_000).map(|number| Secret::new(format!("other-{number}\n")));
        redactor.others.add(others.chain(["on", "", " ab "].map(Secret::new)));
        assert_eq!(
            redactor.show("holds other-9999, other-9999\n and sent on"),
            "holds *****, ***** and ***** on"
        );
        assert_eq!(redactor.show(r"as JSON: other-7\n"), "as JSON: *****");
    }

    #[test]
    fn a_text_without_end_shows_no_half_of_a_secret() {
        let secret = "s3cret-".repeat(20);
        let redactor = redactor(&secret);
        let text = secret.repeat(2000);
        let shown = redactor.show(&text);
        assert!(shown.starts_with(MASK) && !shown.contains("s3cret"), "{shown}");
        let begun = format!("{}{}", " ".repeat(LONGEST_TEXT - 10), secret);
        assert!(!redactor.show(&begun).contains("s3cret"));
    }
}
