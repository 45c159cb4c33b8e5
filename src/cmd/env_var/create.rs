//! `vastenv create env-var NAME [VALUE]`: adds a variable to the account.

use super::value::change;
use crate::cli::NameValue;
use crate::cmd::app::App;
use crate::cmd::outcome::Outcome;

/// Sends the change, and lets every open shell follow.
pub(crate) fn create_env_var(app: &App, arguments: NameValue) -> Outcome<()> {
    change(app, arguments, async |remote, name, value, keeping| remote.create(name, value, keeping).await)
}
