//! `vastenv diff FILE`: how a dotenv file and the account differ; with `--on`, a container in place of the file.

use std::process::ExitCode;

use serde_json::{Map, Value, json};

use super::app::App;
use super::dotenv_file::{read_entries, shown};
use super::guard;
use super::outcome::Outcome;
use super::there::{launch_environment, not_for_ssh, target};
use crate::account::{Snapshot, Urgency};
use crate::cli::Diff;
use crate::domain::{EnvName, Failure, Secret, count, printable};
use crate::dotenv::{Comparison, Difference, Settled, compare, obstacle, settle};
use crate::ssh::Container;

/// What stands in place of a value that nobody knows.
const UNKNOWN: &str = "(unknown)";

/// Compares; exit code 1 if anything differs or cannot be told.
pub fn diff(app: &App, arguments: &Diff) -> Outcome<ExitCode> {
    if arguments.show_values {
        guard::values(app)?;
    }
    // The file first: a fault in it needs no server.
    let file =
        arguments.file.as_deref().map(|path| Ok::<_, Failure>(settle(&read_entries(path)?))).transpose()?;
    let account = app.account()?;
    let snapshot = app.fetch(account.clone(), Urgency::Asked)?.snapshot;
    if let Some(failure) = &snapshot.unread {
        app.ui.warn_of(failure);
    }
    let (side, other) = match (file, &arguments.on) {
        (Some(file), _) => ("file", file),
        (None, on) => {
            let target = target(app, on.as_deref().unwrap_or_default(), &arguments.ssh)?;
            let own = not_for_ssh(app, &account.environment(&snapshot));
            ("container", launched_with(&launch_environment(&target, &own)?, &snapshot))
        }
    };
    let mut known = snapshot.values();
    if arguments.on.is_some() {
        // No container can have the others.
        known.retain(|name, _| EnvName::parse(name).is_ok());
    }
    let comparison = compare(&other, &known);
    if app.ui.raw {
        app.ui.json(&raw(&comparison, arguments.show_values))?;
    } else {
        if let Some(path) = &arguments.file {
            other.notes.iter().for_each(|note| app.ui.say(&format!("{}: {note}", shown(path))));
        }
        for line in lines(&comparison, arguments.show_values) {
            app.ui.line(&line)?;
        }
        app.ui.say(&summary(&comparison, side));
    }
    Ok(if comparison.is_same() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The account's variables as a container was launched with them; what else it has is its own.
fn launched_with(container: &Container, snapshot: &Snapshot) -> Settled {
    let names = snapshot.variables.keys().filter_map(|name| EnvName::parse(name).ok());
    let variables = names.filter_map(|name| {
        // What is not text is another value than any that is known here.
        let value = container.get(name.as_str())?.clone();
        Some((name, value.unwrap_or_else(|_| Secret::new("\u{fffd}"))))
    });
    Settled { variables: variables.collect(), ..Settled::default() }
}

fn lines(comparison: &Comparison, show_values: bool) -> Vec<String> {
    let named = comparison.differences.iter().map(|(name, difference)| {
        let values = if show_values { values(difference) } else { String::new() };
        let why = difference.file().and_then(obstacle);
        let why = why.map_or(String::new(), |reason| format!(" ({})", reason.text()));
        format!("{} {}{why}{values}", sign(difference), printable(name))
    });
    let misnamed = comparison
        .misnamed
        .iter()
        .map(|(line, error)| format!("+ line {line} (not a variable name: {error})"));
    named.chain(misnamed).collect()
}

fn sign(difference: &Difference) -> char {
    match difference {
        Difference::Added { .. } => '+',
        Difference::Missing { .. } => '-',
        Difference::Different { .. } => '~',
        Difference::Unknown { .. } => '?',
    }
}

/// The values for a person: the account's, then the file's.
fn values(difference: &Difference) -> String {
    let text = |value: Option<&Secret>| {
        value.map_or(UNKNOWN.to_owned(), |value| format!("'{}'", printable(value.expose())))
    };
    match difference {
        Difference::Added { file } => format!("  file {}", text(Some(file))),
        Difference::Missing { account } => format!("  account {}", text(account.as_ref())),
        Difference::Different { file, account } => {
            format!("  account {}, file {}", text(Some(account)), text(Some(file)))
        }
        Difference::Unknown { file, account } => {
            format!("  account {}, file {}", text(account.as_ref()), text(Some(file)))
        }
    }
}

fn summary(comparison: &Comparison, side: &str) -> String {
    let number = |wanted: char| {
        comparison.differences.values().filter(|difference| sign(difference) == wanted).count()
    };
    let same = count(comparison.same.len(), "variable");
    if comparison.is_same() {
        return format!("{same}, all the same");
    }
    format!(
        "{} in the {side} only, {} in the account only, {} different, {} unknown; {same} the same",
        number('+') + comparison.misnamed.len(),
        number('-'),
        number('~'),
        number('?')
    )
}

/// Lists of names; with values objects, in which null stands for what nobody knows.
fn raw(comparison: &Comparison, show_values: bool) -> Value {
    let value = |value: Option<&Secret>| value.map_or(Value::Null, |value| value.expose().into());
    let group = |wanted: char| {
        let chosen = comparison.differences.iter().filter(|(_, difference)| sign(difference) == wanted);
        if !show_values {
            return chosen.map(|(name, _)| Value::from(name.as_str())).collect::<Vec<_>>().into();
        }
        let values = chosen.map(|(name, difference)| {
            let values = match difference {
                Difference::Added { file } => value(Some(file)),
                Difference::Missing { account } => value(account.as_ref()),
                Difference::Different { file, account } => {
                    json!({"account": value(Some(account)), "file": value(Some(file))})
                }
                Difference::Unknown { file, account } => {
                    json!({"account": value(account.as_ref()), "file": value(Some(file))})
                }
            };
            (name.clone(), values)
        });
        Value::Object(values.collect::<Map<_, _>>())
    };
    let misnamed: Vec<_> = comparison.misnamed.iter().map(|(line, _)| *line).collect();
    json!({
        "added": group('+'),
        "missing": group('-'),
        "different": group('~'),
        "unknown": group('?'),
        "same": comparison.same,
        "misnamed_lines": misnamed,
    })
}
