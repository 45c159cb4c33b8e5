//! Values and keys are not printed where a coding agent reads along: what it reads is sent to its
//! maker, and kept.

use serde_json::Value;

use crate::cmd::app::App;
use crate::context;
use crate::domain::{Failure, Result};

/// Refuses to go on to print values, where that is not to a person. Called before anything is sent.
pub(super) fn values(app: &App) -> Result<()> {
    // What `--curl` shows instead is for `command` to judge.
    if app.global.curl { Ok(()) } else { check(app) }
}

/// [`values`] for a command that is shown (`--curl`) with a value that was typed.
pub(super) fn command(app: &App) -> Result<()> {
    if app.global.curl { check(app) } else { Ok(()) }
}

/// [`values`] for an answer that is printed as it came, if it holds a key in clear.
pub(super) fn answer(app: &App, answer: &Value) -> Result<()> {
    if holds_key(answer) { check(app) } else { Ok(()) }
}

fn check(app: &App) -> Result<()> {
    if app.global.reveal || context::stdout_is_terminal() {
        return Ok(());
    }
    let Some(marker) = context::guard() else { return Ok(()) };
    Err(Failure::failed(format!("values not printed: {marker} is set, a coding agent may be reading")).hint(
        "use them without seeing them: vastenv run -- CMD, or vastenv run --redact -- CMD; to print them \
         all the same: --reveal, or VASTENV_GUARD=0",
    ))
}

/// Whether any field that is named like a key holds one that is not masked.
fn holds_key(answer: &Value) -> bool {
    match answer {
        Value::Array(items) => items.iter().any(holds_key),
        Value::Object(fields) => fields.iter().any(|(name, field)| match field {
            Value::String(text) => {
                let name = name.to_ascii_lowercase();
                (name.ends_with("key") || name.ends_with("token")) && text.len() >= 16 && !text.contains("**")
            }
            other => holds_key(other),
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_key_in_clear_is_one() {
        let key = "0123456789abcdef0123456789abcdef";
        assert!(holds_key(&json!({"apikeys": [{"id": 1}, {"id": 2, "key": key}]})));
        assert!(holds_key(&json!({"new_api_key": key})));
        assert!(!holds_key(&json!({"apikeys": [{"id": 2, "key": "0123********cdef", "name": key}]})));
        assert!(!holds_key(&json!({"key": null, "api_key": "none", "keys": [1, 2]})));
    }
}
