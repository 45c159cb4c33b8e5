//! `vastenv config`: the settings. It works whatever is wrong with them, so that it can be fixed.

mod change;
mod edit;
mod show;

use crate::cli::Config;
use crate::cmd::app::App;
use crate::domain::Result;

pub(super) fn config(app: &App, arguments: &Config) -> Result<()> {
    match arguments {
        Config::List => show::list(app),
        Config::Get(arguments) => show::get(app, arguments),
        Config::Path => show::path(app),
        Config::Set(arguments) => change::set(app, arguments),
        Config::Unset(arguments) => change::unset(app, arguments),
        Config::Edit => edit::edit(app),
    }
}
