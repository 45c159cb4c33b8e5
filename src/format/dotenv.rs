//! A dotenv file.

use super::{Format, Variables};
use crate::domain::Result;
use crate::dotenv::{dotenv_line, is_for_shells_only};

pub(super) struct Dotenv;

impl Format for Dotenv {
    fn name(&self) -> &'static str {
        "dotenv"
    }

    fn about(&self) -> &'static str {
        "lines of NAME=value"
    }

    fn render(&self, variables: &Variables) -> Result<Vec<u8>> {
        let lines = variables.iter().map(|(name, value)| dotenv_line(name.as_str(), value.expose()));
        Ok(lines.flat_map(String::into_bytes).collect())
    }

    /// Names the variables that readers of dotenv files other than shells will not find.
    fn warning(&self, variables: &Variables) -> Option<String> {
        let for_shells = variables.iter().filter(|(_, value)| is_for_shells_only(value.expose()));
        let names: Vec<&str> = for_shells.map(|(name, _)| name.as_str()).collect();
        (!names.is_empty()).then(|| {
            format!(
                "only shells and vastenv can read these, python-dotenv and Node's dotenv reject them: {}",
                names.join(", ")
            )
        })
    }
}
