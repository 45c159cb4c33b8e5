//! `vastenv set api-key [KEY]`: saves the key where `vastai` finds it too.

use std::time::Duration;

use crate::account::{Refreshed, Urgency, check_place, save_key};
use crate::cli::SetApiKey;
use crate::cmd::app::{App, CONTAINERS_OWN, is_containers_own};
use crate::cmd::ask::agree_beside_stdin;
use crate::cmd::load::nearest::nearest;
use crate::cmd::outcome::{Outcome, Stop};
use crate::context::{self, variables};
use crate::credentials::{Credential, Source, check_key};
use crate::domain::{Failure, Kind, ListKind, Remedy, Result, Secret, count, trim_unseen};
use crate::sealing::Storage;
use crate::ui::read_secret;

/// The key that was typed, or that is asked for.
pub(crate) fn read_key(app: &App, typed: Option<Secret>) -> Result<Secret> {
    let given = match typed {
        Some(key) => key,
        // Nothing is sent or saved: the command that is shown has a variable in the key's place.
        None if app.global.curl => Secret::new("$VAST_API_KEY"),
        None => read_secret("API key")?,
    };
    let key = check_key(trim_unseen(given.expose())).map_err(|why| {
        Failure::usage(format!("not an API key: it {why}"))
            .hint("copy it again from https://cloud.vast.ai/manage-keys/")
    })?;
    if is_containers_own(&key) {
        app.ui.warn(CONTAINERS_OWN);
    }
    Ok(key)
}

/// Checks the key, asks the server whose it is, saves it, and fetches the variables.
pub(crate) fn set_api_key(app: &App, arguments: SetApiKey) -> Outcome<()> {
    let place = if arguments.keyring { Storage::Keyring } else { Storage::File };
    check_place(&app.machine, place)?;
    let key = read_key(app, arguments.key)?;
    let owner = if arguments.no_verify { None } else { verify(app, &key)? };
    if app.global.curl {
        return Ok(());
    }
    let saved = save_key(&app.machine, &key, place)?;
    app.warn_of_notes();
    let whose = owner.as_ref().map_or(String::new(), |owner| format!(" of {owner}"));
    app.ui.say(&format!("saved the key{whose} ({}) in {}", key.suffix(), saved.source));
    for removed in &saved.removed {
        app.ui.say(&match removed {
            Source::LegacyFile(path) => format!("removed {}, the key's old file", path.display()),
            other => format!("removed the key from {other}"),
        });
    }
    let profile = app.machine.selection.profile.is_some();
    if arguments.keyring && !profile {
        app.ui.say("`vastai` cannot find it by itself now: vastenv run --with-api-key -- vastai …");
    }
    if !profile {
        warn_of_overrides(app);
    }
    if owner.is_some() {
        prefetch(app, Credential { key: Some(key), source: saved.source });
    }
    Ok(())
}

/// The longest that anybody waits to hear whose a key is.
const LIMIT: Duration = Duration::from_secs(15);

/// The longest that anybody waits for the list of instances.
const INSTANCES_LIMIT: Duration = Duration::from_secs(5);

/// Whose the key is; `None` where the server does not tell, and the key is to be saved all the same.
pub(crate) fn verify(app: &App, key: &Secret) -> Outcome<Option<String>> {
    let account = app.account_of(Credential { key: Some(key.clone()), source: Source::Flag })?;
    let failure = match app.with_server(account, async |remote| remote.verify_within(LIMIT).await) {
        Ok(identity) => return Ok(Some(identity.email.or(identity.user).unwrap_or_default())),
        Err(Stop::Failed(failure)) => failure,
        Err(Stop::Shown) => return Err(Stop::Shown),
    };
    if let Some(Remedy::GrantRights { missing, .. }) = failure.remedy() {
        app.ui.warn(&format!("the key is good, but lacks {missing}: {}", failure.message()));
        return Ok(None);
    }
    let failure = match (failure.status_code(), failure.kind()) {
        (401, Kind::Unavailable) => {
            let message = format!("the key was refused, or a proxy answered: {}", failure.message());
            Failure::new(Kind::NotAuthenticated, message)
                .status(401)
                .hint("nothing was saved; check the key, and for a proxy or login page in between")
        }
        (401, Kind::SessionWanted) => match failure.next_step() {
            Some(step) => failure.clone().hint(format!("nothing was saved; {step}")),
            None => failure,
        },
        (_, Kind::Unavailable) => return agree_to_save(app, &failure).map(|()| None),
        _ if failure.is_refusal() => {
            failure.hint("nothing was saved; copy the key again from https://cloud.vast.ai/manage-keys/")
        }
        (_, Kind::Failed) => failure.hint("nothing was saved; --no-verify saves it unverified"),
        _ => failure,
    };
    Err(failure.into())
}

/// Asks whether to save a key of which the server said nothing.
fn agree_to_save(app: &App, failure: &Failure) -> Outcome<()> {
    let question = format!("The key cannot be verified: {}. Save it anyway?", failure.message());
    agree_beside_stdin(app, &question).map_err(|refused| match refused.kind() {
        Kind::Usage => Failure::unavailable(format!("the key cannot be verified: {}", failure.message()))
            .hint("nothing was saved; --no-verify saves it unverified"),
        _ => refused,
    })?;
    app.ui.warn(&format!("key saved unverified: {}", failure.message()));
    Ok(())
}

fn warn_of_overrides(app: &App) {
    if let Some(other) = context::secret_var(variables::VAST_API_KEY) {
        app.ui.warn(&format!(
            "VAST_API_KEY ({}) is set and overrides the saved key: unset VAST_API_KEY",
            other.suffix()
        ));
    }
    let session = app.paths().tfa_key();
    if session.exists() {
        app.ui.warn(&format!(
            "a two-factor session ({}) overrides the saved key while it lasts",
            session.display()
        ));
    }
}

/// Fetches the variables with the new key, so that shells have them at once, and the instances, which may
/// have values that Vast hides.
pub(crate) fn prefetch(app: &App, credential: Credential) {
    let account = app.account_of(credential).map_err(Stop::from);
    let fetched = account.and_then(|account| Ok((app.fetch(account.clone(), Urgency::Asked)?, account)));
    match fetched {
        Ok((Refreshed { known, .. }, account)) => {
            // Without the list, hints and TAB know less.
            let _ = app.with_server(account.clone(), async |remote| {
                remote.refresh_list_within(ListKind::Instances, Urgency::Asked, INSTANCES_LIMIT).await
            });
            let number = count(known.snapshot.variables.len(), "variable");
            let environment = account.everything(&known);
            let hidden = environment.hidden();
            if hidden.is_empty() {
                app.ui.say(&format!("{number} in the account"));
            } else {
                let values = count(hidden.len(), "value");
                app.ui.say(&format!("{number} in the account, {values} hidden by Vast and unknown here"));
                let way = nearest(&app.machine, &known.snapshot.account(), &hidden);
                app.ui.say(&format!("next, {way}"));
            }
        }
        Err(Stop::Shown) => {}
        Err(Stop::Failed(failure)) => {
            app.ui.warn(&format!("the variables could not be fetched yet: {}", failure.message()));
        }
    }
}
