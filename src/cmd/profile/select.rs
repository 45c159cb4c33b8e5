//! `vastenv profile use PROFILE`

use super::facts::open;
use crate::cli::{Global, UseProfile};
use crate::context::{self, variables};
use crate::domain::Result;
use crate::ui::Ui;

/// Makes a profile the default, or none; every shell follows.
pub(super) fn use_profile(global: &Global, arguments: &UseProfile, ui: Ui) -> Result<()> {
    let app = open(global, ui)?;
    let name = arguments.name.as_deref();
    if let Some(name) = name {
        app.profile(name)?;
    }
    app.machine.use_profile(name)?;
    ui.say(&match name {
        Some(name) => format!("{name} is the default profile"),
        None => "no profile is the default".to_owned(),
    });
    let over = [variables::VAST_API_KEY, variables::VASTENV_PROFILE].into_iter();
    if let Some(over) = over.into_iter().find(|name| context::var(name).is_some()) {
        ui.warn(&format!("{over} is set here and overrides the default profile: unset {over}"));
    }
    Ok(())
}
