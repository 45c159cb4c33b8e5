//! `vastenv profile show [PROFILE]`

use serde_json::Value;

use super::facts::{ProfileFacts, open};
use crate::cli::{Global, ShowProfile};
use crate::domain::Result;
use crate::ui::Ui;

/// Shows a profile, or the one in use.
pub(super) fn show_profile(global: &Global, arguments: &ShowProfile, ui: Ui) -> Result<()> {
    let app = open(global, ui)?;
    app.machine.selection.notes.iter().for_each(|note| ui.warn(note));
    let in_use = app.machine.selection.profile.as_ref().map(|chosen| chosen.name.clone());
    let Some(name) = arguments.name.clone().or(in_use) else {
        if ui.raw {
            return ui.json(&Value::Null);
        }
        ui.say("no profile is in use");
        return Ok(());
    };
    let facts = ProfileFacts::of(&app, &name)?;
    if ui.raw {
        return ui.json(&facts.as_json());
    }
    let by = match &facts.by {
        Some(by) => format!("in use, chosen by {by}"),
        None => "not in use".to_owned(),
    };
    let default = if facts.is_default { "; the default" } else { "" };
    let mut lines = vec![
        ("profile", format!("{name} ({by}{default})")),
        ("account", facts.user().unwrap_or_else(|| "not known yet".to_owned())),
        ("server", facts.server()),
        ("key", facts.place()),
    ];
    lines.extend(facts.settings());
    lines.iter().try_for_each(|(heading, text)| ui.line(&format!("{heading:10}{text}")))
}
