//! `vastenv status`: what is set up, loaded and known. Files only; the server is not asked.

use serde_json::{Value, json};

use super::app::App;
use super::storage;
use super::this_shell::{ThisShell, login_shell};
use crate::account::{self, Account, KEPT_AFTER_DELETION, Known, Snapshot};
use crate::context::{self, variables};
use crate::domain::{EnvName, Failure, Result, count, format_duration, printable};
use crate::environment::Environment;

/// One line of the status: a heading, its text, and the same for programs.
struct Line {
    heading: &'static str,
    text: String,
    raw: Option<(&'static str, Value)>,
}

impl Line {
    fn new(
        heading: &'static str,
        text: impl Into<String>,
        key: &'static str,
        value: impl Into<Value>,
    ) -> Self {
        Self { heading, text: text.into(), raw: Some((key, value.into())) }
    }
}

/// Prints the status: what is known, whatever is not. Without a usable key the exit code says so too.
pub fn status(app: &App) -> Result<()> {
    let mut lines = Vec::new();
    let server = app.server()?;
    let mut missing = None;
    let mut environment = None;
    match app.account() {
        Ok(account) => environment = describe(app, &account, &mut lines),
        Err(failure) => {
            lines.push(Line::new("account", "none: no usable key", "account", Value::Null));
            lines.push(Line::new("server", server.as_str(), "server", server.as_str()));
            lines.push(Line::new("key", failure.message(), "key_failure", failure.message()));
            missing = Some(failure);
        }
    }
    lines.push(describe_storage(app));
    lines.push(describe_shell(environment.as_ref(), &ThisShell::read(app)));
    print(app, &lines)?;
    missing.map_or(Ok(()), Err)
}

fn print(app: &App, lines: &[Line]) -> Result<()> {
    for note in app.store.take_notes() {
        app.ui.warn(&note);
    }
    if app.ui.raw {
        let fields = lines.iter().filter_map(|line| line.raw.clone());
        return app.ui.json(&Value::Object(fields.map(|(key, value)| (key.to_owned(), value)).collect()));
    }
    let width = lines.iter().map(|line| line.heading.len()).max().unwrap_or(0) + 2;
    for line in lines {
        app.ui.line(&format!("{:width$}{}", line.heading, line.text))?;
    }
    Ok(())
}

/// Describes the account; gives what it would load, if that is known.
fn describe(app: &App, account: &Account<'_>, lines: &mut Vec<Line>) -> Option<Environment> {
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
    let mut environment = None;
    match account.known() {
        Ok(Known::Snapshot(snapshot)) => environment = Some(describe_snapshot(account, &snapshot, lines)),
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
    environment
}

fn describe_snapshot(account: &Account<'_>, snapshot: &Snapshot, lines: &mut Vec<Line>) -> Environment {
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
    lines.push(remembered(account));
    if let Some(notice) = environment.hidden_notice() {
        let step = notice.next_step().unwrap_or_default();
        let text = format!("{}; {step}", notice.message());
        lines.push(Line::new("hidden", text, "hidden", json!(environment.hidden())));
    }
    let reasons = environment.skipped.iter().map(|one| (one.name.clone(), one.why.reason().into()));
    let mut raw = Some(("skipped", Value::Object(reasons.collect())));
    for skipped in &environment.skipped {
        let text = format!("  {}: {}", printable(&skipped.name), skipped.why.reason());
        lines.push(Line { heading: "", text, raw: raw.take() });
    }
    environment
}

/// How many values are remembered, and how many of them only until they are dropped.
fn remembered(account: &Account<'_>) -> Line {
    // Where that does not work, the next write does it; listed they are not all the same.
    let _ = account.drop_expired();
    let values = match account.remembered() {
        Ok(values) => values,
        Err(failure) => return Line::new("remembered", failure.message(), "remembered", Value::Null),
    };
    let path = account.id().map(|id| account.store.values_path(&id).display().to_string());
    let mut text = count(values.len(), "value");
    if let Some(path) = path.as_ref().filter(|_| !values.is_empty()) {
        text.push_str(&format!(" in {path}"));
    }
    let gone: Vec<_> = values.iter().filter_map(|(name, value)| Some((name, value.gone_at?))).collect();
    if !gone.is_empty() {
        let names: Vec<String> = gone
            .iter()
            .map(|(name, gone_at)| {
                let passed = (account.now)().since(*gone_at).unwrap_or(0);
                let left = KEPT_AFTER_DELETION.saturating_sub(passed);
                format!("{} (for {} more)", printable(name), format_duration(left))
            })
            .collect();
        text.push_str(&format!("; {} of them of deleted variables: {}", gone.len(), names.join(", ")));
    }
    let outdated: Vec<_> =
        values.iter().filter(|(_, value)| value.may_be_outdated()).map(|(name, _)| name).collect();
    if !outdated.is_empty() {
        let names: Vec<String> = outdated.iter().map(|name| printable(name)).collect();
        text.push_str(&format!(
            "; perhaps not the account's any more (see `vastenv why`): {}",
            names.join(", ")
        ));
    }
    let gone: Vec<_> = gone.iter().map(|(name, _)| name).collect();
    let raw = json!({"count": values.len(), "deleted": gone, "outdated": outdated, "path": path});
    Line::new("remembered", text, "remembered", raw)
}

/// Where secrets rest.
fn describe_storage(app: &App) -> Line {
    match account::describe_storage(&app.store, &app.config) {
        Ok(report) => {
            let mend = report.problem().as_ref().and_then(Failure::next_step).map(|step| format!("; {step}"));
            let text = format!("{}{}", report.sentence(), mend.unwrap_or_default());
            Line::new("storage", text, "storage", storage::as_json(&report))
        }
        Err(failure) => Line::new("storage", failure.message(), "storage", Value::Null),
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

/// Whether the shell that this was typed in follows the account, and with what.
fn describe_shell(environment: Option<&Environment>, here: &ThisShell) -> Line {
    let inactive = |text: String| Line::new("hook", text, "hook", json!({"active": false, "loaded": []}));
    if here.ledger.is_none() {
        return inactive(format!("not active in this shell: {}", login_shell().hook_line()));
    }
    if !here.is_active {
        return inactive(
            "not active in this shell, which inherited its variables from another one".to_owned(),
        );
    }
    let (loaded, edited) = (here.loaded(), here.edited());
    let own = environment.map_or(Vec::new(), |environment| here.own(environment));
    let mut text = format!("active in this shell: {} loaded", count(loaded.len(), "variable"));
    for (names, why) in [(&edited, "you changed since"), (&own, "were here before")] {
        if !names.is_empty() {
            text.push_str(&format!(", left alone what {why}: {}", words(names).join(" ")));
        }
    }
    if !here.is_current() {
        text.push_str(", but its hook is of another version of vastenv: start a new shell");
    }
    if context::switch(variables::VASTENV_DISABLE) {
        text.push_str(", switched off by VASTENV_DISABLE");
    }
    let raw = json!({"active": true, "current": here.is_current(), "loaded": words(&loaded), "edited": words(&edited), "own": words(&own)});
    Line::new("hook", text, "hook", raw)
}

fn words<'a>(names: &[&'a EnvName]) -> Vec<&'a str> {
    names.iter().map(|name| name.as_str()).collect()
}
