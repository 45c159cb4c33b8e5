//! Code for one of the shells.

use super::{Format, Variables};
use crate::domain::{EnvName, Result, Secret};
use crate::shell::Shell;

impl Format for Shell {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn about(&self) -> &'static str {
        "assignments for this shell to eval"
    }

    fn render(&self, variables: &Variables) -> Result<Vec<u8>> {
        let line =
            |(name, value): (&EnvName, &Secret)| self.assignment(name.as_str(), value.expose().as_bytes());
        Ok(variables.iter().flat_map(line).collect())
    }
}
