//! `vastenv remember env-var …`: values that the server hides, kept on this machine. The account is
//! read where that is needed, never changed.

use std::collections::BTreeMap;

use serde_json::json;

use super::source::{Given, from_file, from_place, read_file, refuse_another};
use super::value::{agree_to_edges, checked_name, given_value};
use crate::account::{Account, Known, Urgency};
use crate::cli::{self, Opening, Place, Remember, RememberEnvVar, RememberWhat, Sources};
use crate::cmd::app::App;
use crate::cmd::load::export_age::owner as owner_of;
use crate::cmd::load::loading::read_filters;
use crate::cmd::load::nearest::by_typing;
use crate::cmd::load::there::{self, launch_environment, not_for_ssh};
use crate::cmd::outcome::{Outcome, Stop};
use crate::context;
use crate::domain::{EnvName, Failure, Kind, Result, Secret, count, is_mask, printable};
use crate::environment::{Environment, Filters, KnownVariables};
use crate::ssh::Target;
use crate::ui::read_skippable;

/// Remembers one value, or those of a whole source.
pub(crate) fn remember_env_var(app: &App, arguments: Remember) -> Outcome<()> {
    let account = app.account()?;
    let Remember { what, sources, opening, filters } = arguments;
    account.move_lost_values()?;
    app.warn_of_notes();
    match what {
        None => remember_from(app, &account, &[], &sources, &opening, &filters),
        Some(RememberWhat::EnvVar(one)) if is_given(&one.sources) => {
            remember_from(app, &account, &names(&one)?, &one.sources, &one.opening, &one.filters)
        }
        Some(RememberWhat::EnvVar(one)) if is_given(&sources) => {
            remember_from(app, &account, &names(&one)?, &sources, &opening, &filters)
        }
        Some(RememberWhat::EnvVar(one)) => remember_one(app, &account, one),
    }
}

fn is_given(sources: &Sources) -> bool {
    let place = &sources.place;
    sources.all
        || place.from_env
        || place.from.is_some()
        || place.from_instance.is_some()
        || place.from_ssh.is_some()
}

/// The names beside a source: there, what stands where a value could is one too.
fn names(arguments: &RememberEnvVar) -> Result<Vec<EnvName>> {
    let second = arguments.value.as_ref().map(Secret::expose);
    let names = arguments.name.as_deref().into_iter().chain(second);
    names.chain(arguments.more.iter().map(String::as_str)).map(checked_name).collect()
}

fn remember_one(app: &App, account: &Account<'_>, arguments: RememberEnvVar) -> Outcome<()> {
    if !arguments.more.is_empty() {
        return Err(Failure::usage("more than a name and a value")
            .hint("see `vastenv remember env-var --help`")
            .into());
    }
    if !arguments.filters.is_empty() {
        return Err(filters_without_source().into());
    }
    let typed = arguments.name.as_deref().unwrap_or_default();
    let name = checked_name(typed)?;
    let known = variables_with(app, account, std::slice::from_ref(&name))?;
    let saved = saved_name(&known, &name)?;
    let value = given_value(app, &name, arguments.value, arguments.stdin.keep_newline)?;
    if value.expose().is_empty() {
        return Err(Failure::usage(format!("the value of {name} is empty"))
            .hint("an account cannot hold empty values; `vastenv forget env-var` drops a remembered one")
            .into());
    }
    Ok(keep(app, account, &known, &[(saved, value)])?)
}

/// The values of a source: asked for, from the environment, a file, or a container elsewhere.
fn remember_from(
    app: &App,
    account: &Account<'_>,
    names: &[EnvName],
    sources: &Sources,
    opening: &Opening,
    filters: &cli::Filters,
) -> Outcome<()> {
    let Place { from_env, from, from_instance, from_ssh } = &sources.place;
    let has_place = *from_env || from.is_some() || from_instance.is_some() || from_ssh.is_some();
    if !has_place && !filters.is_empty() {
        return Err(filters_without_source().into());
    }
    let filters = read_filters(filters)?;
    // First: a fault in these needs no server.
    let file = from.as_deref().map(|path| read_file(app, path, opening)).transpose()?;
    let options = &sources.ssh;
    let destination = from_ssh.as_deref().map(|given| Target::new(given, &options.options)).transpose()?;
    let known = variables_with(app, account, names)?;
    if let Some(owner) = file.as_ref().and_then(|file| file.owner.as_ref()).filter(|_| !opening.any_account) {
        refuse_another(owner, &owner_of(account)?)?;
    }
    let environment = account.everything(&known);
    let wanted: Vec<String> = if names.is_empty() {
        environment.hidden().into_iter().map(str::to_owned).collect()
    } else {
        names.iter().enumerate().map(|(at, name)| wanted_name(&known, name, at)).collect::<Result<_>>()?
    };
    let given = if from_instance.is_some() || from_ssh.is_some() {
        let here = if sources.all && names.is_empty() { known_here(&known) } else { Vec::new() };
        let wanted: Vec<String> = wanted.iter().chain(&here).cloned().collect();
        let target = || match from_instance {
            Some(id) => there::instance(app, *id, options).map(Some),
            None => Ok(destination),
        };
        match from_there(app, target, &known, &environment, &wanted, &filters)? {
            Some(given) => given,
            None => return Ok(()),
        }
    } else if sources.all {
        ask_for(app, account, &known, &wanted)?
    } else if *from_env {
        from_place(app, context::all_vars(), &known, &wanted, &filters, "here")?
    } else if let Some(file) = &file {
        from_file(app, file, &known, if names.is_empty() { &[] } else { &wanted }, &filters)?
    } else {
        return Err(Failure::usage("nothing to remember given")
            .hint("vastenv remember env-var NAME, or --all, --from-env, --from FILE, --from-instance ID")
            .into());
    };
    refuse_unmet(app, &filters, &known, &given)?;
    if given.is_empty() {
        if wanted.is_empty() {
            app.ui.say("nothing to remember: no value is unknown");
            return Ok(());
        }
        if filters.is_selective() {
            return Err(Failure::failed("no value remembered: the filters leave none that is unknown").into());
        }
        let failure = Failure::failed(format!("no value remembered for {}", wanted.join(", ")));
        return Err(match (from_instance, from_ssh) {
            (None, None) => failure,
            _ => failure.hint(format!(
                "an instance has what the account had when it was created; enter the rest: {}",
                by_typing(&wanted.iter().map(String::as_str).collect::<Vec<_>>()).command
            )),
        }
        .into());
    }
    Ok(keep(app, account, &known, &given)?)
}

