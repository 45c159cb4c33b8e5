//! `vastenv create env-var NAME [VALUE]`: adds a variable to the account.

use super::app::App;
use super::outcome::Outcome;
use super::value::change;
use crate::cli::NameValue;

/// Sends the change, and lets every open shell follow.
pub fn create_env_var(app: &App, arguments: NameValue) -> Outcome<()> {
    change(app, arguments, async |remote, name, value, keeping| remote.create(name, value, keeping).await)
}
