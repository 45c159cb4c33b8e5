//! Profiles: accounts by name.

mod add;
mod facts;
mod list;
mod remove;
mod select;
mod show;

use crate::cli::{Global, Profile};
use crate::cmd::outcome::Outcome;
use crate::ui::Ui;

/// Does what the command line says of profiles.
pub(crate) fn profile(global: &Global, command: Profile, ui: Ui) -> Outcome<()> {
    match command {
        Profile::List => list::list_profiles(global, ui)?,
        Profile::Add(arguments) => add::add_profile(global, arguments, ui)?,
        Profile::Remove(arguments) => remove::remove_profile(global, &arguments, ui)?,
        Profile::Use(arguments) => select::use_profile(global, &arguments, ui)?,
        Profile::Show(arguments) => show::show_profile(global, &arguments, ui)?,
    }
    Ok(())
}
