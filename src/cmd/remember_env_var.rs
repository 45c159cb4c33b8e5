//! `vastenv remember env-var …`: values that the server hides, kept on this machine. The account is
//! read where that is needed, never changed.

use std::path::Path;

use serde_json::json;

use super::app::App;
use super::dotenv_file::{read_entries, shown};
use super::outcome::{Outcome, Stop};
use super::value::{agree_to_edges, checked_name, given_value};
use crate::account::{Account, Known, Urgency};
use crate::cli::{Remember, RememberEnvVar, RememberWhat, Sources};
use crate::context;
use crate::domain::{EnvName, Failure, Kind, Result, Secret, count, is_mask, printable, unseen_edge};
use crate::dotenv::{Settled, obstacle, settle};
use crate::environment::KnownVariables;
use crate::ui::read_value;

/// A name, as the account has it, and the value to remember.
type Given = (String, Secret);

/// Remembers one value, or those of a whole source.
pub fn remember_env_var(app: &App, arguments: Remember) -> Outcome<()> {
    let account = app.account()?;
    let Remember { what, sources } = arguments;
    account.move_lost_values()?;
    app.warn_of_notes();
    match what {
        None => remember_from(app, &account, None, &sources),
        Some(RememberWhat::EnvVar(one)) if is_given(&one.sources) => {
            remember_from(app, &account, one.name.as_deref(), &one.sources)
        }
        Some(RememberWhat::EnvVar(one)) if is_given(&sources) => {
            remember_from(app, &account, one.name.as_deref(), &sources)
        }
        Some(RememberWhat::EnvVar(one)) => remember_one(app, &account, one),
    }
}

fn is_given(sources: &Sources) -> bool {
    sources.all || sources.from_env || sources.from.is_some()
}

fn remember_one(app: &App, account: &Account<'_>, arguments: RememberEnvVar) -> Outcome<()> {
    let typed = arguments.name.as_deref().unwrap_or_default();
    let name = checked_name(typed)?;
    let known = variables_with(app, account, Some(&name))?;
    let saved = saved_name(&known, &name)?;
    let value = given_value(app, &name, arguments.value, arguments.stdin.keep_newline)?;
    if value.expose().is_empty() {
        return Err(Failure::usage(format!("the value of {name} is empty"))
            .hint("an account cannot hold empty values; `vastenv forget env-var` drops a remembered one")
            .into());
    }
    Ok(keep(app, account, &known, &[(saved, value)])?)
}

/// The values of a source: asked for, from the environment, or from a file.
fn remember_from(app: &App, account: &Account<'_>, name: Option<&str>, sources: &Sources) -> Outcome<()> {
    let name = name.map(checked_name).transpose()?;
    // The file first: a fault in it needs no server.
    let file = sources.from.as_deref().map(|path| read_file(app, path)).transpose()?;
    let known = variables_with(app, account, name.as_ref())?;
    let environment = account.environment(&known);
    let wanted: Vec<String> = match &name {
        Some(name) => vec![saved_name(&known, name)?],
        None => environment.hidden().into_iter().map(str::to_owned).collect(),
    };
    let given = if sources.all {
        ask_for(app, account, &known, &wanted)?
    } else if sources.from_env {
        from_environment(app, &wanted)
    } else if let Some(file) = &file {
        let only = if name.is_some() { wanted.first() } else { None };
        from_file(app, file, &known, only)
    } else {
        return Err(Failure::usage("nothing to remember given")
            .hint("vastenv remember env-var NAME, or --all, --from-env, --from FILE")
            .into());
    };
    if given.is_empty() {
        if wanted.is_empty() {
            app.ui.say("nothing to remember: no value is unknown");
            return Ok(());
        }
        return Err(Failure::failed(format!("no value remembered for {}", wanted.join(", "))).into());
    }
    Ok(keep(app, account, &known, &given)?)
}

/// What is known of the account; asked for anew where it is old, or lacks `name`.
fn variables_with(app: &App, account: &Account<'_>, name: Option<&EnvName>) -> Outcome<KnownVariables> {
    let known = match account.known() {
        Ok(Known::Variables(known)) => Some(*known),
        Ok(Known::Refused(_) | Known::Nothing) => None,
        Err(failure) => {
            app.ui.warn_of(&failure);
            None
        }
    };
    let lacks = |known: &KnownVariables| name.is_some_and(|name| known.find(name.as_str()).is_none());
    match known {
        Some(known) if account.is_fresh(&known) && !lacks(&known) => Ok(known),
        known => match (app.fetch(account.clone(), Urgency::Asked), known) {
            (Ok(refreshed), _) => Ok(refreshed.known),
            (Err(Stop::Failed(failure)), Some(known))
                if failure.kind() == Kind::Unavailable && !lacks(&known) =>
            {
                app.ui.warn(&format!("{}; using the cache", failure.message()));
                Ok(known)
            }
            (Err(stop), _) => Err(stop),
        },
    }
}

