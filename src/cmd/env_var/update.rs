//! `vastenv update env-var NAME [VALUE]`: changes the value of a variable.

use super::value::change;
use crate::cli::NameValue;
use crate::cmd::app::App;
use crate::cmd::outcome::Outcome;

/// Sends the change, and lets every open shell follow.
pub(crate) fn update_env_var(app: &App, arguments: NameValue) -> Outcome<()> {
    change(app, arguments, async |remote, name, value, keeping| remote.update(name, value, keeping).await)
}
