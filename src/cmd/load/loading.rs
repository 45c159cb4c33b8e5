//! The variables for a program: narrowed and renamed as the user wishes, and none missing unless the user
//! says so.

use std::collections::BTreeSet;
use std::time::Duration;

use super::known::{self, WhenOld, warn_of_unfit, whole};
use super::nearest::nearest;
use crate::account::{Account, choose_without_account};
use crate::cli;
use crate::cmd::app::App;
use crate::cmd::outcome::{Outcome, Stop};
use crate::cmd::this_shell::ThisShell;
use crate::config;
use crate::context;
use crate::domain::{EnvName, Failure, Kind, Result};
use crate::environment::{Environment, Filters, KnownVariables, Missing, Room, missing, missing_in_project};

/// What a program is to have.
pub(crate) struct Loading<'o> {
    pub filters: &'o cli::Filters,
    /// Whether to go on without what is unknown, or without any answer.
    pub allow_missing: bool,
    /// How long to wait for a first answer of the server.
    pub wait: Duration,
    pub when_old: WhenOld,
    /// Whether the program runs on this machine, in this environment: how much room is left here, and what
    /// is set here, is nothing to others.
    pub is_here: bool,
    /// Whether the program has what is set here, and so its own values of what `keep` names.
    pub keeps_own: bool,
    /// What the program's arguments take, in bytes.
    pub arguments: usize,
}

impl Loading<'_> {
    /// Whether the program's environment has a value of `name` already.
    fn has(&self, name: &str) -> bool {
        self.is_here && is_set(name)
    }
}

/// Whether the caller's environment has a value of `name`: an empty one is none.
fn is_set(name: &str) -> bool {
    EnvName::parse(name)
        .ok()
        .and_then(|name| context::bytes_var(&name))
        .is_some_and(|value| !value.is_empty())
}

/// What a program gets.
pub(crate) struct Loaded<'a> {
    pub environment: Environment,
    /// The account and what is known of it; `None` where the user goes on without any answer.
    pub known: Option<(Account<'a>, KnownVariables)>,
    /// Whether it is all that there is for the program: what else this shell holds is not.
    pub is_whole: bool,
}

/// The account's variables for a program.
///
/// # Errors
/// The server gives no answer, or a value is unknown, and the user does not go on without.
pub(crate) fn load<'a>(app: &'a App, loading: &Loading<'_>) -> Outcome<Loaded<'a>> {
    load_with(app, loading, &read_filters(loading.filters)?)
}

/// The same with these filters.
pub(super) fn load_with<'a>(app: &'a App, loading: &Loading<'_>, filters: &Filters) -> Outcome<Loaded<'a>> {
    let has = |name: &str| loading.has(name);
    let elsewhere = || app.credential().and_then(|credential| app.account_of(credential));
    let account = if loading.is_here { app.account() } else { elsewhere() };
    let account = match account {
        Err(failure) if failure.kind() == Kind::NotAuthenticated && loading.is_here => {
            return without_account(app, loading, filters, failure);
        }
        account => account,
    };
    // A key that the server refused is there: what a container has is no answer to that.
    let (account, known) = match account.map_err(Stop::from).and_then(|account| known(app, account, loading))
    {
        Ok(found) => found,
        Err(Stop::Failed(failure)) if loading.allow_missing => {
            app.ui.warn(&format!("going on without the account's variables: {}", failure.message()));
            let environment = Environment::default();
            let found = all_missing(app, &environment, None, filters, has)?;
            refuse_missing(app, &unanswered(found), true, None)?;
            return Ok(Loaded { environment, known: None, is_whole: false });
        }
        Err(stop) => return Err(stop.map(offer_to_go_without)),
    };
    let mut environment = select(app, &account, &known, filters, loading.is_here)?;
    if loading.keeps_own {
        keep_own(app, &mut environment)?;
    }
    warn_of_unfit(app, &environment);
    let is_allowed = loading.allow_missing || app.config.missing == config::Missing::Warn;
    let of_project = || account.choose(&known, !loading.is_here, &Filters::default());
    let found = all_missing(app, &environment, Some(&of_project), filters, has)?;
    refuse_missing(app, &found, is_allowed, Some((&account, &known)))?;
    Ok(Loaded { environment, known: Some((account, known)), is_whole: true })
}

