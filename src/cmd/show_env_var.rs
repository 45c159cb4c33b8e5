//! `vastenv show env-var NAME`: one value, alone on stdout.

use std::time::Duration;

use serde_json::json;
use zeroize::Zeroizing;

use super::app::App;
use super::export::{self, WhenOld};
use super::guard;
use super::nearest::nearest;
use super::outcome::Outcome;
use crate::account::without_account;
use crate::cli::ShowEnvVar;
use crate::domain::{EnvName, Failure, Kind, Secret, printable};
use crate::environment::Environment;

/// Prints the value as it is, from what is known here.
pub fn show_env_var(app: &App, arguments: &ShowEnvVar) -> Outcome<()> {
    guard::values(app)?;
    let account = match app.account() {
        Err(failure) if failure.kind() == Kind::NotAuthenticated => {
            return of_container(app, arguments, failure);
        }
        account => account?,
    };
    let known = export::known(app, &account, Duration::from_secs(arguments.wait), WhenOld::RefreshBehind)?;
    let Some(variable) = known.find(&arguments.name) else {
        let environment = account.environment(&known);
        if let Some((name, value)) = find(&environment, &arguments.name) {
            return print(app, arguments, name, value);
        }
        let name = printable(&arguments.name);
        return Err(Failure::failed(format!("the account has no variable {name}"))
            .hint("list its names: vastenv show env-vars, or ask the server: vastenv refresh")
            .into());
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

/// In a container, no key is needed for what it was launched with.
fn of_container(app: &App, arguments: &ShowEnvVar, failure: Failure) -> Outcome<()> {
    let Some(environment) = without_account(&app.config, app.room()) else {
        return Err(failure.into());
    };
    let Some((name, value)) = find(&environment, &arguments.name) else {
        let name = printable(&arguments.name);
        let hint = failure.next_step().map_or(String::new(), |step| format!("for the account's: {step}"));
        return Err(Failure::failed(format!("no variable {name} is loaded from this container"))
            .hint(hint)
            .into());
    };
    print(app, arguments, name, value)
}

/// The variable of this name, or of this name in capitals.
fn find<'e>(environment: &'e Environment, name: &str) -> Option<(&'e str, &'e Secret)> {
    let named = |name: &str| environment.variables.get_key_value(&EnvName::parse(name).ok()?);
    let (name, value) = named(name).or_else(|| named(&name.to_ascii_uppercase()))?;
    Some((name.as_str(), value))
}

fn print(app: &App, arguments: &ShowEnvVar, name: &str, value: &Secret) -> Outcome<()> {
    if app.ui.raw {
        return Ok(app.ui.json(&json!({name: value.expose()}))?);
    }
    let end = if arguments.no_newline { "" } else { "\n" };
    Ok(app.ui.data(Zeroizing::new(format!("{}{end}", value.expose())).as_bytes())?)
}
