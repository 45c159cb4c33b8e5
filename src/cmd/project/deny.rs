//! `vastenv deny`: ignores a project file, whatever it says.

use serde_json::json;

use super::place::find;
use crate::cli::{Deny, Global};
use crate::cmd::app::open_machine;
use crate::context;
use crate::domain::Result;
use crate::ui::Ui;

/// Denies a project file, also one that is broken or refused.
pub(crate) fn deny(mut global: Global, arguments: &Deny, ui: Ui) -> Result<()> {
    let machine = open_machine(context::paths()?, &mut global);
    let file = find(arguments.place.as_deref())?;
    machine.deny(&file)?;
    machine.take_notes().iter().for_each(|note| ui.warn(note));
    if ui.raw {
        return ui.json(&json!({"path": file.display().to_string(), "state": "denied"}));
    }
    ui.say(&format!("denied {}: it is ignored", file.display()));
    Ok(())
}
