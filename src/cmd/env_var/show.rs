//! `vastenv show env-vars [NAME…] [-s]`: the account's variables.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::account::{Urgency, without_account};
use crate::cli::{Filters, ShowEnvVars};
use crate::cmd::app::App;
use crate::cmd::guard;
use crate::cmd::load::loading::{read_filters, refuse_unmet, select, select_without_account};
use crate::cmd::outcome::Outcome;
use crate::context;
use crate::domain::{EnvName, Failure, Kind, Remembered, Secret, count, printable};
use crate::environment::{self, Environment, KnownVariables, Provenance, Variable, Why};
use crate::ui::Table;

/// What stands in place of a value.
const HIDDEN: &str = "*****";

/// Shows the variables as the server has them now.
pub(crate) fn show_env_vars(app: &App, arguments: &ShowEnvVars) -> Outcome<()> {
    if arguments.show_values {
        guard::values(app)?;
    }
    let given = &arguments.filters;
    let only = [arguments.names.as_slice(), &given.only].concat();
    let filters = read_filters(&Filters { only, ..given.clone() })?;
    let account = match app.account() {
        Err(failure) if failure.kind() == Kind::NotAuthenticated => {
            return of_container(app, arguments, &filters, failure);
        }
        account => account?,
    };
    let known = app.fetch(account.clone(), Urgency::Asked)?.known;
    if let Some(failure) = &known.unread {
        app.ui.warn_of(failure);
    }
    let selected = select(app, &account, &known, &filters, false)?;
    refuse_unmet(app, Some((&account, &known)), &selected, &filters)?;
    if arguments.unknown {
        return list_unknown(app, &selected);
    }
    let rows: Vec<Row<'_>> =
        selected.names().into_iter().filter_map(|name| Some((name, row(&selected, &known, name)?))).collect();
    if rows.is_empty() && known.snapshot.variables.is_empty() && !app.ui.raw {
        app.ui.say("no variables in the account; create one with `vastenv create env-var NAME`");
        return Ok(());
    }
    let in_shells = account.environment(&known)?;
    print(app, Some(&known), [&selected, &in_shells], &rows, arguments.show_values)?;
    if let Some(file) = app.machine.selection.project_file().filter(|_| !filters.is_selective()) {
        let left_out = selected.left_out.len();
        if left_out > 0 {
            app.ui.say(&format!("{file} leaves out {}: --no-project", count(left_out, "variable")));
        }
    }
    Ok(())
}

/// The variable that is called `name` here.
fn row<'a>(selected: &'a Environment, known: &'a KnownVariables, name: &'a str) -> Option<Variable<'a>> {
    if selected.from_project.contains(name) {
        let value = EnvName::parse(name).ok().and_then(|name| selected.variables.get(&name));
        return Some(Variable { name, value, provenance: Provenance::Project });
    }
    known.get(selected.account_name(name))
}

/// Without a key in a container, those that it was launched with.
fn of_container(
    app: &App,
    arguments: &ShowEnvVars,
    filters: &environment::Filters,
    failure: Failure,
) -> Outcome<()> {
    let selected = select_without_account(app, app.room(), filters).ok_or(failure)??;
    refuse_unmet(app, None, &selected, filters)?;
    if arguments.unknown {
        return list_unknown(app, &selected);
    }
    let given = selected.variables.iter();
    let rows: Vec<Row<'_>> = given
        .map(|(name, value)| {
            let name = name.as_str();
            (name, Variable { name, value: Some(value), provenance: Provenance::Instance })
        })
        .collect();
    let in_shells = without_account(&app.machine.selection, app.room()).transpose()?.unwrap_or_default();
    print(app, None, [&selected, &in_shells], &rows, arguments.show_values)
}

fn print(
    app: &App,
    known: Option<&KnownVariables>,
    environments: [&Environment; 2],
    rows: &[Row<'_>],
    show_values: bool,
) -> Outcome<()> {
    if app.ui.raw {
        return Ok(app.ui.json(&Value::Object(raw(rows, show_values)))?);
    }
    app.ui.data(table(known, environments, rows, show_values).as_bytes())?;
    if !show_values {
        app.ui.say("values are hidden; show them with -s");
    }
    Ok(())
}

/// A variable under its final name.
type Row<'a> = (&'a str, Variable<'a>);

/// The names of unknown values, for scripts.
fn list_unknown(app: &App, selected: &Environment) -> Outcome<()> {
    let unknown = selected.hidden();
    if app.ui.raw {
        return Ok(app.ui.json(&Value::from(unknown))?);
    }
    for name in unknown {
        app.ui.line(name)?;
    }
    Ok(())
}

fn raw(rows: &[Row<'_>], show_values: bool) -> Map<String, Value> {
    // A mask is not a value: what is unknown is null.
    let value = |value: Option<&Secret>| match (show_values, value) {
        (false, _) => Value::from(HIDDEN),
        (true, value) => value.map_or(Value::Null, |value| value.expose().into()),
    };
    rows.iter().map(|(name, variable)| ((*name).to_owned(), value(variable.value))).collect()
}

/// `selected` is what programs get, and `in_shells` what shells do.
fn table(
    known: Option<&KnownVariables>,
    [selected, in_shells]: [&Environment; 2],
    rows: &[Row<'_>],
    show_values: bool,
) -> String {
    let for_programs: BTreeMap<&str, &Why> = in_shells
        .skipped
        .iter()
        .filter(|skipped| skipped.why.is_for_programs())
        .map(|skipped| (in_shells.account_name(&skipped.name), &skipped.why))
        .collect();
    let whose = if known.is_some() { "account" } else { "container" };
    let mut table = Table::new(&["NAME", "VALUE", "SOURCE", "NOTE"]);
    for (name, variable) in rows {
        let saved = selected.account_name(name);
        let skipped = selected.skipped.iter().find(|skipped| skipped.name == *name);
        let note = skipped.map(|skipped| skipped.why.reason()).or_else(|| {
            let is_doubtful = variable.provenance == Provenance::Remembered
                && known
                    .and_then(|known| known.remembered.get(saved))
                    .is_some_and(Remembered::may_be_outdated);
            let word = shell_escape::escape(saved.into());
            is_doubtful.then(|| format!("may be stale: vastenv why {word}"))
        });
        let note = note.or_else(|| for_programs.get(variable.name).map(|why| why.reason()));
        let note = note.or_else(|| (saved != *name).then(|| format!("{saved} in the {whose}")));
        let value = match (variable.value, show_values) {
            (Some(value), true) => printable(value.expose()),
            (Some(_), false) => HIDDEN.to_owned(),
            (None, _) if variable.provenance == Provenance::Project => "-".to_owned(),
            (None, _) => "unknown".to_owned(),
        };
        let source = variable.value.map_or("-".to_owned(), |_| variable.provenance.to_string());
        table.row(&[name, &value, &source, note.as_deref().unwrap_or_default()]);
    }
    table.render(context::width())
}
