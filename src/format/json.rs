//! One JSON object, as Python would print it.

use serde_json::Value;

use super::{Format, Variables};
use crate::domain::{Result, to_python_json};

pub(super) struct Json;

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn about(&self) -> &'static str {
        "an object, for programs"
    }

    fn render(&self, variables: &Variables) -> Result<Vec<u8>> {
        let members = variables.iter().map(|(name, value)| (name.to_string(), Value::from(value.expose())));
        Ok([to_python_json(&Value::Object(members.collect())).as_bytes(), b"\n"].concat())
    }
}