/// Leaves alone what this environment has of its own and `keep` names.
fn keep_own(app: &App, environment: &mut Environment) -> Result<()> {
    let keep = app.machine.selection.keep();
    if keep.is_empty() {
        return Ok(());
    }
    let ledger = ThisShell::ledger(&app.machine);
    let named: Vec<EnvName> =
        environment.variables.keys().filter(|name| keep.matches(name.as_str())).cloned().collect();
    for name in named {
        if let Some(value) = context::bytes_var(&name)
            && app.machine.is_own(ledger.as_ref(), &name, &value)?
        {
            environment.leave_own(&name);
        }
    }
    Ok(())
}

/// What is missing of `environment` for the flags; and of what the project makes, before the flags narrow that,
/// for the project.
fn all_missing(
    app: &App,
    environment: &Environment,
    of_project: Option<&dyn Fn() -> Result<Environment>>,
    filters: &Filters,
    has: impl Fn(&str) -> bool,
) -> Result<Missing> {
    let selection = &app.machine.selection;
    let mut found = missing(environment, filters, &has);
    if let (Some(project), Some(file)) = (selection.project.in_force(), selection.project_file())
        && project.filters.requires()
    {
        let before = of_project.filter(|_| filters.is_selective()).map(|make| make()).transpose()?;
        let before = before.as_ref().unwrap_or(environment);
        found.add_project(&file, missing_in_project(before, &project.filters, has));
    }
    Ok(found)
}

/// What is missing where the account could not be asked: whether it lacks a variable is not known.
fn unanswered(mut missing: Missing) -> Missing {
    let by_project = missing.by_project.iter_mut().flat_map(|(_, names)| names);
    for (_, why) in missing.required.iter_mut().chain(by_project) {
        "the account could not be read".clone_into(why);
    }
    missing
}

/// What a container gives: in one, no key is needed.
fn without_account<'a>(
    app: &'a App,
    loading: &Loading<'_>,
    filters: &Filters,
    failure: Failure,
) -> Outcome<Loaded<'a>> {
    let room = app.room().with_arguments(loading.arguments);
    let environment = match select_without_account(app, room, filters) {
        Some(selected) => {
            let mut environment = selected?;
            if loading.keeps_own {
                keep_own(app, &mut environment)?;
            }
            environment
        }
        None if loading.allow_missing => {
            app.ui.warn(&format!("going on without the account's variables: {}", failure.message()));
            Environment::default()
        }
        None => return Err(offer_to_go_without(failure).into()),
    };
    warn_of_unfit(app, &environment);
    let of_project = || {
        let given = choose_without_account(&app.machine.selection, app.room(), &Filters::default());
        given.unwrap_or_else(|| Ok(Environment::default()))
    };
    let found = all_missing(app, &environment, Some(&of_project), filters, |name| loading.has(name))?;
    refuse_missing(app, &unanswered(found), true, None)?;
    Ok(Loaded { environment, known: None, is_whole: true })
}

fn known<'a>(
    app: &App,
    account: Account<'a>,
    loading: &Loading<'_>,
) -> Outcome<(Account<'a>, KnownVariables)> {
    let account = Account { room: account.room.clone().with_arguments(loading.arguments), ..account };
    let known = known::known(app, &account, loading.wait, loading.when_old)?;
    let known = match &known.unread {
        Some(failure) if loading.allow_missing => {
            app.ui.warn_of(failure);
            known
        }
        _ => whole(app, known)?,
    };
    Ok((account, known))
}

/// `failure` with the one way on that is always there.
fn offer_to_go_without(failure: Failure) -> Failure {
    let first = failure.next_step().map_or(String::new(), |step| format!("{step}; or "));
    failure.hint(format!("{first}go on without the variables: --allow-missing"))
}

/// The filters of a command line.
pub(crate) fn read_filters(given: &cli::Filters) -> Result<Filters> {
    let cli::Filters { only, except, rename, prefix, require } = given;
    Filters::parse(only, except, rename, prefix.as_deref(), require)
}

