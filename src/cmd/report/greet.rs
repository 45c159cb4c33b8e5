//! `vastenv` alone: what is set up, what is not, and the next step. Files only; whatever is wrong is a
//! line of the greeting.

use super::{Fact, Facts, State};
use crate::cli::Global;
use crate::cmd::app::App;
use crate::domain::{Failure, Remedy, Result, ServerUrl, printable};
use crate::ui::Ui;

/// Greets.
///
/// # Errors
/// With `--raw`: a program that asks for nothing has forgotten its command.
pub(crate) fn greet(global: Global, ui: Ui) -> Result<()> {
    if ui.raw {
        return Err(Failure::usage("no command given").hint("see `vastenv --help`"));
    }
    let app = App::despite_trouble(global, ui).map(App::strict);
    let (lines, last_step) = match &app {
        Ok(app) => describe(&Facts::gather(app)),
        Err(failure) => (vec![Fact::bad("settings", failure)], ""),
    };
    for note in app.iter().flat_map(|app| app.machine.take_notes()) {
        ui.warn(&note);
    }
    let is_broken = |line: &&Fact| matches!(line.state, State::Bad(_));
    let first = lines.iter().find(is_broken).or_else(|| lines.iter().find(|line| next(line).is_some()));
    let step = first.and_then(next).unwrap_or(last_step);
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!("vastenv {version}: your Vast.ai account's variables in your own shell\n\n");
    for line in &lines {
        let mark = if next(line).is_some() { ' ' } else { 'x' };
        text.push_str(&format!("[{mark}] {:9}  {}\n", line.heading, printable(&line.text)));
    }
    text.push_str(&format!("\nnext: {}\nmore: vastenv --help, vastenv help topics\n", printable(step)));
    text.lines().try_for_each(|line| ui.report(line))
}

fn next(line: &Fact) -> Option<&str> {
    match &line.state {
        State::Bad(failure) if matches!(failure.remedy(), Some(Remedy::SaveKey(_))) => {
            Some("vastenv set api-key")
        }
        State::Bad(_) => line.next_step().or(Some("vastenv doctor")),
        _ => line.next_step(),
    }
}

/// The lines, and the step that is next where all is well.
fn describe(facts: &Facts<'_>) -> (Vec<Fact>, &'static str) {
    let mut lines = Vec::new();
    if let Some(trouble) = facts.trouble() {
        return (vec![trouble, facts.hook()], "");
    }
    match &facts.server {
        Ok(server) if *server == ServerUrl::default() => {}
        Ok(server) => lines.push(match server.check_transport(facts.app.is_insecure_http_allowed()) {
            Ok(()) => Fact::new("server", server.as_str()),
            Err(failure) => Fact::bad("server", &failure),
        }),
        Err(failure) => lines.push(Fact::bad("server", failure)),
    }
    let email = facts.identity.as_ref().and_then(|identity| identity.email.as_ref());
    lines.push(match &facts.key {
        Ok(key) => Fact::new("key", email.map_or_else(|| key.clone(), |email| format!("{email}, {key}"))),
        Err(failure) => facts.no_key(failure),
    });
    lines.extend([facts.profile(), facts.project(), facts.container()].into_iter().flatten());
    // Values first: a hook without them loads nothing.
    match &facts.account {
        Ok(_) => lines.push(facts.variables()),
        // A key or server that is of no use has its line already.
        Err(failure) if facts.key.is_ok() && facts.server.is_ok() => {
            lines.push(Fact::bad("variables", failure));
        }
        Err(_) => {}
    }
    lines.push(facts.hook());
    let is_empty = matches!(&facts.cached, Ok(Some(cached)) if cached.known.snapshot.variables.is_empty());
    let last_step = match facts.without_key {
        Some(_) => "vastenv status",
        None if is_empty => "vastenv create env-var NAME",
        None => "vastenv show env-vars",
    };
    (lines, last_step)
}
