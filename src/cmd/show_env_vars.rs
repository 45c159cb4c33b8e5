//! `vastenv show env-vars [-s]`: the account's variables.

use serde_json::{Map, Value};

use super::app::App;
use super::guard;
use super::outcome::Outcome;
use crate::account::{Account, Urgency};
use crate::cli::ShowEnvVars;
use crate::context;
use crate::domain::{Remembered, printable};
use crate::environment::{KnownVariables, Provenance};
use crate::ui::Table;

/// What stands in place of a value.
const HIDDEN: &str = "*****";

/// Shows the variables as the server has them now.
pub fn show_env_vars(app: &App, arguments: &ShowEnvVars) -> Outcome<()> {
    if arguments.show_values {
        guard::values(app)?;
    }
    let account = app.account()?;
    let known = app.fetch(account.clone(), Urgency::Asked)?.known;
    if let Some(failure) = &known.unread {
        app.ui.warn_of(failure);
    }
    if app.ui.raw {
        return Ok(app.ui.json(&Value::Object(raw(&known, arguments.show_values)))?);
    }
    if known.snapshot.variables.is_empty() {
        app.ui.say("no variables in the account; create one with `vastenv create env-var NAME`");
        return Ok(());
    }
    app.ui.data(table(&account, &known, arguments.show_values).as_bytes())?;
    if !arguments.show_values {
        app.ui.say("values are hidden; show them with -s");
    }
    Ok(())
}

fn raw(known: &KnownVariables, show_values: bool) -> Map<String, Value> {
    let variables = known.iter().map(|variable| {
        let value = match (show_values, variable.value) {
            (false, _) => HIDDEN.into(),
            (true, Some(value)) => value.expose().into(),
            // A mask is no value: what is unknown is null.
            (true, None) => Value::Null,
        };
        (variable.name.to_owned(), value)
    });
    variables.collect()
}

fn table(account: &Account<'_>, known: &KnownVariables, show_values: bool) -> String {
    let environment = account.environment(known);
    let mut table = Table::new(&["NAME", "VALUE", "SOURCE", "NOTE"]);
    for variable in known.iter() {
        let name = variable.name;
        let note = environment
            .skipped
            .iter()
            .find(|skipped| skipped.name == name)
            .map(|skipped| skipped.why.reason())
            .or_else(|| {
                let is_doubtful = variable.provenance == Provenance::Remembered
                    && known.remembered.get(name).is_some_and(Remembered::may_be_outdated);
                let word = shell_escape::escape(name.into());
                is_doubtful.then(|| format!("may be stale: vastenv why {word}"))
            });
        let value = match (variable.value, show_values) {
            (Some(value), true) => printable(value.expose()),
            (Some(_), false) => HIDDEN.to_owned(),
            (None, _) => "unknown".to_owned(),
        };
        let source = variable.value.map_or("-".to_owned(), |_| variable.provenance.to_string());
        table.row(&[name, &value, &source, note.as_deref().unwrap_or_default()]);
    }
    table.render(context::width())
}
