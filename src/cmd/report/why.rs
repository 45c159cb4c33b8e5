//! `vastenv why NAME`: where a variable's value comes from, and whether this shell has it.

use serde_json::{Value, json};

use super::facts::{Cached, ago};
use super::{Fact, Facts, print};
use crate::account::{given_by_container, left_out};
use crate::cli::Why;
use crate::cmd::app::App;
use crate::cmd::guard;
use crate::cmd::this_shell::ThisShell;
use crate::context;
use crate::domain::{
    EnvName, Failure, Remembered, RememberedFrom, Result, Secret, Timestamp, count, printable,
};
use crate::environment::{Entry, Environment, Filters, Provenance, Shadow, Variable, Why as NotLoaded};

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
    let called = environment.find(&arguments.name);
    if let Some(name) = called.filter(|name| environment.from_project.contains(*name)) {
        let for_programs = account.choose(&known, false, &Filters::default())?;
        return print(app, &set_by_project(app, arguments, name, [&environment, &for_programs], &here));
    }
    let account_name = called.map_or(arguments.name.as_str(), |name| environment.account_name(name));
    let Some(variable) = known.find(account_name) else {
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
    let mut lines = vec![
        Fact::new("name", printable(name)).field("name", name),
        value(&variable, account.is_in_doubt(name)),
        source,
        Fact::new("changed", changed).field("changed", json!(changed_at)),
    ];
    match (called, app.machine.selection.project_file()) {
        (None, Some(file)) => {
            let why = format!("{file} leaves it out");
            lines.push(
                Fact::new("loaded", format!("no: {why} (see it: --no-project)"))
                    .field("loaded", json!({"in_shell": false, "why": why})),
            );
        }
        (called, file) => {
            let called = called.unwrap_or(name);
            if let Some(file) = file.filter(|_| called != name) {
                lines.push(
                    Fact::new("renamed", format!("to {} by {file}", printable(called)))
                        .field("called", called),
                );
            }
            lines.extend([loaded(app, called, &here, &environment), overrides(called, &here)]);
        }
    }
    lines.extend(variable.value.filter(|_| arguments.show_values).map(text));
    print(app, &lines)?;
    if let Some(failure) = known.unread.as_ref().filter(|_| variable.value.is_none()) {
        app.ui.warn_of(failure);
    }
    Ok(())
}

/// The lines for a name that the project sets, whatever the account has of that name.
fn set_by_project(
    app: &App,
    arguments: &Why,
    name: &str,
    [in_shells, for_programs]: [&Environment; 2],
    here: &ThisShell,
) -> Vec<Fact> {
    let file = app.machine.selection.project_file().unwrap_or_default();
    let known = EnvName::parse(name).ok().and_then(|name| for_programs.variables.get(&name));
    let unknown = || {
        let why = for_programs.skipped.iter().find(|skipped| skipped.name == name);
        let why = why.map_or(String::new(), |skipped| skipped.why.reason());
        Fact::new("value", format!("none: {why}")).field("value", "none")
    };
    let variable = Variable { provenance: Provenance::Project, ..Variable::new(name, known) };
    let mut lines = vec![
        Fact::new("name", name).field("name", name),
        known.map_or_else(unknown, |_| value(&variable, false)),
        Fact::new("source", format!("set by {file}")).field("source", "project"),
        loaded(app, name, here, in_shells),
        overrides(name, here),
    ];
    lines.extend(known.filter(|_| arguments.show_values).map(text));
    lines
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
        loaded(facts.app, name.as_str(), &facts.shell, environment),
        overrides(name.as_str(), &facts.shell),
    ];
    lines.extend(Some(value).filter(|_| arguments.show_values).map(text));
    Some(lines)
}

/// The lines for a name that the container was launched with and no session is given.
fn left_to_container(facts: &Facts<'_>, arguments: &Why) -> Option<Vec<Fact>> {
    let known = facts.cached.as_ref().ok().and_then(Option::as_ref).map(|cached| &cached.known);
    let name = arguments.name.as_str();
    let (app, room) = (facts.app, facts.app.room());
    let by_project = || {
        let file = app.machine.selection.project_file()?;
        let everything = match (&facts.account, known) {
            (Ok(account), Some(known)) => account.everything(known),
            _ => given_by_container(&app.config, room.clone())?,
        };
        let is_left_out = facts.environment()?.find(name).is_none();
        let is_launched = everything.from_launch.iter().any(|given| given.as_str() == name);
        let is_accounts = known.is_some_and(|known| known.is_accounts(name));
        (is_left_out && is_launched && !is_accounts).then(|| format!("{file} leaves it out"))
    };
    let why = left_out(&app.config, room.clone(), known, name).map(str::to_owned).or_else(by_project)?;
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

fn loaded(app: &App, name: &str, here: &ThisShell, environment: &Environment) -> Fact {
    let skipped = environment.skipped.iter().find(|skipped| skipped.name == name);
    // What is of vastenv has an entry.
    let is_own = here.entry(name).is_none()
        && EnvName::parse(name).is_ok_and(|name| context::bytes_var(&name).is_some());
    let is_kept = is_own && app.machine.selection.keep().matches(name);
    let why = skipped.map(|skipped| &skipped.why).or(is_kept.then_some(&NotLoaded::Kept));
    let reason = why.map(NotLoaded::reason);
    let account = app.account_in_silence().ok().and_then(|account| account.id());
    let is_of_another = here.ledger.as_ref().is_some_and(|ledger| ledger.is_of_another(account.as_ref()));
    let (text, in_shell) = match here.entry(name) {
        _ if let Some(reason) = &reason => (format!("no: {reason}"), false),
        _ if is_of_another => ("no: this shell has another account's variables".to_owned(), false),
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