/// The values that a container elsewhere was launched with; `None` if they are those that are known here.
fn from_there(
    app: &App,
    target: impl FnOnce() -> Outcome<Option<Target>>,
    known: &KnownVariables,
    environment: &Environment,
    wanted: &[String],
    filters: &Filters,
) -> Outcome<Option<Vec<Given>>> {
    let target = if wanted.is_empty() { None } else { target()? };
    let Some(target) = target else { return Ok(Some(Vec::new())) };
    let container = launch_environment(&target, &not_for_ssh(app, environment))?;
    let mut given = from_place(app, container.into_variables(), known, wanted, filters, "there")?;
    let found = given.len();
    given.retain(|(name, value)| known.get(name).and_then(|variable| variable.value) != Some(value));
    if given.is_empty() && found > 0 {
        app.ui.say("nothing to remember: the values there are the same as here");
        return Ok(None);
    }
    Ok(Some(given))
}

/// The names whose values this machine has beside the server, which hides them.
fn known_here(known: &KnownVariables) -> Vec<String> {
    let hidden = known.iter().filter(|variable| variable.value.is_some() && variable.shown().is_none());
    hidden.map(|variable| variable.name.to_owned()).collect()
}

/// What is known of the account; asked for anew where it is old, or lacks any of `names`.
fn variables_with(app: &App, account: &Account<'_>, names: &[EnvName]) -> Outcome<KnownVariables> {
    let known = match account.known() {
        Ok(Known::Variables(known)) => Some(*known),
        Ok(Known::Refused(_) | Known::Nothing) => None,
        Err(failure) => {
            app.ui.warn_of(&failure);
            None
        }
    };
    let lacks = |known: &KnownVariables| names.iter().any(|name| known.find(name.as_str()).is_none());
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

/// [`saved_name`] of one among others, of which all but the first may be a value in the wrong place.
fn wanted_name(known: &KnownVariables, name: &EnvName, at: usize) -> Result<String> {
    match saved_name(known, name) {
        Err(_) if at > 0 => Err(Failure::failed(format!("name {} is not a variable of the account", at + 1))
            .hint("`vastenv show env-vars` lists the names")),
        saved => saved,
    }
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
    app.ui.say(&format!("{} to enter, not shown as you type", count(names.len(), "value")));
    let mut given = Vec::new();
    for (number, name) in (1..).zip(names) {
        let which = format!("value {number} of {}, {}", names.len(), printable(name));
        let value = match read_skippable(&format!("{which} (Enter skips): ")) {
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

/// Checks that what is required has a value here, or gets one.
fn refuse_unmet(app: &App, filters: &Filters, known: &KnownVariables, given: &[Given]) -> Result<()> {
    let Some(required) = filters.required(known.iter().map(|variable| variable.name), &BTreeMap::new())
    else {
        return Ok(());
    };
    for note in &required.notes {
        app.ui.warn(note);
    }
    let has = |name: &String| {
        known.get(name).is_some_and(|variable| variable.value.is_some())
            || given.iter().any(|(given, _)| given == name)
    };
    let unmet = required.names.iter().filter(|name| !has(name)).chain(&required.unmatched);
    let unmet: Vec<String> = unmet.map(|name| printable(name)).collect();
    if unmet.is_empty() {
        return Ok(());
    }
    Err(Failure::failed(format!("required but not found: {}; nothing remembered", unmet.join(", "))))
}

fn filters_without_source() -> Failure {
    Failure::usage("filters choose from a source, and none is given")
        .hint("add --from-env, --from FILE, --from-instance ID or --from-ssh DEST")
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
