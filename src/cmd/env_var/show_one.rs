//! `vastenv show env-var NAME`: one value, alone on stdout.

use std::time::Duration;

use serde_json::json;
use zeroize::Zeroizing;

use crate::account::{Account, given_by_container, left_out};
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
    let account = match app.account() {
        Err(failure) if failure.kind() == Kind::NotAuthenticated => {
            let environment = given_by_container(&app.config, app.room()).ok_or(failure)?;
            return of_container(app, arguments, None, &environment);
        }
        account => account?,
    };
    let known = known::known(app, &account, Duration::from_secs(arguments.wait), WhenOld::RefreshBehind)?;
    let name = match named_by_project(app, &account, &known, &arguments.name)? {
        Named::Account(name) => name,
        Named::Project(name, value) => return print(app, arguments, &name, &value),
    };
    let Some(variable) = known.find(&name) else {
        return of_container(app, arguments, Some(&known), &account.everything(&known));
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
    /// The account's, which may call it otherwise.
    Account(String),
    /// The project sets it.
    Project(String, Secret),
}

/// Whose variable is called `typed` here.
///
/// # Errors
/// The project leaves it out, or sets it to what is unknown.
fn named_by_project(app: &App, account: &Account<'_>, known: &KnownVariables, typed: &str) -> Result<Named> {
    let Some(file) = app.machine.selection.project_file() else {
        return Ok(Named::Account(typed.to_owned()));
    };
    let environment = account.choose(known, false, &Filters::default())?;
    match environment.find(typed) {
        None if known.find(typed).is_some() => {
            Err(Failure::failed(format!("{file} leaves out {}", printable(typed)))
                .hint("see it: --no-project"))
        }
        None => Ok(Named::Account(typed.to_owned())),
        Some(name) if environment.from_project.contains(name) => {
            let loaded = EnvName::parse(name).ok().and_then(|name| environment.variables.get(&name));
            let why = || environment.chosen_in_vain().find(|line| line.starts_with(&format!("{name} ")));
            let failure = || Failure::failed(why().unwrap_or_else(|| format!("{name} has no value here")));
            loaded.cloned().map(|value| Named::Project(name.to_owned(), value)).ok_or_else(failure)
        }
        Some(name) => Ok(Named::Account(environment.account_name(name).to_owned())),
    }
}

/// One that the account does not have; in a container, `export` has what that was launched with.
fn of_container(
    app: &App,
    arguments: &ShowEnvVar,
    known: Option<&KnownVariables>,
    environment: &Environment,
) -> Outcome<()> {
    let name = arguments.name.as_str();
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
