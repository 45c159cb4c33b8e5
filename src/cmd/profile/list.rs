//! `vastenv profile list`

use serde_json::Value;

use super::facts::{ProfileFacts, open};
use crate::cli::Global;
use crate::context;
use crate::domain::Result;
use crate::ui::{Table, Ui};

/// Lists the profiles; the one in use is marked.
pub(super) fn list_profiles(global: &Global, ui: Ui) -> Result<()> {
    let app = open(global, ui)?;
    app.machine.selection.notes.iter().for_each(|note| ui.warn(note));
    let names = app.config.profiles.keys();
    let profiles: Vec<ProfileFacts> =
        names.map(|name| ProfileFacts::of(&app, name)).collect::<Result<_>>()?;
    if ui.raw {
        return ui.json(&profiles.iter().map(ProfileFacts::as_json).collect::<Value>());
    }
    if profiles.is_empty() {
        ui.say("no profiles: vastenv profile add NAME");
        return Ok(());
    }
    let mut table = Table::new(&["", "PROFILE", "ACCOUNT", "SERVER", "KEY"]);
    for profile in &profiles {
        let mark = if profile.by.is_some() { "*" } else { "" };
        let user = profile.user().unwrap_or_else(|| "not known yet".to_owned());
        table.row(&[mark, &profile.name, &user, &profile.server(), &profile.place()]);
    }
    ui.data(table.render(context::width()).as_bytes())
}
