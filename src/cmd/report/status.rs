//! `vastenv status`: the account, key, cache, storage and hook. Files only; the server is not asked.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::facts::Cached;
use super::{Fact, Facts, print};
use crate::account::Account;
use crate::cmd::app::App;
use crate::domain::{Result, format_duration, printable};
use crate::environment::{Environment, Skipped};

/// Prints what is known, whatever is not. Without a usable key the exit code says so too.
pub(crate) fn status(app: &App) -> Result<()> {
    let facts = Facts::gather(app);
    let chosen = [facts.profile(), facts.project()].into_iter().flatten();
    if let Some(trouble) = facts.trouble() {
        let is_told = |fact: &Fact| fact.heading == trouble.heading;
        let mut lines: Vec<Fact> = chosen.filter(|fact| !is_told(fact)).collect();
        lines.insert(0, trouble);
        lines.extend([facts.storage(), facts.hook()]);
        app.warn_of_notes();
        print(app, &lines)?;
        return app.selected();
    }
    let server = facts.server.clone()?;
    let server = Fact::new("server", server.as_str()).field("server", server.as_str());
    // A script finds them whether or not there is one.
    let watch = facts.watch();
    let absent = [
        ("profile", facts.profile().is_none()),
        ("project", facts.project().is_none()),
        ("watch", watch.is_none()),
    ];
    let absent = absent.into_iter().filter(|(_, is_absent)| *is_absent);
    let server = absent.fold(server, |server, (key, _)| server.field(key, Value::Null));
    let mut lines = Vec::new();
    match &facts.account {
        Ok(account) => {
            let source = account.credential.source.to_string();
            let key = facts.key.clone()?;
            lines.extend([who(&facts), server, Fact::new("key", key).field("key_source", source)]);
            lines.extend(cache(&facts, account));
            // Shells ask themselves where no watch does.
            if !account.is_watched() {
                lines.push(next_refresh(&facts, account));
            }
            lines.extend(watch);
        }
        Err(failure) => {
            let key = facts.no_key(failure).field("key_failure", failure.message());
            lines.extend([
                Fact::new("account", "none: no usable key").field("account", Value::Null),
                server,
                key,
            ]);
        }
    }
    lines.splice(1..1, chosen);
    lines.extend(facts.container());
    lines.extend([facts.storage(), facts.hook()]);
    app.warn_of_notes();
    print(app, &lines)?;
    match facts.account {
        Err(failure) if facts.without_key.is_none() => Err(failure),
        _ => Ok(()),
    }
}

fn who(facts: &Facts<'_>) -> Fact {
    let Some(known) = &facts.identity else {
        return Fact::new("account", "not known yet").field("account", Value::Null);
    };
    let id = known.user.as_deref().map_or("unknown user".to_owned(), |id| format!("user {id}"));
    let text = known.email.as_ref().map_or(id.clone(), |email| format!("{} ({id})", printable(email)));
    Fact::new("account", text).field("account", json!({"email": known.email, "user_id": known.user}))
}

/// What the server last told, and what loads of it.
fn cache(facts: &Facts<'_>, account: &Account<'_>) -> Vec<Fact> {
    let Ok(Some(Cached { age, environment, .. })) = &facts.cached else {
        let variables = facts.variables();
        return vec![Fact { heading: "cache", ..variables }.field("snapshot", Value::Null)];
    };
    let path = account.snapshot_path().unwrap_or_default();
    let size = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
    let path = path.display().to_string();
    let shown_age = age.map_or("of unknown age".to_owned(), |age| format!("{} old", format_duration(age)));
    let cache = Fact::new("cache", format!("{shown_age}, {size} bytes, {path}"))
        .field("snapshot", json!({"age": age, "size": size, "path": path}));
    let mut variables = facts.variables();
    if environment.hidden_notice().is_some() {
        variables = variables.field("hidden", json!(environment.hidden()));
    }
    if !environment.skipped.is_empty() {
        let reasons = environment.skipped.iter().map(|one| (one.name.clone(), one.why.reason().into()));
        variables = variables.field("skipped", reasons.collect::<Map<_, _>>());
    }
    variables.details = skipped_lines(environment);
    vec![cache, variables, facts.remembered(account)]
}

/// One line each; what is for programs only may be a hundred, and is one line a reason.
fn skipped_lines(environment: &Environment) -> Vec<String> {
    let line = |one: &Skipped| format!("{}: {}", printable(&one.name), one.why.reason());
    let (for_programs, others): (Vec<_>, Vec<_>) =
        environment.skipped.iter().partition(|skipped| skipped.why.is_for_programs());
    let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in for_programs {
        reasons.entry(one.why.reason()).or_default().push(printable(&one.name));
    }
    let grouped = reasons.into_iter().map(|(reason, names)| format!("{}: {reason}", names.join(", ")));
    others.into_iter().map(line).chain(grouped).collect()
}

fn next_refresh(facts: &Facts<'_>, account: &Account<'_>) -> Fact {
    let (due, why) = match (account.backoff(), &facts.cached) {
        (Some(backoff), _) => (backoff.wait(account.now()), format!(" at the earliest: {}", backoff.reason)),
        (None, Ok(Some(Cached { age: Some(age), .. }))) => {
            (account.config.max_age.saturating_sub(*age), String::new())
        }
        _ => (0, String::new()),
    };
    let when =
        if due == 0 { "at the next prompt".to_owned() } else { format!("in {}", format_duration(due)) };
    Fact::new("refresh", format!("{when}{why}")).field("next_refresh", due)
}
