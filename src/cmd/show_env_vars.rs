//! `vastenv show env-vars [-s]`: the account's variables.

use serde_json::{Map, Value};

use super::app::App;
use super::guard;
use super::outcome::Outcome;
use crate::account::{Account, Origin, Remembered, Snapshot, Urgency};
use crate::cli::ShowEnvVars;
use crate::context;
use crate::domain::{Secret, printable};
use crate::ui::Table;

/// What stands in place of a value.
const HIDDEN: &str = "*****";

/// Shows the variables as the server has them now.
pub fn show_env_vars(app: &App, arguments: &ShowEnvVars) -> Outcome<()> {
    if arguments.show_values {
        guard::values(app)?;
    }
    let account = app.account()?;
    let snapshot = app.fetch(account.clone(), Urgency::Asked)?.snapshot;
    if let Some(failure) = &snapshot.unread {
        app.ui.warn_of(failure);
    }
    if app.ui.raw {
        return Ok(app.ui.json(&Value::Object(raw(&snapshot, arguments.show_values)))?);
    }
    if snapshot.variables.is_empty() {
        app.ui.say("no variables in the account; create one with `vastenv create env-var NAME`");
        return Ok(());
    }
    app.ui.data(table(&account, &snapshot, arguments.show_values).as_bytes())?;
    if !arguments.show_values {
        app.ui.say("values are hidden; show them with -s");
    }
    Ok(())
}

fn raw(snapshot: &Snapshot, show_values: bool) -> Map<String, Value> {
    // A mask is no value: what is unknown is null.
    let value = |value: Option<&Secret>| match (show_values, value) {
        (false, _) => Value::from(HIDDEN),
        (true, value) => value.map_or(Value::Null, |value| value.expose().into()),
    };
    snapshot.variables.iter().map(|(name, variable)| (name.clone(), value(variable.value.as_ref()))).collect()
}

fn table(account: &Account<'_>, snapshot: &Snapshot, show_values: bool) -> String {
    let environment = account.environment(snapshot);
    let remembered = account.remembered().unwrap_or_default();
    let mut table = Table::new(&["NAME", "VALUE", "SOURCE", "NOTE"]);
    for (name, variable) in &snapshot.variables {
        let note = environment
            .skipped
            .iter()
            .find(|skipped| skipped.name == *name)
            .map(|skipped| skipped.why.reason())
            .or_else(|| {
                let is_doubtful = variable.origin == Origin::Local
                    && remembered.get(name).is_some_and(Remembered::may_be_outdated);
                let word = shell_escape::escape(name.into());
                is_doubtful.then(|| format!("may be stale: vastenv why {word}"))
            });
        let value = match (&variable.value, show_values) {
            (Some(value), true) => printable(value.expose()),
            (Some(_), false) => HIDDEN.to_owned(),
            (None, _) => "unknown".to_owned(),
        };
        let source = match (variable.origin, &variable.value) {
            (_, None) => "-",
            (Origin::Account, _) => "account",
            (Origin::Local, _) => "remembered",
        };
        table.row(&[name, &value, source, note.as_deref().unwrap_or_default()]);
    }
    table.render(context::width())
}
