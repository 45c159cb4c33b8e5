//! `vastenv status`: the account, key, cache, storage and hook. Files only; the server is not asked.

use serde_json::{Map, Value, json};

use super::facts::Cached;
use super::{Fact, Facts, print};
use crate::account::Account;
use crate::cmd::app::App;
use crate::domain::{Result, format_duration, printable};

/// Prints what is known, whatever is not. Without a usable key the exit code says so too.
pub(crate) fn status(app: &App) -> Result<()> {
    let facts = Facts::gather(app);
    let server = facts.server.clone()?;
    let server = Fact::new("server", server.as_str()).field("server", server.as_str());
    let chosen = app.machine.selection.profile.as_ref();
    let profile = chosen.map(|chosen| {
        let text = format!("{} (chosen by {})", chosen.name, chosen.by);
        Fact::new("profile", text).field("profile", chosen.name.as_str())
    });
    let mut lines: Vec<_> = profile.into_iter().collect();
    match &facts.account {
        Ok(account) => {
            let source = account.credential.source.to_string();
            let key = facts.key.clone()?;
            lines.extend([who(&facts), server, Fact::new("key", key).field("key_source", source)]);
            lines.extend(cache(&facts, account));
            lines.push(next_refresh(&facts, account));
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
    let line = |one: &crate::environment::Skipped| format!("{}: {}", printable(&one.name), one.why.reason());
    variables.details = environment.skipped.iter().map(line).collect();
    vec![cache, variables, facts.remembered(account)]
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
