//! `vastenv set env-var NAME [VALUE]`: creates a variable, or changes it if it is there.

use super::value::change;
use crate::cli::NameValue;
use crate::cmd::app::App;
use crate::cmd::outcome::Outcome;

/// Sends the change, and lets every open shell follow.
pub(crate) fn set_env_var(app: &App, arguments: NameValue) -> Outcome<()> {
    change(app, arguments, async |remote, name, value, keeping| remote.set(name, value, keeping).await)
}