/// The name as the account has it.
fn saved_name(known: &KnownVariables, name: &EnvName) -> Result<String> {
    let saved = known.find(name.as_str()).ok_or_else(|| {
        Failure::failed(format!("the account has no variable {name}")).hint(format!(
            "create it: vastenv create env-var {name} (`vastenv show env-vars` lists the names)"
        ))
    })?;
    Ok(saved.name.to_owned())
}

/// Asks for each value in turn; an empty answer skips it.
fn ask_for(app: &App, account: &Account<'_>, known: &KnownVariables, names: &[String]) -> Result<Vec<Given>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    if !context::stdin_is_terminal() {
        return Err(Failure::usage("cannot prompt for values: stdin is not a terminal")
            .hint("use --from-env, or --from FILE (- is stdin)"));
    }
    app.ui.say(&format!("{} to enter; press Enter to skip one", count(names.len(), "value")));
    let mut given = Vec::new();
    for name in names {
        let value = match read_value(&format!("value of {}", printable(name)), false) {
            Ok(value) => value,
            Err(failure) if given.is_empty() => return Err(failure),
            Err(failure) => {
                app.ui.warn_of(&failure);
                break;
            }
        };
        if !value.expose().is_empty() {
            if let Ok(name) = EnvName::parse(name) {
                agree_to_edges(app, &name, &value)?;
            }
            given.push((name.clone(), value));
            // At once: an interrupt at a later question loses nothing.
            account.remember(known, &given[given.len() - 1..])?;
        }
    }
    Ok(given)
}

fn from_environment(app: &App, names: &[String]) -> Vec<Given> {
    let mut given = Vec::new();
    for name in names {
        let Some(bytes) = EnvName::parse(name).ok().and_then(|name| context::bytes_var(&name)) else {
            app.ui.say(&format!("{} is not in the environment", printable(name)));
            continue;
        };
        match String::from_utf8(bytes) {
            Ok(text) if text.is_empty() => app.ui.say(&format!("{} is empty here", printable(name))),
            Ok(text) if is_mask(&text) => {
                app.ui.say(&format!("{} is all asterisks here: not a value", printable(name)));
            }
            Ok(text) => {
                if let Some(edge) = unseen_edge(&text) {
                    let edge = edge as u32;
                    app.ui.warn(&format!("{name} begins or ends with U+{edge:04X}, which is invisible"));
                }
                given.push((name.clone(), Secret::new(text)));
            }
            Err(_) => app.ui.say(&format!("{} is not UTF-8 here", printable(name))),
        }
    }
    given
}

fn read_file(app: &App, path: &Path) -> Result<Settled> {
    let file = settle(&read_entries(path)?);
    for note in &file.notes {
        app.ui.say(&format!("{}: {note}", shown(path)));
    }
    Ok(file)
}

/// The values of a file for what the account has and the server hides, or for `only`.
fn from_file(app: &App, file: &Settled, known: &KnownVariables, only: Option<&String>) -> Vec<Given> {
    let mut given = Vec::new();
    for (name, value) in &file.variables {
        let Some(variable) = known.find(name.as_str()) else {
            app.ui.say(&format!("{name} is not in the account (`vastenv import` creates it)"));
            continue;
        };
        if only.is_some_and(|only| only != variable.name) || (only.is_none() && variable.shown().is_some()) {
            continue;
        }
        match obstacle(value) {
            Some(reason) => app.ui.say(&format!("{name} skipped: {}", reason.text())),
            None => given.push((variable.name.to_owned(), value.clone())),
        }
    }
    given
}

fn keep(app: &App, account: &Account<'_>, known: &KnownVariables, given: &[Given]) -> Result<()> {
    for (name, value) in given {
        if is_mask(value.expose()) {
            app.ui
                .warn(&format!("the value of {name} is all asterisks, like a hidden value; taken as typed"));
        }
        if known.get(name).is_some_and(|variable| variable.shown().is_some()) {
            app.ui.warn(&format!("the server shows the value of {name}, which overrides the remembered one"));
        }
    }
    account.remember(known, given)?;
    let names: Vec<&str> = given.iter().map(|(name, _)| name.as_str()).collect();
    if app.ui.raw {
        return app.ui.json(&json!({"success": true, "remembered": names}));
    }
    app.ui.say(&format!("remembered {} on this machine; the account is unchanged", names.join(", ")));
    Ok(())
}
