//! When a key was made.

use serde_json::Value;

use crate::domain::format_date;

/// A day, from seconds or from a text that starts with one.
pub(super) fn created(value: Option<&Value>) -> String {
    match value {
        Some(Value::Number(number)) => match (number.as_u64(), number.as_f64()) {
            (Some(seconds), _) => format_date(seconds),
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            (None, Some(seconds)) if seconds >= 0.0 => format_date(seconds as u64),
            _ => "-".to_owned(),
        },
        Some(Value::String(text)) => text.chars().take(10).collect(),
        _ => "-".to_owned(),
    }
}
