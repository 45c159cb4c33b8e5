//! `vastenv set env-var NAME [VALUE]`: creates a variable, or changes it if it is there.

use super::app::App;
use super::outcome::Outcome;
use super::value::change;
use crate::cli::NameValue;

/// Sends the change, and lets every open shell follow.
pub fn set_env_var(app: &App, arguments: NameValue) -> Outcome<()> {
    change(app, arguments, async |remote, name, value, keeping| remote.set(name, value, keeping).await)
}
