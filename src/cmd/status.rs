//! `vastenv status`: what is set up, loaded and known. Files only; the server is not asked.

use serde_json::{Map, Value, json};

use super::app::App;
use crate::account::{Account, Known, SessionId, Snapshot};
use crate::context::{self, variables};
use crate::domain::{Kind, Result, format_duration, printable};
use crate::environment::{Entry, Environment, Ledger};
use crate::shell::{LEDGER_VARIABLE, Shell};

/// One line of the status: a heading, its text, and the same for programs.
struct Line {
    heading: &'static str,
    text: String,
    raw: (&'static str, Value),
}

impl Line {
    fn new(
        heading: &'static str,
        text: impl Into<String>,
        key: &'static str,
        value: impl Into<Value>,
    ) -> Self {
        Self { heading, text: text.into(), raw: (key, value.into()) }
    }
}

/// Prints the status. Without a key the exit code says so too.
pub fn status(app: &App) -> Result<()> {
    let mut lines = Vec::new();
    let server = app.server()?;
    let mut missing = None;
    match app.account() {
        Ok(account) => describe(app, &account, &mut lines),
        Err(failure) if failure.kind() == Kind::NotAuthenticated => {
            lines.push(Line::new("account", "none: no usable key", "account", Value::Null));
            lines.push(Line::new("server", server.as_str(), "server", server.as_str()));
            missing = Some(failure);
        }
        Err(failure) => return Err(failure),
    }
    lines.push(hook_line(app));
    print(app, &lines)?;
    missing.map_or(Ok(()), Err)
}

fn print(app: &App, lines: &[Line]) -> Result<()> {
    for note in app.store.take_notes() {
        app.ui.warn(&note);
    }
    if app.ui.raw {
        let fields: Map<_, _> =
            lines.iter().map(|line| (line.raw.0.to_owned(), line.raw.1.clone())).collect();
        return app.ui.json(&Value::Object(fields));
    }
    let width = lines.iter().map(|line| line.heading.len()).max().unwrap_or(0) + 2;
    for line in lines {
        app.ui.line(&format!("{:width$}{}", line.heading, line.text))?;
    }
    Ok(())
}

fn describe(app: &App, account: &Account<'_>, lines: &mut Vec<Line>) {
    let identity = account.identity().ok().flatten();
    let who = identity.as_ref().map_or_else(
        || "not known yet".to_owned(),
        |identity| {
            let id = identity.user.as_deref().map_or("unknown user".to_owned(), |id| format!("user {id}"));
            identity.email.as_ref().map_or(id.clone(), |email| format!("{} ({id})", printable(email)))
        },
    );
    let credential = &account.credential;
    let source = credential.source.to_string();
    lines.push(Line::new(
        "account",
        who,
        "account",
        json!(identity.map(|known| json!({"email": known.email, "user_id": known.user}))),
    ));
    lines.push(Line::new("server", account.server.as_str(), "server", account.server.as_str()));
    lines.push(Line::new("key", format!("{} from {source}", credential.key.suffix()), "key_source", source));
    match account.known() {
        Ok(Known::Snapshot(snapshot)) => describe_snapshot(account, &snapshot, lines),
        Ok(Known::Refused(at)) => {
            let ago = (account.now)().since(at).map_or("some time".to_owned(), format_duration);
            lines.push(Line::new(
                "snapshot",
                format!("none: the server refused the key {ago} ago"),
                "snapshot",
                Value::Null,
            ));
        }
        Ok(Known::Nothing) => {
            lines.push(Line::new("snapshot", "none yet: run `vastenv refresh`", "snapshot", Value::Null));
        }
        Err(failure) => {
            let mend = failure.next_step().map_or(String::new(), |step| format!(": {step}"));
            let text = format!("{}{mend}", failure.message());
            lines.push(Line::new("snapshot", text, "snapshot", Value::Null));
        }
    }
    lines.push(next_refresh(app, account));
}

fn describe_snapshot(account: &Account<'_>, snapshot: &Snapshot, lines: &mut Vec<Line>) {
    let (path, size) = account.store.snapshot_file(&snapshot.account());
    let age = account.age(snapshot);
    let shown_age = age.map_or("of unknown age".to_owned(), |age| format!("{} old", format_duration(age)));
    let size = size.unwrap_or(0);
    lines.push(Line::new(
        "snapshot",
        format!("{shown_age}, {size} bytes, {}", path.display()),
        "snapshot",
        json!({"age": age, "size": size, "path": path.display().to_string()}),
    ));
    let environment = account.environment(snapshot);
    let (masked, refused) = counts(&environment);
    let loaded = environment.variables.len();
    lines.push(Line::new(
        "variables",
        format!("{loaded} to load, {masked} masked, {refused} refused"),
        "variables",
        json!({"loadable": loaded, "masked": masked, "refused": refused}),
    ));
    for skipped in &environment.skipped {
        lines.push(Line::new(
            "",
            format!("  {}: {}", printable(&skipped.name), skipped.why.reason()),
            "skipped",
            Value::Null,
        ));
    }
    let reasons: Map<_, _> = environment
        .skipped
        .iter()
        .map(|skipped| (skipped.name.clone(), skipped.why.reason().into()))
        .collect();
    if let Some(line) = lines.iter_mut().rfind(|line| line.raw.0 == "skipped") {
        line.raw.1 = Value::Object(reasons);
    }
}

fn counts(environment: &Environment) -> (usize, usize) {
    let masked = environment.skipped.iter().filter(|skipped| skipped.why.is_masked()).count();
    (masked, environment.skipped.len() - masked)
}

fn next_refresh(app: &App, account: &Account<'_>) -> Line {
    if let Some(backoff) = account.backoff() {
        let wait = backoff.wait((account.now)());
        let text = format!("in {} at the earliest: {}", format_duration(wait), backoff.reason);
        return Line::new("refresh", text, "next_refresh", wait);
    }
    let due = match account.known() {
        Ok(Known::Snapshot(snapshot)) => {
            account.age(&snapshot).map_or(0, |age| app.config.max_age.saturating_sub(age))
        }
        _ => 0,
    };
    let text =
        if due == 0 { "at the next prompt".to_owned() } else { format!("in {}", format_duration(due)) };
    Line::new("refresh", text, "next_refresh", due)
}

/// Whether the shell that this was typed in follows the account.
fn hook_line(app: &App) -> Line {
    let inactive = |text: String| Line::new("hook", text, "hook", json!({"active": false, "loaded": 0}));
    let shell =
        context::text_var(variables::SHELL).and_then(|shell| Shell::parse(&shell)).unwrap_or(Shell::Bash);
    let not_here = || {
        let line = match shell {
            Shell::Fish => "vastenv hook fish | source".to_owned(),
            other => format!("eval \"$(vastenv hook {})\"", other.name()),
        };
        inactive(format!("not active in this shell: {line}"))
    };
    let spilled = |id: &SessionId| app.store.session(id)?.entries;
    let Some(ledger) = context::text_var(LEDGER_VARIABLE).and_then(|text| Ledger::decode(&text, spilled))
    else {
        return not_here();
    };
    if !context::is_ancestor(ledger.shell) {
        return inactive(
            "not active in this shell, which inherited its variables from another one".to_owned(),
        );
    }
    let loaded = ledger.entries.values().filter(|entry| matches!(entry, Entry::Loaded { .. })).count();
    let edited = ledger.entries.len() - loaded;
    let switched =
        if context::switch(variables::VASTENV_DISABLE) { ", switched off by VASTENV_DISABLE" } else { "" };
    let yours =
        if edited > 0 { format!(", {edited} left alone because you changed them") } else { String::new() };
    let text = format!("active in this shell: {loaded} variables loaded{yours}{switched}");
    Line::new("hook", text, "hook", json!({"active": true, "loaded": loaded, "edited": edited}))
}