/// What the project and `filters` leave of the account, with what is this container's own if the program is
/// `here`. Whatever they do in vain is said.
pub(crate) fn select(
    app: &App,
    account: &Account<'_>,
    known: &KnownVariables,
    filters: &Filters,
    here: bool,
) -> Result<Environment> {
    account.choose(known, !here, filters).map(|environment| said(app, environment))
}

/// What they leave of what a container gives without a key; `None` outside of one.
pub(crate) fn select_without_account(
    app: &App,
    room: Room,
    filters: &Filters,
) -> Option<Result<Environment>> {
    let given = choose_without_account(&app.machine.selection, room, filters)?;
    Some(given.map(|environment| said(app, environment)))
}

fn said(app: &App, environment: Environment) -> Environment {
    let selection = &app.machine.selection;
    let waiting = selection.project.waiting();
    if let Some(file) = selection.project_file().filter(|_| !waiting.is_empty()) {
        app.ui.warn(&format!("{file} is not allowed: {} not used (vastenv allow)", waiting.join(", ")));
    }
    environment.notes.iter().for_each(|note| app.ui.warn(note));
    environment.chosen_in_vain().for_each(|line| app.ui.warn(&line));
    environment
}

/// Checks what must have a value, for a command that only shows: the rest may be unknown.
pub(crate) fn refuse_unmet(
    app: &App,
    known: Option<(&Account<'_>, &KnownVariables)>,
    environment: &Environment,
    filters: &Filters,
) -> Result<()> {
    let missing = missing(environment, filters, is_set);
    if !missing.required.is_empty() {
        return refuse_missing(app, &missing, true, known);
    }
    missing.notes.iter().for_each(|note| app.ui.warn(note));
    Ok(())
}

/// Names what is missing, whoever is quiet.
///
/// # Errors
/// It may not be missing.
fn refuse_missing(
    app: &App,
    missing: &Missing,
    is_allowed: bool,
    known: Option<(&Account<'_>, &KnownVariables)>,
) -> Result<()> {
    for note in &missing.notes {
        app.ui.warn(note);
    }
    let Some(sentence) = missing.sentence() else { return Ok(()) };
    if !missing.is_fatal(is_allowed) {
        app.ui.warn(&sentence);
        return Ok(());
    }
    let names: Vec<String> = missing.names().cloned().collect();
    // Where something is required, the rest is not why it fails.
    let required: Vec<&String> = missing.all_required().map(|(name, _)| name).collect();
    let is_of_project = missing.required.is_empty() && missing.by_project.is_some();
    let waits = !app.machine.selection.project.waiting().is_empty();
    let first = if waits { "see what waits: vastenv allow; or " } else { "" };
    let project = format!("{first}leave the project out: --no-project");
    let fatal = if required.is_empty() { names.iter().collect() } else { required.clone() };
    let hint = match known {
        Some((account, known)) => {
            let lacking = fatal.iter().filter_map(|name| missing.lacking.get(*name));
            let lacking: BTreeSet<&str> = lacking.flatten().map(String::as_str).collect();
            let lacking: Vec<&str> = lacking.into_iter().collect();
            let way = nearest(account.machine, &known.snapshot.account(), &lacking);
            match (lacking.is_empty(), required.is_empty()) {
                (true, _) if is_of_project => project,
                (true, _) => match app.machine.selection.project_file() {
                    Some(file) => format!("{file} counts too: --no-project leaves it out"),
                    None => "see why: vastenv show env-vars".to_owned(),
                },
                (false, _) if is_of_project => format!("{way}; or {project}"),
                (false, false) => way.to_string(),
                (false, true) => {
                    format!("{way}; or need fewer: --only, --except; or go on: --allow-missing")
                }
            }
        }
        None if is_of_project => format!("set them in the environment; or {project}"),
        None => "leave --require out, or set them in the environment".to_owned(),
    };
    Err(Failure::failed(sentence).about(names).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_reads_well_with_and_without_a_first_half() {
        let hint = |failure: Failure| offer_to_go_without(failure).next_step().map(str::to_owned);
        let bare = Failure::unavailable("no answer");
        assert_eq!(hint(bare.clone()).as_deref(), Some("go on without the variables: --allow-missing"));
        let both = Some("try again; or go on without the variables: --allow-missing");
        assert_eq!(hint(bare.hint("try again")).as_deref(), both);
    }
}
