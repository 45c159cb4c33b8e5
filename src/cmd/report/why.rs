//! `vastenv why NAME`: where a variable's value comes from, and whether this shell has it.

use serde_json::{Value, json};

use super::facts::{Cached, ago};
use super::{Fact, Facts, print};
use crate::account::left_out;
use crate::cli::Why;
use crate::cmd::app::App;
use crate::cmd::guard;
use crate::cmd::this_shell::ThisShell;
use crate::domain::{Failure, Remembered, RememberedFrom, Result, Secret, Timestamp, count, printable};
use crate::environment::{Entry, Provenance, Shadow, Skipped, Variable};

/// Answers from files and this shell's ledger; the server is not asked. A variable that the
/// account does not have is a failure.
pub(crate) fn why(app: &App, arguments: &Why) -> Result<()> {
    if arguments.show_values {
        guard::values(app)?;
    }
    let facts = Facts::gather(app);
    if let Some(lines) = of_container(&facts, arguments).or_else(|| left_to_container(&facts, arguments)) {
        return print(app, &lines);
    }
    let Facts { account, cached, shell: here, .. } = facts;
    let account = account?;
    let Cached { known, environment, age } = cached?
        .ok_or_else(|| Failure::failed("nothing is cached for the account yet").hint("vastenv refresh"))?;
    let Some(variable) = known.find(&arguments.name) else {
        let name = printable(&arguments.name);
        return Err(Failure::failed(format!("the account has no variable {name} (asked {})", ago(age)))
            .hint("list its names: vastenv show env-vars, or ask the server: vastenv refresh"));
    };
    let name = variable.name;
    let now = account.now();
    let source = match (variable.value, variable.provenance, known.remembered.get(name)) {
        (None, ..) => Fact::new("source", "none").field("source", Value::Null),
        (_, Provenance::Remembered, Some(value)) => {
            Fact::new("source", remembered(value, now)).field("source", "local")
        }
        (_, Provenance::Instance, _) => {
            let text = "this container's launch environment: as old as the container";
            Fact::new("source", text).field("source", "instance")
        }
        _ => {
            let text = format!("the account, shown by {} {}", known.snapshot.server.host(), ago(age));
            Fact::new("source", text).field("source", "account")
        }
    };
    let changed_at = known.changed_at(&variable);
    let changed = format!("{} (seen from here)", ago(now.since(changed_at)));
    let skipped = environment.skipped.iter().find(|skipped| skipped.name == name);
    let mut lines = vec![
        Fact::new("name", printable(name)).field("name", name),
        value(&variable, account.is_in_doubt(name)),
        source,
        Fact::new("changed", changed).field("changed", json!(changed_at)),
        loaded(name, &here, skipped),
        overrides(name, &here),
    ];
    lines.extend(variable.value.filter(|_| arguments.show_values).map(text));
    print(app, &lines)?;
    if let Some(failure) = known.unread.as_ref().filter(|_| variable.value.is_none()) {
        app.ui.warn_of(failure);
    }
    Ok(())
}

/// The lines for a name that is the container's and not, for all that is known, the account's.
fn of_container(facts: &Facts<'_>, arguments: &Why) -> Option<Vec<Fact>> {
    let environment = facts.environment()?;
    let name = environment.from_launch.iter().find(|name| name.as_str() == arguments.name)?;
    let is_accounts = |cached: &Cached| cached.known.is_accounts(name.as_str());
    if facts.cached.as_ref().is_ok_and(|cached| cached.as_ref().is_some_and(is_accounts)) {
        return None;
    }
    let value = environment.variables.get(name)?;
    let mut lines = vec![
        Fact::new("name", name.as_str()).field("name", name.as_str()),
        self::value(&Variable::new(name.as_str(), Some(value)), false),
        Fact::new("source", "this container's launch environment").field("source", "instance"),
        loaded(name.as_str(), &facts.shell, None),
        overrides(name.as_str(), &facts.shell),
    ];
    lines.extend(Some(value).filter(|_| arguments.show_values).map(text));
    Some(lines)
}

/// The lines for a name that the container was launched with and no session is given.
fn left_to_container(facts: &Facts<'_>, arguments: &Why) -> Option<Vec<Fact>> {
    let known = facts.cached.as_ref().ok().and_then(Option::as_ref).map(|cached| &cached.known);
    let name = arguments.name.as_str();
    let why = left_out(&facts.app.config, facts.app.room(), known, name)?;
    Some(vec![
        Fact::new("name", name).field("name", name),
        Fact::new("source", "this container's launch environment").field("source", "instance"),
        Fact::new("loaded", format!("no: {why}")).field("loaded", json!({"in_shell": false, "why": why})),
    ])
}

fn text(value: &Secret) -> Fact {
    let fact = Fact::new("text", printable(value.expose())).field("text", value.expose());
    Fact { is_value: true, ..fact }
}

fn value(variable: &Variable<'_>, is_in_doubt: bool) -> Fact {
    let (text, field) = match variable.value {
        Some(value) => {
            let characters = count(value.expose().chars().count(), "character");
            (format!("known, {characters} (-s shows it)"), "known")
        }
        None if is_in_doubt => {
            ("unknown: nobody can tell whether a change from here was made".into(), "in doubt")
        }
        None => ("unknown: the server hides it".into(), "masked"),
    };
    Fact::new("value", text).field("value", field)
}

/// How the value came here, and what can be known of what became of it in the account.
fn remembered(remembered: &Remembered, now: Timestamp) -> String {
    let ago = |time: Timestamp| ago(now.since(time));
    let means = match remembered.by {
        RememberedFrom::Sent => "sent to the account from here",
        RememberedFrom::Given => "given with `vastenv remember`",
        RememberedFrom::Shown => "shown by the server before it hid it",
    };
    let since = match remembered.made_anew_at {
        Some(at) => {
            format!("deleted and created again in the account, seen {}: may be another value", ago(at))
        }
        None => "the server does not say whether it changed since".to_owned(),
    };
    format!("remembered here, {means} {}; {since}", ago(remembered.at))
}

fn loaded(name: &str, here: &ThisShell, skipped: Option<&Skipped>) -> Fact {
    let reason = skipped.map(|skipped| skipped.why.reason());
    let (text, in_shell) = match here.entry(name) {
        _ if let Some(reason) = &reason => (format!("no: {reason}"), false),
        Some(Entry { edited: false, .. }) => ("yes, in this shell".to_owned(), true),
        Some(_) => ("no: changed by you in this shell".to_owned(), false),
        None if here.ledger.is_some() => {
            ("not in this shell: set before, or not loaded yet".to_owned(), false)
        }
        None => ("not in this shell: the hook is not active here".to_owned(), false),
    };
    let why = reason.as_ref().unwrap_or(&text).clone();
    Fact::new("loaded", text).field("loaded", json!({"in_shell": in_shell, "why": why}))
}

fn overrides(name: &str, here: &ThisShell) -> Fact {
    let (text, field) = match here.entry(name) {
        Some(Entry { shadow: Shadow::Exported, edited: false, .. }) => {
            ("an exported variable, restored on unload", "exported")
        }
        Some(Entry { shadow: Shadow::Unexported, edited: false, .. }) => {
            ("a shell variable, restored on unload", "unexported")
        }
        _ => ("nothing", "nothing"),
    };
    Fact::new("overrides", text).field("shadows", field)
}
