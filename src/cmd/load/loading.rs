//! The variables for a program: narrowed and renamed as the user wishes, and none missing unless the user
//! says so.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::known::{self, WhenOld, warn_of_unfit, whole};
use super::nearest::nearest;
use crate::account::{Account, choose_without_account};
use crate::cli;
use crate::cmd::app::App;
use crate::cmd::outcome::{Outcome, Stop};
use crate::config;
use crate::context;
use crate::domain::{EnvName, Failure, Kind, Result, printable};
use crate::environment::{Environment, Filtered, Filters, KnownVariables, Missing, Named, Room, missing};

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
}

/// Variables under their final names.
pub(crate) struct Selected {
    pub environment: Environment,
    /// The account's names of those that have another now.
    former: BTreeMap<String, String>,
}

/// The account's variables for a program.
///
/// # Errors
/// The server gives no answer, or a value is unknown, and the user does not go on without.
pub(crate) fn load<'a>(app: &'a App, loading: &Loading<'_>) -> Outcome<Loaded<'a>> {
    let filters = read_filters(loading.filters)?;
    let has = |name: &str| loading.has(name);
    let elsewhere = || app.credential().and_then(|credential| app.account_of(credential));
    let account = if loading.is_here { app.account() } else { elsewhere() };
    let account = match account {
        Err(failure) if failure.kind() == Kind::NotAuthenticated && loading.is_here => {
            return without_account(app, loading, &filters, failure);
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
            refuse_missing(app, &unanswered(missing(&environment, &filters, has)), true, None)?;
            return Ok(Loaded { environment, known: None });
        }
        Err(stop) => return Err(stop.map(offer_to_go_without)),
    };
    let selected = select(app, &account, &known, &filters, loading.is_here)?;
    warn_of_unfit(app, &selected.environment);
    let is_allowed = loading.allow_missing || app.config.missing == config::Missing::Warn;
    let found = missing(&selected.environment, &filters, has);
    refuse_missing(app, &found, is_allowed, Some((&account, &known, &selected)))?;
    Ok(Loaded { environment: selected.environment, known: Some((account, known)) })
}

/// What is missing where the account could not be asked: whether it lacks a variable is not known.
fn unanswered(mut missing: Missing) -> Missing {
    for (_, why) in &mut missing.required {
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
        Some(selected) => selected?.environment,
        None if loading.allow_missing => {
            app.ui.warn(&format!("going on without the account's variables: {}", failure.message()));
            Environment::default()
        }
        None => return Err(offer_to_go_without(failure).into()),
    };
    warn_of_unfit(app, &environment);
    let found = unanswered(missing(&environment, filters, |name| loading.has(name)));
    refuse_missing(app, &found, true, None)?;
    Ok(Loaded { environment, known: None })
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

/// What `filters` leave of the account, with what is this container's own if the program is `here`.
/// Whatever they do in vain is said.
pub(crate) fn select(
    app: &App,
    account: &Account<'_>,
    known: &KnownVariables,
    filters: &Filters,
    here: bool,
) -> Result<Selected> {
    let mut applied = Applied::default();
    let environment = account.choose(known, !here, |all| applied.apply(filters, all))?;
    Ok(applied.said(app, environment))
}

/// What `filters` leave of what a container gives without a key; `None` outside of one.
pub(crate) fn select_without_account(app: &App, room: Room, filters: &Filters) -> Option<Result<Selected>> {
    let mut applied = Applied::default();
    let given = choose_without_account(&app.config, room, |all| applied.apply(filters, all))?;
    Some(given.map(|environment| applied.said(app, environment)))
}

/// What filters did.
#[derive(Default)]
struct Applied {
    former: BTreeMap<String, String>,
    notes: Vec<String>,
}

impl Applied {
    fn apply<'v>(&mut self, filters: &Filters, all: Named<'v>) -> Result<Named<'v>> {
        let filtered = filters.apply(all);
        let Filtered { variables, former, notes } =
            filtered.map_err(|failure| failure.hint("list the account's names: vastenv show env-vars"))?;
        *self = Self { former, notes };
        Ok(variables)
    }

    fn said(self, app: &App, environment: Environment) -> Selected {
        for note in &self.notes {
            app.ui.warn(note);
        }
        // The user chose the name, and would look for it in vain.
        for skipped in environment.skipped.iter().filter(|skipped| self.former.contains_key(&skipped.name)) {
            if !skipped.why.is_masked() {
                app.ui.warn(&format!("{} not loaded: {}", printable(&skipped.name), skipped.why.reason()));
            }
        }
        Selected { environment, former: self.former }
    }
}

impl Selected {
    /// All of them, loaded or not.
    pub(crate) fn names(&self) -> BTreeSet<&str> {
        let loaded = self.environment.variables.keys().map(EnvName::as_str);
        loaded.chain(self.environment.skipped.iter().map(|skipped| skipped.name.as_str())).collect()
    }

    /// The name that the account has for the variable called `name` here.
    pub(crate) fn account_name<'n>(&'n self, name: &'n str) -> &'n str {
        self.former.get(name).map_or(name, String::as_str)
    }
}

/// Checks what must have a value, for a command that only shows: the rest may be unknown.
pub(crate) fn refuse_unmet(
    app: &App,
    known: Option<(&Account<'_>, &KnownVariables)>,
    selected: &Selected,
    filters: &Filters,
) -> Result<()> {
    let missing = missing(&selected.environment, filters, is_set);
    if !missing.required.is_empty() {
        return refuse_missing(app, &missing, true, known.map(|(account, known)| (account, known, selected)));
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
    known: Option<(&Account<'_>, &KnownVariables, &Selected)>,
) -> Result<()> {
    for note in &missing.notes {
        app.ui.warn(note);
    }
    let Some(sentence) = missing.sentence() else { return Ok(()) };
    if !missing.is_fatal(is_allowed) {
        app.ui.warn(&sentence);
        return Ok(());
    }
    let required = missing.required.iter().map(|(name, _)| name);
    let names: Vec<&String> = required.clone().chain(&missing.unknown).collect();
    // Where something is required, the rest is not why it fails.
    let fatal: Vec<&String> = if missing.only_required { required.collect() } else { names.clone() };
    let hint = match known {
        Some((account, known, selected)) => {
            let hidden = selected.environment.hidden();
            let names = fatal.iter().filter(|name| hidden.contains(&name.as_str()));
            let names: Vec<&str> = names.map(|name| selected.account_name(name)).collect();
            let way = nearest(account.machine, &known.snapshot.account(), &names);
            match (names.is_empty(), missing.only_required) {
                (true, _) => "see why: vastenv show env-vars".to_owned(),
                (false, true) => way.to_string(),
                (false, false) => {
                    format!("{way}; or need fewer: --only, --except; or go on: --allow-missing")
                }
            }
        }
        None => "leave --require out, or set them in the environment".to_owned(),
    };
    let names = names.into_iter().cloned().collect();
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
