//! `vastenv show env-var NAME`: one value, alone on stdout.

use std::time::Duration;

use serde_json::json;
use zeroize::Zeroizing;

use super::app::App;
use super::export::{self, WhenOld};
use super::guard;
use super::nearest::nearest;
use super::outcome::Outcome;
use crate::cli::ShowEnvVar;
use crate::domain::{Failure, printable};

/// Prints the value as it is, from what is known here.
pub fn show_env_var(app: &App, arguments: &ShowEnvVar) -> Outcome<()> {
    guard::values(app)?;
    let account = app.account()?;
    let known = export::known(app, &account, Duration::from_secs(arguments.wait), WhenOld::RefreshBehind)?;
    let Some(variable) = known.find(&arguments.name) else {
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
    if app.ui.raw {
        return Ok(app.ui.json(&json!({name: value.expose()}))?);
    }
    let end = if arguments.no_newline { "" } else { "\n" };
    Ok(app.ui.data(Zeroizing::new(format!("{}{end}", value.expose())).as_bytes())?)
}
