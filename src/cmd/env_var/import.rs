//! `vastenv import FILE`: sends the variables of a dotenv file to the account.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use nix::sys::signal::Signal;
use serde_json::{Map, Value, json};

use crate::account::{Account, Batch, Ended, Urgency};
use crate::cli::Import;
use crate::cmd::app::{App, CallOptions};
use crate::cmd::ask::{agree, agree_beside_stdin};
use crate::cmd::dotenv_file::{is_stdin, read_entries, shown};
use crate::cmd::outcome::Outcome;
use crate::cmd::running::tell_of_old_values;
use crate::domain::{Failure, Result, count};
use crate::dotenv::{Pending, Plan, Reason, Settled, plan, settle};
use crate::process::Signals;

/// Shows what would be done, asks, and does it.
pub(crate) fn import(app: &App, arguments: &Import) -> Outcome<ExitCode> {
    if app.global.curl {
        return Err(Failure::usage("--curl shows a single request, import sends many")
            .hint("see what it would send: --dry-run")
            .into());
    }
    // The file first: a fault in it needs no server.
    let file = settle(&read_entries(&arguments.file)?);
    let account = app.account()?;
    let known = app.fetch(account.clone(), Urgency::Asked)?.known;
    if let Some(failure) = &known.unread {
        app.ui.warn_of(failure);
    }
    let plan = plan(&file, known.iter(), &account.rules());
    show(app, arguments, &file, &plan)?;
    if arguments.dry_run {
        if app.ui.raw {
            app.ui.json(&raw_plan(&plan))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let skipped = plan.skip.clone();
    let batch = Batch::new(plan);
    if batch.total() == 0 {
        tell(app, &format!("nothing to do: the account has everything in {}", shown(&arguments.file)));
        report(app, &batch, &skipped)?;
        return Ok(ExitCode::SUCCESS);
    }
    consent(app, &arguments.file, &batch)?;
    send(app, account, arguments, batch, &skipped)
}

/// The plan for a person: names only. It is what stdout is for, unless that is for JSON.
fn show(app: &App, arguments: &Import, file: &Settled, plan: &Plan) -> Result<()> {
    // A script that nobody asks anything reads the JSON.
    if app.ui.raw && (app.global.yes || arguments.dry_run) {
        return Ok(());
    }
    for note in &file.notes {
        app.ui.say(&format!("{}: {note}", shown(&arguments.file)));
    }
    let mut lines = Vec::new();
    let names = |pending: &[Pending]| {
        pending.iter().map(|pending| pending.name.to_string()).collect::<Vec<_>>().join(", ")
    };
    for (verb, pending) in [("create", &plan.create), ("update", &plan.update)] {
        if !pending.is_empty() {
            lines.push(format!("{verb}: {}", names(pending)));
        }
    }
    for (reason, skipped) in by_reason(&plan.skip) {
        lines.push(format!("skip: {} ({reason})", skipped.join(", ")));
    }
    for skipped in &plan.not_loaded {
        lines.push(format!("not loaded into shells: {} ({})", skipped.name, skipped.why.reason()));
    }
    for line in lines {
        if app.ui.raw { app.ui.say(&line) } else { app.ui.line(&line)? }
    }
    Ok(())
}

/// What is skipped, one group for each reason.
fn by_reason(skip: &[(String, Reason)]) -> BTreeMap<String, Vec<&str>> {
    let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (what, reason) in skip {
        groups.entry(reason.text()).or_default().push(what);
    }
    groups
}

fn consent(app: &App, file: &Path, batch: &Batch) -> Result<()> {
    let all = format!("{} to {}", count(batch.total(), "variable"), app.server()?.host());
    if app.global.yes {
        tell(app, &format!("sending {all}"));
        return Ok(());
    }
    let question = format!("Send {all}?");
    if is_stdin(file) { agree_beside_stdin(app, &question) } else { agree(app, &question) }
}

/// Sends what is waiting; whatever ends it, what was sent is told, and how to go on.
fn send(
    app: &App,
    account: Account<'_>,
    arguments: &Import,
    batch: Batch,
    skipped: &[(String, Reason)],
) -> Outcome<ExitCode> {
    let waiting = RefCell::new(batch);
    // Where a two-factor session ends on the way, this is called again with another key.
    let options = CallOptions { hears_interrupts: true, ..app.call_options(false) };
    let ended = app.with_server_as(account.clone(), options, async |remote| {
        let mut signals = Signals::hear_ends()?;
        let mut batch = waiting.take();
        let ended = remote.send_batch(&mut batch, async || signals.next().await).await;
        waiting.replace(batch);
        ended
    });
    let batch = waiting.into_inner();
    report(app, &batch, skipped)?;
    if !batch.sent.updated.is_empty() {
        tell_of_old_values(app, &account);
    }
    let go_on = format!("resume with `{}`", same_command(app, &arguments.file));
    match ended {
        Ok(Ended::Complete) if batch.sent.failed.is_empty() && batch.sent.not_remembered.is_none() => {
            Ok(ExitCode::SUCCESS)
        }
        Ok(Ended::Complete) => Ok(ExitCode::FAILURE),
        Ok(Ended::Stopped(signal)) => {
            app.ui.failure(&Failure::failed(format!("interrupted: {}", progress(&batch))).hint(go_on));
            Ok(exit_code(signal))
        }
        Err(stop) => {
            tell(app, &progress(&batch));
            Err(stop.map(|failure| {
                let first = failure.next_step().map_or(String::new(), |step| format!("{step}; then "));
                failure.hint(format!("{first}{go_on}"))
            }))
        }
    }
}

/// Says something to a person; a script reads it from the JSON.
fn tell(app: &App, text: &str) {
    if !app.ui.raw {
        app.ui.say(text);
    }
}

fn progress(batch: &Batch) -> String {
    let sent = format!("{} of {} sent", batch.done(), count(batch.total(), "variable"));
    match &batch.sent.unclear {
        Some(name) => format!("{sent}; {name} may or may not have arrived"),
        None => sent,
    }
}

fn same_command(app: &App, file: &Path) -> String {
    let file = shell_escape::escape(file.to_string_lossy());
    format!("vastenv import {file}{}", app.server_option())
}

fn exit_code(signal: Signal) -> ExitCode {
    ExitCode::from(u8::try_from(128 + signal as i32).unwrap_or(1))
}

/// Says what was done: to a script as JSON, to a person in one line and one for each refusal.
fn report(app: &App, batch: &Batch, skipped: &[(String, Reason)]) -> Result<()> {
    let sent = &batch.sent;
    if app.ui.raw {
        let failed: Map<_, _> = sent
            .failed
            .iter()
            .map(|(name, failure)| (name.clone(), Value::from(failure.message())))
            .collect();
        let done = json!({
            "created": sent.created,
            "updated": sent.updated,
            "skipped": reasons(skipped),
            "failed": failed,
            "unsent": batch.unsent(),
        });
        app.ui.json(&done)?;
    } else {
        for (_, failure) in &sent.failed {
            app.ui.failure(failure);
        }
        if batch.total() > 0 {
            app.ui.say(&format!(
                "created {}, updated {}, skipped {}, refused {}",
                sent.created.len(),
                sent.updated.len(),
                skipped.len(),
                sent.failed.len()
            ));
        }
    }
    if let Some(failure) = &sent.not_remembered {
        let message = format!(
            "the account has the changes, but not all values could be remembered here: {}",
            failure.message()
        );
        let step = "free disk space or fix the file, then vastenv remember env-var --all";
        app.ui.warn_of(&Failure::failed(message).hint(step));
    }
    if let Some(failure) = &sent.not_followed {
        app.ui.warn(&format!(
            "the account has the changes, but open shells will follow later: {}",
            failure.message()
        ));
    }
    Ok(())
}

fn raw_plan(plan: &Plan) -> Value {
    let names = |pending: &[Pending]| -> Vec<String> {
        pending.iter().map(|pending| pending.name.to_string()).collect()
    };
    json!({"create": names(&plan.create), "update": names(&plan.update), "skip": reasons(&plan.skip)})
}

fn reasons(skipped: &[(String, Reason)]) -> Map<String, Value> {
    skipped.iter().map(|(what, reason)| (what.clone(), Value::from(reason.text()))).collect()
}
