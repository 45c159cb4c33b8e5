//! `vastenv diff FILE`: how a dotenv file and the account differ.

use std::process::ExitCode;

use serde_json::{Map, Value, json};

use super::app::App;
use super::dotenv_file::{read_entries, shown};
use super::guard;
use super::outcome::Outcome;
use crate::account::Urgency;
use crate::cli::Diff;
use crate::domain::{Secret, count, printable};
use crate::dotenv::{Comparison, Difference, compare, obstacle, settle};

/// What stands in place of a value that nobody knows.
const UNKNOWN: &str = "(unknown)";

/// Compares; exit code 1 if anything differs or cannot be told.
pub fn diff(app: &App, arguments: &Diff) -> Outcome<ExitCode> {
    if arguments.show_values {
        guard::values(app)?;
    }
    // The file first: a fault in it needs no server.
    let file = settle(&read_entries(&arguments.file)?);
    let snapshot = app.fetch(app.account()?, Urgency::Asked)?.snapshot;
    if let Some(failure) = &snapshot.unread {
        app.ui.warn_of(failure);
    }
    let comparison = compare(&file, &snapshot.values());
    if app.ui.raw {
        app.ui.json(&raw(&comparison, arguments.show_values))?;
    } else {
        for note in &file.notes {
            app.ui.say(&format!("{}: {note}", shown(&arguments.file)));
        }
        for line in lines(&comparison, arguments.show_values) {
            app.ui.line(&line)?;
        }
        app.ui.say(&summary(&comparison));
    }
    Ok(if comparison.is_same() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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

fn summary(comparison: &Comparison) -> String {
    let number = |wanted: char| {
        comparison.differences.values().filter(|difference| sign(difference) == wanted).count()
    };
    let same = count(comparison.same.len(), "variable");
    if comparison.is_same() {
        return format!("{same}, all the same");
    }
    format!(
        "{} in the file only, {} in the account only, {} different, {} unknown; {same} the same",
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
