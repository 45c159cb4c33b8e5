//! `vastenv why NAME`: all that is known of one variable, and why it is as it is in this shell.

use serde_json::{Map, Value, json};

use super::app::App;
use super::guard;
use super::this_shell::ThisShell;
use crate::account::{Account, Known, Means, Origin, Snapshot, Variable};
use crate::cli::Why;
use crate::domain::{Failure, Result, Timestamp, count, format_duration, printable};
use crate::environment::{Entry, Shadow, Skipped};

/// One answer, for a person and for a program.
struct Line {
    heading: &'static str,
    text: String,
    value: Value,
}

impl Line {
    fn new(heading: &'static str, text: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { heading, text: text.into(), value: value.into() }
    }
}

/// Answers from files and this shell's ledger; the server is not asked. A variable that the
/// account does not have is a failure.
pub fn why(app: &App, arguments: &Why) -> Result<()> {
    if arguments.show_values {
        guard::values(app)?;
    }
    let account = app.account()?;
    let snapshot = match account.known()? {
        Known::Snapshot(snapshot) => *snapshot,
        Known::Refused(_) => {
            return Err(Failure::failed("nothing is known of the account: the server refused the key")
                .hint(account.credential.source.mend()));
        }
        Known::Nothing => {
            return Err(Failure::failed("nothing is known of the account yet")
                .hint("ask the server: vastenv refresh"));
        }
    };
    let here = ThisShell::read(app);
    let Some((name, variable)) = snapshot.find(&arguments.name) else {
        return Err(absent(&account, &snapshot, &arguments.name));
    };
    let environment = account.environment(&snapshot);
    let skipped = environment.skipped.iter().find(|skipped| skipped.name == name);
    let mut lines = vec![
        Line::new("name", printable(name), name),
        value(variable, account.is_in_doubt(name)),
        source(&account, &snapshot, name, variable),
        changed(&account, variable),
        loaded(name, &here, skipped),
        shadow(name, &here),
    ];
    if arguments.show_values
        && let Some(value) = &variable.value
    {
        lines.push(Line::new("text", printable(value.expose()), value.expose()));
    }
    print(app, &lines)?;
    if let Some(failure) = snapshot.unread.as_ref().filter(|_| variable.value.is_none()) {
        app.ui.warn_of(failure);
    }
    Ok(())
}

fn print(app: &App, lines: &[Line]) -> Result<()> {
    if app.ui.raw {
        let fields: Map<_, _> =
            lines.iter().map(|line| (line.heading.to_owned(), line.value.clone())).collect();
        return app.ui.json(&Value::Object(fields));
    }
    for line in lines {
        app.ui.line(&format!("{:9}{}", line.heading, line.text))?;
    }
    Ok(())
}

fn absent(account: &Account<'_>, snapshot: &Snapshot, name: &str) -> Failure {
    let age = account.age(snapshot).map_or("some time".to_owned(), format_duration);
    Failure::failed(format!("the account has no variable {} ({age} ago)", printable(name)))
        .hint("see its names with `vastenv show env-vars`, or ask the server: vastenv refresh")
}

fn value(variable: &Variable, is_in_doubt: bool) -> Line {
    match &variable.value {
        Some(value) => {
            let characters = value.expose().chars().count();
            Line::new("value", format!("known, {} (shown with -s)", count(characters, "character")), "known")
        }
        None if is_in_doubt => {
            Line::new("value", "not known here: a change from here has no known end", "in doubt")
        }
        None => Line::new("value", "not known here: the server only sends a mask", "masked"),
    }
}

fn source(account: &Account<'_>, snapshot: &Snapshot, name: &str, variable: &Variable) -> Line {
    let age = account
        .age(snapshot)
        .map_or("at an unknown time".to_owned(), |age| format!("{} ago", format_duration(age)));
    match (variable.origin, &variable.value) {
        (Origin::Account, Some(_)) => {
            Line::new("source", format!("the account, as {} told {age}", snapshot.server.host()), "account")
        }
        (Origin::Local, Some(_)) => Line::new("source", remembered(account, name), "local"),
        (_, None) => Line::new("source", "none", Value::Null),
    }
}

/// How the value came here, and what can be known of what became of it in the account.
fn remembered(account: &Account<'_>, name: &str) -> String {
    let values = account.remembered().unwrap_or_default();
    let Some(remembered) = values.get(name) else { return "remembered here".to_owned() };
    let ago = |time: Timestamp| {
        (account.now)()
            .since(time)
            .map_or("at an unknown time".to_owned(), |ago| format!("{} ago", format_duration(ago)))
    };
    let means = match remembered.by {
        Means::Sent => "sent to the account from here",
        Means::Given => "given with `vastenv remember`",
        Means::Told => "told by the server when it still did",
    };
    let since = match remembered.made_anew_at {
        Some(at) => format!(
            "the account was without the variable since, and has it again as of {}: it may be another value",
            ago(at)
        ),
        None => "the server does not tell whether it was changed since".to_owned(),
    };
    format!("remembered here, {means} {}; {since}", ago(remembered.at))
}

fn changed(account: &Account<'_>, variable: &Variable) -> Line {
    let ago = (account.now)().since(variable.changed_at);
    let text = ago.map_or("at an unknown time".to_owned(), |ago| {
        format!("{} ago, as seen from this machine", format_duration(ago))
    });
    Line::new("changed", text, json!(variable.changed_at))
}

fn loaded(name: &str, here: &ThisShell, skipped: Option<&Skipped>) -> Line {
    if let Some(skipped) = skipped {
        return Line::new(
            "loaded",
            format!("no: {}", skipped.why.reason()),
            json!({"in_shell": false, "why": skipped.why.reason()}),
        );
    }
    let (text, in_shell) = match here.entry(name) {
        Some(Entry { edited: false, .. }) => ("yes, in this shell", true),
        Some(_) => ("no: you changed it in this shell, so it is yours", false),
        None if here.ledger.is_some() => {
            ("not in this shell (it had one of its own, or has not asked since)", false)
        }
        None => ("not in this shell: the hook is not active here", false),
    };
    Line::new("loaded", text, json!({"in_shell": in_shell, "why": text}))
}

fn shadow(name: &str, here: &ThisShell) -> Line {
    let (text, value) = match here.entry(name) {
        Some(Entry { shadow: Shadow::Exported, edited: false, .. }) => {
            ("an exported variable that comes back on unload", "exported")
        }
        Some(Entry { shadow: Shadow::Unexported, edited: false, .. }) => {
            ("a shell variable that comes back on unload", "unexported")
        }
        _ => ("nothing", "nothing"),
    };
    Line::new("shadows", text, value)
}
