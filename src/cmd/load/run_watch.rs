//! `vastenv run --watch -- CMD`: stays beside the command, and starts it again with other variables.
//!
//! A thread of its own waits for changes and loads anew, exactly as at the start but in silence; what the
//! command would be given now is compared with what it was given.

use std::collections::BTreeMap;
use std::io;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc::unbounded_channel;

use super::loading::load;
use super::run::{Prepared, cannot_run, command, loading, patterns, script, secrets};
use super::run_news::{Follower, News, name};
use crate::cli::{ADDED, CHANGED, REMOVED, Run};
use crate::cmd::app::App;
use crate::cmd::outcome::Outcome;
use crate::context;
use crate::domain::{EnvName, Failure, Result, Secret, printable};
use crate::files::reason;
use crate::process::{self, Program, Streams, Supervisor, Trouble, Verdict};
use crate::redact::Patterns;

/// Runs the command until it ends for good.
pub(crate) fn run_watched(app: &App, arguments: &Run) -> Outcome<ExitCode> {
    if arguments.on.is_some() {
        return Err(Failure::usage("--watch restarts commands on this machine only: one that ssh started goes on there after its ssh has ended")
            .hint("leave out --watch, or call `vastenv run --watch` on the other machine")
            .into());
    }
    let follower = Follower::new(app, arguments);
    let loaded = load(app, &loading(arguments))?;
    let secrets = if arguments.redact { secrets(app, &loaded) } else { Vec::new() };
    let first = News {
        prepared: Prepared::of(app, arguments, &loaded)?,
        patterns: arguments.redact.then(|| Arc::new(patterns(app, &secrets))),
    };
    let trouble = |what: &str, error: &io::Error| Failure::failed(format!("{what}: {}", reason(error)));
    let [stdin, stdout, stderr] =
        context::streams().map_err(|error| trouble("cannot share the standard streams", &error))?;
    let mut guardian = Command::new(context::own_path()?);
    guardian.arg(process::GUARDIAN);
    let supervisor = Supervisor::new(Streams { stdin, stdout, stderr }, guardian);
    let (tell, news) = unbounded_channel();
    let follower = follower.since(&loaded, &first, secrets);
    drop(loaded);
    thread::spawn(move || follower.follow(&tell));
    let mut watched = Watched { app, arguments, latest: first, given: BTreeMap::new() };
    match supervisor.and_then(|supervisor| supervisor.run(&mut watched, news, arguments.always)) {
        Ok(code) => Ok(ExitCode::from(code)),
        Err(Trouble::NotStarted(error)) => Ok(cannot_run(app, arguments, &error)),
        Err(Trouble::Surroundings(what, error)) => Err(trouble(what, &error).into()),
    }
}

/// What the guardian of a command does.
pub(crate) fn guard() -> Result<()> {
    let failure = |error: io::Error| Failure::failed(reason(&error));
    let [orders, reports, _] = context::streams().map_err(failure)?;
    process::guard(orders, reports).map_err(failure)
}

/// The command, with what it is to have and what it was given last.
struct Watched<'a> {
    app: &'a App,
    arguments: &'a Run,
    latest: News,
    given: BTreeMap<EnvName, Secret>,
}

impl Program for Watched<'_> {
    type News = News;

    fn command(&mut self) -> Command {
        self.given.clone_from(&self.latest.prepared.given);
        self.furnished(command(self.arguments).unwrap_or_else(|_| Command::new("")))
    }

    fn patterns(&self) -> Option<Arc<Patterns>> {
        self.latest.patterns.clone()
    }

    fn instead(&mut self, error: &io::Error) -> Option<Command> {
        script(self.arguments, error).map(|script| self.furnished(script))
    }

    fn take(&mut self, news: News) {
        self.latest = news;
    }

    fn judge(&self) -> Verdict {
        let is_reason = |(kind, _): &(&str, _)| !self.arguments.no_restart_on.iter().any(|not| not == kind);
        if !self.differences().iter().any(is_reason) {
            return Verdict::Nothing;
        }
        self.arguments.signal.map_or(Verdict::Restart, Verdict::Send)
    }

    fn tell(&mut self, verdict: Verdict) {
        let differences = self.differences();
        let names = differences.iter().map(|(kind, name)| {
            let sign = if *kind == ADDED {
                '+'
            } else if *kind == REMOVED {
                '-'
            } else {
                '~'
            };
            format!(" {sign}{}", printable(name.as_str()))
        });
        let (name, names) = (self.name(), names.collect::<String>());
        match verdict {
            Verdict::Send(signal) => {
                self.app.ui.say(&format!("vastenv: sending {signal} to {name}:{names}"));
                self.given.clone_from(&self.latest.prepared.given);
            }
            Verdict::Restart => self.app.ui.say(&format!("vastenv: restarting {name}:{names}")),
            Verdict::Nothing => {}
        }
    }

    fn tell_end(&mut self, code: u8, pause: Duration) {
        let (name, pause) = (self.name(), pause.as_secs());
        self.app.ui.say(&format!("vastenv: {name} ended with {code}, starting it again in {pause} s"));
    }

    fn tell_lost(&mut self, error: &io::Error) {
        self.app.ui.warn(&format!("the command's output was cut off: {}", reason(error)));
    }
}

impl Watched<'_> {
    fn furnished(&self, mut command: Command) -> Command {
        self.latest.prepared.furnish(&mut command);
        command
    }

    fn name(&self) -> String {
        name(self.arguments)
    }

    /// What the command is to have otherwise than it was given, changed values first.
    fn differences(&self) -> Vec<(&'static str, &EnvName)> {
        let (old, new) = (&self.given, &self.latest.prepared.given);
        let changed = new.iter().filter(|(name, value)| old.get(*name).is_some_and(|old| old != *value));
        let added = new.keys().filter(|name| !old.contains_key(*name));
        let removed = old.keys().filter(|name| !new.contains_key(*name));
        let changed = changed.map(|(name, _)| (CHANGED, name));
        changed.chain(added.map(|name| (ADDED, name))).chain(removed.map(|name| (REMOVED, name))).collect()
    }
}
