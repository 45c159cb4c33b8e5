//! `vastenv refresh`: asks the server now.

use std::time::Instant;

use serde_json::json;

use super::nearest::nearest;
use crate::account::Urgency;
use crate::cmd::app::App;
use crate::cmd::outcome::Outcome;
use crate::domain::count;

/// Refreshes the snapshot, and says what is new, changed and gone.
pub(crate) fn refresh(app: &App) -> Outcome<()> {
    let began = Instant::now();
    let account = app.account()?;
    let refreshed = app.fetch(account.clone(), Urgency::Asked)?;
    if let Some(failure) = refreshed.unsaved {
        return Err(failure.into());
    }
    if let Some(failure) = &refreshed.known.unread {
        app.ui.warn_of(failure);
    }
    let environment = account.everything(&refreshed.known);
    let took = began.elapsed();
    let held = refreshed.known.snapshot.variables.len();
    if app.ui.raw {
        return Ok(app.ui.json(&json!({
            "added": refreshed.added,
            "changed": refreshed.changed,
            "removed": refreshed.removed,
            "variables": held,
            "hidden": environment.hidden(),
            "outdated": refreshed.outdated,
            "milliseconds": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }))?);
    }
    let signed = [('+', &refreshed.added), ('~', &refreshed.changed), ('-', &refreshed.removed)];
    for (sign, names) in signed {
        for name in names {
            app.ui.line(&format!("{sign} {name}"))?;
        }
    }
    let change = if refreshed.differs() { "" } else { ", nothing changed" };
    app.ui.say(&format!("{}{change} ({} ms)", count(held, "variable"), took.as_millis()));
    for name in &refreshed.outdated {
        let word = shell_escape::escape(name.into());
        app.ui.warn(&format!("the remembered value of {name} may be stale: vastenv why {word}"));
    }
    if let Some(notice) = environment.hidden_notice()
        && app.machine.tells_hidden(&refreshed.known.snapshot.account(), "refresh", &environment)
    {
        let way = nearest(&app.machine, &refreshed.known.snapshot.account(), &environment.hidden());
        app.ui.warn_of(&notice.hint(way.to_string()));
    }
    Ok(())
}
