//! What the command of `run --watch` would be given now: asked whenever something changes on this machine, and
//! whenever the server's last answer gets old.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::mpsc::UnboundedSender;

use super::loading::{Loaded, load_with, read_filters};
use super::run::{Prepared, loading, patterns, secrets};
use crate::account::{Account, KeyFrom, Printed};
use crate::cli::{Global, Run};
use crate::cmd::app::{App, open_machine};
use crate::cmd::outcome::Stop;
use crate::context;
use crate::domain::{EnvName, Failure, Result, Secret, printable};
use crate::environment::{Environment, KnownVariables};
use crate::files::{Changes, modified};
use crate::project;
use crate::redact::Patterns;
use crate::ui::Ui;

/// Seconds until the server is asked once more, where its last answer is old and stays so.
const PAUSE: u64 = 30;

/// Seconds until the next look after a failure; files that change come before that.
const PAUSE_AFTER_FAILURE: u64 = 300;

/// What the command is to have now.
pub(super) struct News {
    pub prepared: Prepared,
    pub patterns: Option<Arc<Patterns>>,
}

/// Finds out what the command is to have.
pub(super) struct Follower {
    global: Global,
    arguments: Run,
    ui: Ui,
    /// What is waited for.
    files: Vec<(PathBuf, Option<SystemTime>)>,
    due: Option<Instant>,
    /// The last that was found.
    given: BTreeMap<EnvName, Secret>,
    /// Whether an account was known then.
    is_known: bool,
    /// Every secret so far: old ones may still be printed.
    secrets: Vec<(String, Secret)>,
    /// The key that the profile's command printed, for as long as it serves.
    printed: Option<Printed>,
    /// The failure that was said last.
    said: Option<String>,
}

impl Follower {
    /// One that looks as `app` does; made before anything is loaded.
    pub(super) fn new(app: &App, arguments: &Run) -> Self {
        let mut global = app.global.clone();
        if let KeyFrom::Flag(key) = &app.machine.selection.key {
            global.api_key = Some(key.clone());
        }
        let files = project_files(&global).chain(app.machine.watched()).collect();
        Self {
            global,
            arguments: arguments.clone(),
            ui: app.ui,
            files,
            due: None,
            given: BTreeMap::new(),
            is_known: false,
            secrets: Vec::new(),
            printed: None,
            said: None,
        }
    }

    /// What the command starts with.
    pub(super) fn since(mut self, loaded: &Loaded<'_>, first: &News, secrets: Vec<(String, Secret)>) -> Self {
        self.is_known = loaded.known.is_some();
        self.given.clone_from(&first.prepared.given);
        self.secrets = secrets;
        self.printed = loaded.known.as_ref().and_then(|(account, _)| account.machine.printed());
        self.wait_for(loaded);
        self
    }

    /// Tells what is found, until nobody listens.
    pub(super) fn follow(mut self, tell: &UnboundedSender<News>) {
        let mut changes = Changes::new();
        loop {
            if let Some(polling) = changes.watch(&self.files) {
                self.ui.warn(&polling);
            }
            changes.wait(&self.files, self.due);
            match self.look() {
                Ok(news) => {
                    self.said = None;
                    if tell.send(news).is_err() {
                        return;
                    }
                }
                Err(failure) => self.say(&failure),
            }
        }
    }

    /// Loads as at the start. What is not known any more is not gone: the command keeps it.
    fn look(&mut self) -> Result<News> {
        // Whatever changes from now on is seen at the next wait.
        self.files = project_files(&self.global).collect();
        self.due = after(PAUSE_AFTER_FAILURE);
        let mut global = self.global.clone();
        let machine = open_machine(context::paths()?, &mut global);
        self.files.extend(machine.watched());
        // Not for each look; after a failure, another key may be meant.
        if let Some(printed) = self.printed.take() {
            machine.reuse(printed);
        }
        let app = App::on(machine, global, Ui { quiet: true, silent: true, ..self.ui })?;
        let arguments = self.arguments.clone();
        // What the filters named at the start may be gone.
        let filters = read_filters(&arguments.filters)?.leniently();
        let loaded = load_with(&app, &loading(&arguments), &filters).map_err(|stop| match stop {
            Stop::Failed(failure) => failure,
            Stop::Shown => Failure::unavailable("the server was not asked"),
        })?;
        if self.is_known && loaded.known.is_none() {
            return Err(Failure::unavailable("the account's variables cannot be read"));
        }
        self.wait_for(&loaded);
        let mut prepared = Prepared::of(&app, &arguments, &loaded)?;
        for name in unknown(&loaded.environment) {
            if let Some((name, value)) = self.given.get_key_value(&name) {
                prepared.given.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        let patterns = arguments.redact.then(|| {
            let new = secrets(&app, &loaded);
            let is_new = |(_, value): &(String, Secret)| self.secrets.iter().all(|(_, old)| old != value);
            let new: Vec<_> = new.into_iter().filter(is_new).collect();
            self.secrets.extend(new);
            Arc::new(patterns(&app, &self.secrets))
        });
        self.is_known = loaded.known.is_some();
        self.given.clone_from(&prepared.given);
        self.printed = app.machine.printed();
        Ok(News { prepared, patterns })
    }

    fn wait_for(&mut self, loaded: &Loaded<'_>) {
        let pause = loaded.known.as_ref().map(|(account, known)| pause(account, known));
        self.due = after(pause.unwrap_or(PAUSE_AFTER_FAILURE));
    }

    fn say(&mut self, failure: &Failure) {
        let message = failure.message().to_owned();
        if self.said.as_ref() != Some(&message) {
            let name = name(&self.arguments);
            self.ui.warn(&format!("{message}; {name} goes on with the variables it has"));
            self.said = Some(message);
        }
    }
}

/// What people call the command.
pub(super) fn name(arguments: &Run) -> String {
    let file = arguments.command.first().map(PathBuf::from);
    let name = file.as_ref().and_then(|file| file.file_name()).unwrap_or_default();
    printable(&name.to_string_lossy())
}

/// Where a project file is, or may appear.
fn project_files(global: &Global) -> impl Iterator<Item = (PathBuf, Option<SystemTime>)> {
    let folder = context::working_folder().filter(|_| !global.no_project);
    let folders: Vec<PathBuf> = folder
        .iter()
        .flat_map(|folder| folder.ancestors())
        .map(|folder| folder.join(project::FILE))
        .collect();
    folders.into_iter().map(|file| {
        let time = modified(&file);
        (file, time)
    })
}

/// What has a value that is not known here at this moment.
fn unknown(environment: &Environment) -> impl Iterator<Item = EnvName> {
    let hidden = environment.hidden().into_iter().filter_map(|name| EnvName::parse(name).ok());
    hidden.chain(environment.unavailable.iter().cloned())
}

/// Seconds until the server is to be asked again.
fn pause(account: &Account<'_>, known: &KnownVariables) -> u64 {
    let max_age = account.config.max_age;
    let waits = account.backoff().map_or(0, |backoff| backoff.wait(account.now()));
    let is_fresh = account.age(known).filter(|age| *age < max_age);
    is_fresh.map_or_else(|| waits.max(PAUSE), |age| max_age - age + 1)
}

fn after(seconds: u64) -> Option<Instant> {
    Instant::now().checked_add(Duration::from_secs(seconds))
}
