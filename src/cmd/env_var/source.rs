//! Values to remember, as a file or an environment has them.

use std::collections::BTreeMap;
use std::path::Path;

use super::values_file::{ValuesFile, read_values_file};
use crate::bundle::Owner;
use crate::cli::Opening;
use crate::cmd::app::App;
use crate::cmd::dotenv_file::shown;
use crate::domain::{Failure, Result, Secret, is_mask, printable, unseen_edge};
use crate::dotenv::obstacle;
use crate::environment::{Filters, KnownVariables, LaunchValue, Origin};

/// A name, as the account has it, and the value to remember.
pub(super) type Given = (String, Secret);

/// The values that an environment has of these variables.
pub(super) fn from_place(
    app: &App,
    found: BTreeMap<String, LaunchValue>,
    known: &KnownVariables,
    names: &[String],
    filters: &Filters,
    place: &str,
) -> Result<Vec<Given>> {
    let found = filtered(app, filters, found)?;
    for name in found.keys().filter(|name| filters.names(name) && known.find(name).is_none()) {
        app.ui.say(&format!("{} is not in the account", printable(name)));
    }
    let mut given = Vec::new();
    // Of what the filters leave out, nothing is expected.
    for name in names.iter().filter(|name| !filters.is_selective() || found.contains_key(*name)) {
        let shown = printable(name);
        match found.get(name).cloned() {
            None => app.ui.say(&format!("{shown} is not in the environment {place}")),
            Some(Err(_)) => app.ui.say(&format!("{shown} is not UTF-8 {place}")),
            Some(Ok(value)) if value.expose().is_empty() => {
                app.ui.say(&format!("{shown} is empty {place}"));
            }
            Some(Ok(value)) if is_mask(value.expose()) => {
                app.ui.say(&format!("{shown} is all asterisks {place}: not a value"));
            }
            Some(Ok(value)) => {
                if let Some(edge) = unseen_edge(value.expose()) {
                    let edge = edge as u32;
                    app.ui.warn(&format!("{name} begins or ends with U+{edge:04X}, which is invisible"));
                }
                given.push((name.clone(), value));
            }
        }
    }
    Ok(given)
}

/// What the filters leave of a source, under the names that the account has for it.
fn filtered<V>(app: &App, filters: &Filters, source: BTreeMap<String, V>) -> Result<BTreeMap<String, V>> {
    let filtered = filters.apply(source, Origin::Flags)?;
    for note in &filtered.notes {
        app.ui.warn(note);
    }
    Ok(filtered.variables)
}

pub(super) fn read_file(app: &App, path: &Path, opening: &Opening) -> Result<ValuesFile> {
    let file = read_values_file(app, path, opening)?;
    for note in &file.settled.notes {
        app.ui.say(&format!("{}: {note}", shown(path)));
    }
    Ok(file)
}

/// Two accounts may have variables of one name, and values that belong apart.
pub(super) fn refuse_another(owner: &Owner, here: &Owner) -> Result<()> {
    if owner.is_same(here) {
        return Ok(());
    }
    Err(Failure::failed(format!("the file is for another account: {}, not {}", owner.shown(), here.shown()))
        .hint("take its values anyway: --any-account"))
}

/// The values of a file for what the account has and the server hides, or for `only`.
pub(super) fn from_file(
    app: &App,
    file: &ValuesFile,
    known: &KnownVariables,
    only: &[String],
    filters: &Filters,
) -> Result<Vec<Given>> {
    let variables = file.settled.variables.iter();
    let variables =
        filtered(app, filters, variables.map(|(name, value)| (name.as_str().to_owned(), value)).collect())?;
    let mut given = Vec::new();
    for (name, value) in variables {
        let Some(variable) = known.find(&name) else {
            if !file.is_environment || filters.names(&name) {
                app.ui.say(&format!("{name} is not in the account (`vastenv import` creates it)"));
            }
            continue;
        };
        let is_wanted = if only.is_empty() {
            variable.shown().is_none()
        } else {
            only.iter().any(|only| only == variable.name)
        };
        if !is_wanted {
            continue;
        }
        match obstacle(value) {
            Some(reason) => app.ui.say(&format!("{name} skipped: {}", reason.text())),
            None => given.push((variable.name.to_owned(), value.clone())),
        }
    }
    Ok(given)
}
