//! `vastenv profile remove PROFILE`

use super::facts::{ProfileFacts, open};
use crate::account::Account;
use crate::cli::{Global, RemoveProfile};
use crate::cmd::app::{App, open_machine};
use crate::context::{self, variables};
use crate::domain::{AccountId, Failure, Result, count};
use crate::ui::{Ui, confirm};

/// Removes a profile, its key if that was saved for it alone, and what is known of its account if the user
/// says so.
pub(super) fn remove_profile(global: &Global, arguments: &RemoveProfile, ui: Ui) -> Result<()> {
    let app = open(global, ui)?;
    let name = arguments.name.as_str();
    let facts = ProfileFacts::of(&app, name)?;
    let known = facts.account().ok().filter(|account| is_own(&app, &facts, account));
    let forgets = known.as_ref().map_or(Ok(false), |account| agrees(&app, &facts, account))?;
    let place = facts.machine.selection.key_place().cloned();
    let is_key_removed = facts.machine.remove_profile(name, place.as_ref())?;
    if let Some(account) = known.filter(|_| forgets) {
        account.forget_all()?;
    }
    let parts = [
        (true, format!("removed the profile {name}")),
        (is_key_removed, "its key".to_owned()),
        (forgets, "what was known of its account".to_owned()),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|(is_so, _)| *is_so).map(|(_, part)| part).collect();
    ui.say(&parts.join(", "));
    Ok(())
}

/// Whether something is known of the account, and nothing else here opens it.
fn is_own(app: &App, facts: &ProfileFacts, account: &Account<'_>) -> bool {
    let Some(id) = account.id() else { return false };
    let others = app.config.profiles.keys().filter(|other| **other != facts.name);
    let mut others = others.filter_map(|other| ProfileFacts::of(app, other).ok()?.account_id());
    let in_use = || app.account().ok().filter(|_| facts.by.is_none()).and_then(|account| account.id());
    !others.any(|other| other == id)
        && account_without_profile().as_ref() != Some(&id)
        && in_use().as_ref() != Some(&id)
}

/// The account that is meant where no profile is.
fn account_without_profile() -> Option<AccountId> {
    let mut global = Global { no_project: true, ..Global::default() };
    let mut machine = open_machine(context::paths().ok()?, &mut global);
    machine.selection.leave_profile(context::text_var(variables::VAST_URL));
    let account = Account::open(&machine, machine.credential().ok()?).ok()?;
    account.id()
}

/// Asks whether to forget what is known.
fn agrees(app: &App, facts: &ProfileFacts, account: &Account<'_>) -> Result<bool> {
    let values = account.remembered()?.len();
    let user = facts.user().unwrap_or_else(|| "its account".to_owned());
    let with = if values == 0 {
        String::new()
    } else {
        format!(" and {} remembered here alone", count(values, "value"))
    };
    let question = format!("Forget the variables of {user} cached here{with} too?");
    if app.global.yes {
        return Ok(true);
    }
    confirm(&question)?.ok_or_else(|| {
        Failure::usage(format!("cannot ask: stdin is not a terminal ({question})")).hint("add --yes")
    })
}
