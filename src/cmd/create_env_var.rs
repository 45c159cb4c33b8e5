//! `vastenv create env-var NAME [VALUE]`: adds a variable to the account.

use super::app::App;
use super::value::change;
use crate::cli::NameValue;
use crate::domain::Result;

/// Sends the change, and lets every open shell follow.
pub fn create_env_var(app: &App, arguments: NameValue) -> Result<()> {
    change(app, arguments, async |remote, name, value, keeping| remote.create(name, value, keeping).await)
}
