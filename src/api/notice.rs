//! What a server says in a body: its words, in any of the shapes that occur.

use serde::Deserialize;
use serde_json::Value;

/// The words of a body, as they came: not yet fit to show.
pub(super) struct Notice {
    pub(super) form: Form,
    /// What is meant for a person.
    pub(super) text: Option<String>,
    /// What is meant for a program: the `error` field.
    pub(super) code: Option<String>,
    /// The body says `"success": false`.
    pub(super) refused: bool,
}

/// What kind of body came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Object,
    OtherJson,
    Html,
    Text,
    Empty,
    Garbage,
}

/// The fields that any JSON object may speak with. All else in it is skipped unread.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Envelope {
    success: Option<Value>,
    error: Option<Value>,
    msg: Option<Value>,
    message: Option<Value>,
    detail: Option<Value>,
}

impl Notice {
    /// Finds the words in a body.
    pub(super) fn read(body: &[u8]) -> Self {
        match body.trim_ascii_start().first() {
            None => Self::wordless(Form::Empty),
            Some(b'{') => {
                serde_json::from_slice(body).map_or_else(|_| Self::wordless(Form::Garbage), Self::of_object)
            }
            Some(_) => match serde_json::from_slice(body) {
                Ok(Value::String(text)) => Self::with_text(Form::OtherJson, text),
                Ok(_) => Self::wordless(Form::OtherJson),
                Err(_) => Self::of_text(body),
            },
        }
    }

    fn of_object(envelope: Envelope) -> Self {
        let Envelope { success, error, msg, message, detail } = envelope;
        Self {
            form: Form::Object,
            code: error.as_ref().and_then(Value::as_str).filter(|code| is_code(code)).map(str::to_owned),
            text: [msg, message, detail, error].into_iter().flatten().find_map(words),
            refused: success == Some(Value::Bool(false)),
        }
    }

    fn of_text(body: &[u8]) -> Self {
        let Ok(text) = std::str::from_utf8(body) else {
            return Self::wordless(Form::Garbage);
        };
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.starts_with('<') || text.to_ascii_lowercase().contains("<html") {
            return Self::wordless(Form::Html);
        }
        Self::with_text(Form::Text, text.to_owned())
    }

    fn with_text(form: Form, text: String) -> Self {
        Self { form, text: words(Value::String(text)), code: None, refused: false }
    }

    fn wordless(form: Form) -> Self {
        Self { form, text: None, code: None, refused: false }
    }
}

/// Whether `text` is a word for programs, and not what may quote a secret.
fn is_code(text: &str) -> bool {
    text.len() <= 40 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// A field as a sentence without its full stop; lists and objects as JSON.
fn words(field: Value) -> Option<String> {
    let text = match field {
        Value::String(text) => text,
        Value::Array(_) | Value::Object(_) => field.to_string(),
        Value::Null | Value::Bool(_) | Value::Number(_) => return None,
    };
    let text = text.trim().trim_end_matches('.');
    (!text.is_empty()).then(|| text.to_owned())
}

impl Form {
    /// The form in words, to follow "answered with".
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Object | Self::OtherJson => "JSON that says nothing more",
            Self::Html => "HTML instead of JSON",
            Self::Text => "text instead of JSON",
            Self::Empty => "nothing",
            Self::Garbage => "invalid JSON",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_an_error_is_understood() {
        use Form::{Empty, Garbage, Html, Object, OtherJson, Text};
        for (body, form, text, code) in [
            (r#"{"success":false,"error":"e_x","msg":"No."}"#, Object, Some("No"), Some("e_x")),
            (r#"{"error":"e_x"}"#, Object, Some("e_x"), Some("e_x")),
            (r#"{"msg":"m"}"#, Object, Some("m"), None),
            (r#"{"message":"m"}"#, Object, Some("m"), None),
            (r#"{"detail":"d"}"#, Object, Some("d"), None),
            (r#"{"detail":[{"loc":1}]}"#, Object, Some(r#"[{"loc":1}]"#), None),
            (r#"{"error":{"reason":"r"}}"#, Object, Some(r#"{"reason":"r"}"#), None),
            (r#"{"msg":"","error":null,"detail":7}"#, Object, None, None),
            (r#""bare""#, OtherJson, Some("bare"), None),
            ("[1]", OtherJson, None, None),
            ("null", OtherJson, None, None),
            ("too frequent\n", Text, Some("too frequent"), None),
            ("<!doctype html><p>secret", Html, None, None),
            ("\u{feff}oops <HTML>", Html, None, None),
            (" \n", Empty, None, None),
            (r#"{"msg":"half"#, Garbage, None, None),
            (r#"{"msg":"\ud800"}"#, Garbage, None, None),
        ] {
            let notice = Notice::read(body.as_bytes());
            assert_eq!(
                (notice.form, notice.text.as_deref(), notice.code.as_deref()),
                (form, text, code),
                "{body}"
            );
        }
        assert_eq!(Notice::read(b"\xff\xfe").form, Garbage);
    }

    #[test]
    fn only_the_truth_value_false_is_a_refusal() {
        assert!(Notice::read(br#"{"success": false}"#).refused);
        for body in [r#"{"success": true}"#, r#"{"success": null}"#, "{}", "[false]"] {
            assert!(!Notice::read(body.as_bytes()).refused, "{body}");
        }
    }
}
