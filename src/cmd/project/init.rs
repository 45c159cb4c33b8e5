//! `vastenv init`: writes a project file to edit.

use serde_json::json;

use super::place::{real_folder, working_folder};
use crate::account::{Account, Known, Machine};
use crate::cli::{Global, Init};
use crate::cmd::app::open_machine;
use crate::config::Scope;
use crate::context;
use crate::domain::{Failure, Result};
use crate::files::write_new;
use crate::project::{FILE, patterns, sample};
use crate::ui::Ui;

/// Writes a project file where there is none, and says what to do next.
pub(crate) fn init(mut global: Global, arguments: &Init, ui: Ui) -> Result<()> {
    let only = patterns(&arguments.only).map_err(|why| Failure::usage(format!("--only: {why}")))?;
    let machine = open_machine(context::paths()?, &mut global);
    let folder = match &arguments.folder {
        Some(folder) => real_folder(folder)?,
        None => working_folder()?,
    };
    let file = folder.join(FILE);
    let written = write_new(&file, sample(&only, &names(&machine)).as_bytes())
        .map_err(|failure| failure.hint("name a folder of yours: vastenv init DIR"))?;
    if !written {
        return Err(Failure::failed(format!("{} exists: nothing is written", file.display()))
            .hint("edit it, or move it away"));
    }
    if let Err(failure) = machine.publish() {
        ui.warn_of(&failure);
    }
    machine.take_notes().iter().for_each(|note| ui.warn(note));
    if ui.raw {
        return ui.json(&json!({"path": file.display().to_string()}));
    }
    ui.say(&format!("wrote {}", file.display()));
    ui.say(match machine.selection.config.scope {
        Scope::Everywhere => "edit it: shells there follow at the next prompt",
        Scope::Projects => "edit it, then: vastenv allow",
    });
    Ok(())
}

/// The names of the account, as far as files here know them.
fn names(machine: &Machine) -> Vec<String> {
    let known = || {
        let account = Account::open(machine, machine.credential().ok()?).ok()?;
        match account.known() {
            Ok(Known::Variables(known)) => Some(known.snapshot.variables.into_keys().collect()),
            _ => None,
        }
    };
    // Where nobody can say which account is meant, none is.
    machine.selection.trouble.is_none().then(known).flatten().unwrap_or_default()
}
