//! What the commands about variables share: a checked name, a value from wherever it comes, and
//! the line that says what happened.

use serde_json::json;

use crate::account::{Account, Changed, Keeping, Remote};
use crate::cli::NameValue;
use crate::cmd::app::App;
use crate::cmd::ask::{agree, agree_beside_stdin};
use crate::cmd::guard;
use crate::cmd::outcome::Outcome;
use crate::cmd::running::tell_of_old_values;
use crate::domain::{EnvName, Failure, Result, Secret, is_mask, unseen_edge};
use crate::environment::{Variable, resolve};
use crate::ui::read_value;

/// The verb for what is gone.
pub(crate) const DELETED: &str = "deleted";

/// The name, checked before anything is sent.
pub(crate) fn checked_name(text: &str) -> Result<EnvName> {
    // What was typed may be a value in the wrong place: it is not repeated.
    EnvName::parse(text).map_err(|error| {
        let hint = if text.contains('=') {
            "name and value are two arguments; leave the value out to be prompted"
        } else {
            "use letters, digits and _, not a digit first: HF_TOKEN"
        };
        Failure::usage(format!("not a valid variable name: {error}")).hint(hint)
    })
}

/// The value: from the command line, asked without echo, or from stdin.
pub(crate) fn given_value(
    app: &App,
    name: &EnvName,
    value: Option<Secret>,
    keep_newline: bool,
) -> Result<Secret> {
    let value = match value {
        Some(value) => value,
        // Nothing is sent: a place holder stands in the command that is shown.
        None if app.global.curl => Secret::new("$VALUE"),
        None => read_value(&format!("value of {name}"), keep_newline)?,
    };
    if value.expose().is_empty() {
        return Err(Failure::usage(format!("the value of {name} is empty"))
            .hint("an account cannot hold empty values; `vastenv delete env-var` deletes the variable"));
    }
    if value.expose().contains('\0') {
        return Err(Failure::usage(format!(
            "the value of {name} holds a NUL byte, which an environment cannot hold"
        )));
    }
    agree_to_edges(app, name, &value)?;
    Ok(value)
}

/// Asks whether a value is meant that begins or ends in what nobody sees and a paste may have brought along.
pub(crate) fn agree_to_edges(app: &App, name: &EnvName, value: &Secret) -> Result<()> {
    unseen_edge(value.expose()).map_or(Ok(()), |edge| {
        let edge = edge as u32;
        agree_beside_stdin(
            app,
            &format!("the value of {name} begins or ends with U+{edge:04X}, which is invisible: keep it?"),
        )
    })
}

/// Warns of what the account will hold and no shell will load.
fn warn_if_not_loaded(app: &App, account: &Account<'_>, name: &EnvName, value: &Secret) {
    let variable = Variable::new(name.as_str(), Some(value));
    for skipped in resolve([variable], &account.rules()).skipped {
        app.ui
            .warn(&format!("{name} is in the account but not loaded into shells: {}", skipped.why.reason()));
    }
}

/// The value that is remembered of `name`, also where the account has no such variable any more.
fn remembered_value(account: &Account<'_>, name: &EnvName) -> Result<Secret> {
    let values = account.remembered()?;
    let capitals = name.as_str().to_ascii_uppercase();
    let remembered = values.get(name.as_str()).or_else(|| values.get(&capitals));
    remembered.map(|remembered| remembered.value.clone()).ok_or_else(|| {
        Failure::failed(format!("no remembered value of {name}"))
            .hint("leave --remembered out to be prompted")
    })
}

/// Sends a change and says what it did: `verb` is `created`, say.
pub(crate) fn change(
    app: &App,
    arguments: NameValue,
    send: impl AsyncFn(&Remote<'_>, &EnvName, &Secret, Keeping) -> Result<Changed>,
) -> Outcome<()> {
    let name = checked_name(&arguments.name)?;
    let account: Account<'_> = app.account()?;
    let typed = arguments.value.is_some();
    if typed {
        guard::command(app)?;
    }
    let keeping = if arguments.no_remember { Keeping::Nowhere } else { Keeping::Remembered };
    let value = if arguments.remembered {
        remembered_value(&account, &name)?
    } else {
        given_value(app, &name, arguments.value, arguments.stdin.keep_newline)?
    };
    if is_mask(value.expose()) {
        agree(app, &format!("the value of {name} is all asterisks, like a hidden value: send it?"))?;
    }
    warn_if_not_loaded(app, &account, &name, &value);
    let options = app.call_options(typed);
    let changed = app.with_server_as(account.clone(), options, async |remote| {
        send(remote, &name, &value, keeping).await
    })?;
    let verb = if changed.created { "created" } else { "updated" };
    report(app, verb, name.as_str(), &changed, keeping)?;
    if !changed.created {
        tell_of_old_values(app, &account);
    }
    Ok(())
}

/// Says what a change did: to a script in the server's words, to a person in ours.
///
/// # Errors
/// The value was to be kept here, and could not be.
pub(crate) fn report(app: &App, verb: &str, name: &str, changed: &Changed, keeping: Keeping) -> Result<()> {
    if app.ui.raw {
        app.ui.json(&json!({"success": true, "msg": changed.message, "name": changed.name}))?;
    } else if changed.name == name || verb == DELETED {
        app.ui.say(&format!("{verb} {}", changed.name));
    } else {
        app.ui.say(&format!("{verb} {name}, saved as {}", changed.name));
    }
    if let Some(failure) = &changed.not_followed {
        app.ui.warn(&format!(
            "the account has the change, but open shells will follow later: {}",
            failure.message()
        ));
    }
    let Some(failure) = &changed.not_remembered else { return Ok(()) };
    let message = format!(
        "the account has the change, but its remembered value could not be updated: {}",
        failure.message()
    );
    if keeping == Keeping::Nowhere {
        app.ui.warn(&message);
        return Ok(());
    }
    let hint = format!("free disk space or fix the file, then vastenv remember env-var {}", changed.name);
    Err(Failure::failed(message).hint(hint))
}
