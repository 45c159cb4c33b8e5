//! `vastenv show env-var NAME`: one value, alone on stdout.

use std::time::Duration;

use serde_json::json;
use zeroize::Zeroizing;

use crate::account::{choose_without_account, given_by_container, left_out};
use crate::cli::ShowEnvVar;
use crate::cmd::app::App;
use crate::cmd::guard;
use crate::cmd::load::known::{self, WhenOld};
use crate::cmd::load::nearest::nearest;
use crate::cmd::outcome::Outcome;
use crate::domain::{EnvName, Failure, Kind, Result, Secret, printable};
use crate::environment::{Environment, Filters, KnownVariables};

/// Prints the value as it is, from what is known here.
pub(crate) fn show_env_var(app: &App, arguments: &ShowEnvVar) -> Outcome<()> {
    guard::values(app)?;
    let name = arguments.name.as_str();
    let account = match app.account() {
        Err(failure) if failure.kind() == Kind::NotAuthenticated => {
            let everything = given_by_container(&app.config, app.room()).ok_or(failure)?;
            let here = choose_without_account(&app.machine.selection, app.room(), &Filters::default());
            return match named_by_project(
                app,
                &everything,
                || here.unwrap_or_else(|| Ok(everything.clone())),
                name,
            )? {
                Named::Source(name) => of_container(app, arguments, &name, None, &everything),
                Named::Project(name, value) => print(app, arguments, &name, &value),
            };
        }
        account => account?,
    };
    let known = known::known(app, &account, Duration::from_secs(arguments.wait), WhenOld::RefreshBehind)?;
    let everything = account.everything(&known);
    let here = || account.choose(&known, false, &Filters::default());
    let name = match named_by_project(app, &everything, here, name)? {
        Named::Source(name) => name,
        Named::Project(name, value) => return print(app, arguments, &name, &value),
    };
    let Some(variable) = known.find(&name) else {
        return of_container(app, arguments, &name, Some(&known), &everything);
    };
    let name = variable.name;
    let Some(value) = variable.value else {
        if let Some(failure) = known.unread {
            return Err(failure.into());
        }
        let way = nearest(account.machine, &known.snapshot.account(), &[name]);
        let message = format!("the value of {} is unknown here", printable(name));
        return Err(Failure::failed(message).about(vec![name.to_owned()]).hint(way.to_string()).into());
    };
    print(app, arguments, name, value)
}

/// Whose a name is.
enum Named {
    /// The account's, or the container's, which may call it otherwise.
    Source(String),
    /// The project sets it.
    Project(String, Secret),
}

/// Whose variable is called `typed` where the project in force makes `here` of `everything`.
///
/// # Errors
/// The project leaves it out, or sets it to what has no value.
fn named_by_project(
    app: &App,
    everything: &Environment,
    here: impl FnOnce() -> Result<Environment>,
    typed: &str,
) -> Result<Named> {
    let Some(file) = app.machine.selection.project_file() else { return Ok(Named::Source(typed.to_owned())) };
    let here = here()?;
    match here.find(typed) {
        None if everything.find(typed).is_some() => {
            Err(Failure::failed(format!("{file} leaves out {}", printable(typed)))
                .hint("see it: --no-project"))
        }
        None => Ok(Named::Source(typed.to_owned())),
        Some(name) if here.from_project.contains(name) => {
            let value = EnvName::parse(name).ok().and_then(|name| here.variables.get(&name));
            let why = || here.chosen_in_vain().find(|line| line.starts_with(&format!("{name} ")));
            let failure = || Failure::failed(why().unwrap_or_else(|| format!("{name} has no value here")));
            value.map(|value| Named::Project(name.to_owned(), value.clone())).ok_or_else(failure)
        }
        Some(name) => Ok(Named::Source(here.account_name(name).to_owned())),
    }
}

/// One that the account does not have; in a container, `export` has what that was launched with.
fn of_container(
    app: &App,
    arguments: &ShowEnvVar,
    name: &str,
    known: Option<&KnownVariables>,
    environment: &Environment,
) -> Outcome<()> {
    if let Some(value) = environment.from_launch.iter().find(|given| given.as_str() == name) {
        return print(app, arguments, name, &environment.variables[value]);
    }
    let shown = printable(name);
    Err(match (left_out(&app.config, app.room(), known, name), known) {
        (Some(why), _) => Failure::failed(format!("{shown} is not taken from this container: {why}")),
        (None, None) => Failure::failed(format!("this container has no variable {shown}"))
            .hint("list its names: vastenv show env-vars; for the account's: vastenv set api-key"),
        (None, Some(_)) => Failure::failed(format!("the account has no variable {shown}"))
            .hint("list its names: vastenv show env-vars, or ask the server: vastenv refresh"),
    }
    .into())
}

fn print(app: &App, arguments: &ShowEnvVar, name: &str, value: &Secret) -> Outcome<()> {
    if app.ui.raw {
        return Ok(app.ui.json(&json!({name: value.expose()}))?);
    }
    let end = if arguments.no_newline { "" } else { "\n" };
    Ok(app.ui.data(Zeroizing::new(format!("{}{end}", value.expose())).as_bytes())?)
}
