//! Calls written out for a person: as what is sent, or as a command to run.

use std::borrow::Cow;

use reqwest::Url;
use serde_json::Value;
use shell_escape::unix::escape;

use super::redact::MASK;
use super::request::{Request, is_secret_field};
use crate::domain::to_python_json;

/// Method, address, headers and body, with the key and every secret field masked.
pub(super) fn explain(request: &Request, url: &Url, has_key: bool, user_agent: &str) -> String {
    let mut text = format!("{} {url}\n", request.method);
    if has_key {
        text.push_str(&format!("Authorization: Bearer {MASK}\n"));
    }
    text.push_str(&format!("Content-Type: application/json\nUser-Agent: {user_agent}"));
    if let Some(body) = &request.body {
        let mut body = body.clone();
        for (name, field) in body.as_object_mut().into_iter().flatten() {
            if is_secret_field(name) {
                *field = Value::from(MASK);
            }
        }
        text.push_str(&format!("\n\n{}", to_python_json(&body)));
    }
    text
}

/// A curl command for a POSIX shell. The key stays in `$VAST_API_KEY`, and each secret field in
/// a variable of its name (`$VALUE`), unless `show_values`.
pub(super) fn curl(request: &Request, url: &Url, has_key: bool, show_values: bool) -> String {
    let mut parts = vec![format!("curl -X {}", request.method)];
    if has_key {
        parts.push("-H \"Authorization: Bearer $VAST_API_KEY\"".to_owned());
    }
    parts.push("-H 'Content-Type: application/json'".to_owned());
    if let Some(body) = &request.body {
        parts.push(format!("--data {}", shell_body(body, show_values)));
    }
    parts.push(quoted(url.as_str()).into_owned());
    parts.join(" \\\n  ")
}

/// The body as one shell word, in which `"$VALUE"` may stand between quoted pieces.
fn shell_body(body: &Value, show_values: bool) -> String {
    let Value::Object(fields) = body else {
        return quoted(&body.to_string()).into_owned();
    };
    let mut word = String::new();
    let mut piece = String::from("{");
    for (index, (name, field)) in fields.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        piece.push_str(&format!("{comma}{}: ", Value::from(name.as_str())));
        if is_secret_field(name) && !show_values {
            piece.push('"');
            word.push_str(&quoted(&piece));
            word.push_str(&format!("\"${}\"", name.to_ascii_uppercase()));
            piece = String::from("\"");
        } else {
            piece.push_str(&field.to_string());
        }
    }
    piece.push('}');
    word + &quoted(&piece)
}

fn quoted(text: &str) -> Cow<'_, str> {
    escape(Cow::Borrowed(text))
}
