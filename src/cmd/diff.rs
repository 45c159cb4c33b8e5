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
use crate::dotenv::{Comparison, Difference, How, compare, obstacle, settle};

/// What stands in place of a value that nobody knows.
const UNKNOWN: &str = "(unknown)";

/// Compares; exit code 1 if anything differs or cannot be told.
pub fn diff(app: &App, arguments: &Diff) -> Outcome<ExitCode> {
    if arguments.show_values {
        guard::values(app)?;
    }
    // The file first: a fault in it needs no server.
    let file = settle(&read_entries(&arguments.file)?);
    let known = app.fetch(app.account()?, Urgency::Asked)?.known;
    if let Some(failure) = &known.unread {
        app.ui.warn_of(failure);
    }
    let comparison = compare(&file, known.iter());
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

fn lines(comparison: &Comparison<'_>, show_values: bool) -> Vec<String> {
    let named = comparison.differences.iter().map(|(name, difference)| {
        let values = if show_values { values(difference) } else { String::new() };
        let why = difference.file.and_then(obstacle);
        let why = why.map_or(String::new(), |reason| format!(" ({})", reason.text()));
        format!("{} {}{why}{values}", sign(difference.how), printable(name))
    });
    let misnamed = comparison
        .misnamed
        .iter()
        .map(|(line, error)| format!("+ line {line} (not a variable name: {error})"));
    named.chain(misnamed).collect()
}

fn sign(how: How) -> char {
    match how {
        How::Added => '+',
        How::Missing => '-',
        How::Different => '~',
        How::Unknown => '?',
    }
}

/// The values for a person: the account's, then the file's.
fn values(difference: &Difference<'_>) -> String {
    let text = |value: Option<&Secret>| {
        value.map_or(UNKNOWN.to_owned(), |value| format!("'{}'", printable(value.expose())))
    };
    let (account, file) = (text(difference.account), text(difference.file));
    match difference.how {
        How::Added => format!("  file {file}"),
        How::Missing => format!("  account {account}"),
        How::Different | How::Unknown => format!("  account {account}, file {file}"),
    }
}

fn summary(comparison: &Comparison<'_>) -> String {
    let number = |how| comparison.differences.values().filter(|difference| difference.how == how).count();
    let same = count(comparison.same.len(), "variable");
    if comparison.is_same() {
        return format!("{same}, all the same");
    }
    format!(
        "{} in the file only, {} in the account only, {} different, {} unknown; {same} the same",
        number(How::Added) + comparison.misnamed.len(),
        number(How::Missing),
        number(How::Different),
        number(How::Unknown)
    )
}

/// Lists of names; with values objects, in which null stands for what nobody knows.
fn raw(comparison: &Comparison<'_>, show_values: bool) -> Value {
    let value = |value: Option<&Secret>| value.map_or(Value::Null, |value| value.expose().into());
    let group = |how| {
        let chosen = comparison.differences.iter().filter(|(_, difference)| difference.how == how);
        if !show_values {
            return chosen.map(|(name, _)| Value::from(*name)).collect::<Vec<_>>().into();
        }
        let values = chosen.map(|(name, Difference { file, account, .. })| {
            let values = match how {
                How::Added => value(*file),
                How::Missing => value(*account),
                How::Different | How::Unknown => json!({"account": value(*account), "file": value(*file)}),
            };
            ((*name).to_owned(), values)
        });
        Value::Object(values.collect::<Map<_, _>>())
    };
    let misnamed: Vec<_> = comparison.misnamed.iter().map(|(line, _)| *line).collect();
    json!({
        "added": group(How::Added),
        "missing": group(How::Missing),
        "different": group(How::Different),
        "unknown": group(How::Unknown),
        "same": comparison.same,
        "misnamed_lines": misnamed,
    })
}
