//! `vastenv diff FILE`: how a dotenv file and the account differ; with `--on`, a container in place of the file.

use std::process::ExitCode;

use serde_json::{Map, Value, json};

use crate::account::Urgency;
use crate::cli::Diff;
use crate::cmd::app::App;
use crate::cmd::dotenv_file::{read_entries, shown};
use crate::cmd::guard;
use crate::cmd::load::there::{launch_environment, not_for_ssh, target};
use crate::cmd::outcome::Outcome;
use crate::domain::{EnvName, Failure, Secret, count, printable};
use crate::dotenv::{Comparison, Difference, How, Settled, compare, obstacle, settle};
use crate::environment::{KnownVariables, Launch};

/// What stands in place of a value that nobody knows.
const UNKNOWN: &str = "(unknown)";

/// Compares; exit code 1 if anything differs or cannot be told.
pub(crate) fn diff(app: &App, arguments: &Diff) -> Outcome<ExitCode> {
    if arguments.show_values {
        guard::values(app)?;
    }
    // The file first: a fault in it needs no server.
    let file =
        arguments.file.as_deref().map(|path| Ok::<_, Failure>(settle(&read_entries(path)?))).transpose()?;
    let account = app.account()?;
    let known = app.fetch(account.clone(), Urgency::Asked)?.known;
    if let Some(failure) = &known.unread {
        app.ui.warn_of(failure);
    }
    let (side, other) = match (file, &arguments.on) {
        (Some(file), _) => ("file", file),
        (None, on) => {
            let target = target(app, on.as_deref().unwrap_or_default(), &arguments.ssh)?;
            let own = not_for_ssh(app, &account.everything(&known));
            ("container", launched_with(&launch_environment(&target, &own)?, &known))
        }
    };
    // A container can have no others.
    let variables = known.iter().filter(|it| arguments.on.is_none() || EnvName::parse(it.name).is_ok());
    let comparison = compare(&other, variables);
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
fn launched_with(container: &Launch, known: &KnownVariables) -> Settled {
    let names = known.iter().filter_map(|variable| EnvName::parse(variable.name).ok());
    let variables = names.filter_map(|name| {
        // What is not text is another value than any that is known here.
        let value = container.get(name.as_str())?.clone();
        Some((name, value.unwrap_or_else(|_| Secret::new("\u{fffd}"))))
    });
    Settled { variables: variables.collect(), ..Settled::default() }
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

fn summary(comparison: &Comparison<'_>, side: &str) -> String {
    let number = |how| comparison.differences.values().filter(|difference| difference.how == how).count();
    let same = count(comparison.same.len(), "variable");
    if comparison.is_same() {
        return format!("{same}, all the same");
    }
    format!(
        "{} in the {side} only, {} in the account only, {} different, {} unknown; {same} the same",
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
