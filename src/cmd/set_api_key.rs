//! `vastenv set api-key [KEY]`: saves the key where `vastai` finds it too.

use super::app::App;
use super::outcome::{Outcome, Stop};
use crate::account::{KeyPlace, Urgency, save_key};
use crate::cli::SetApiKey;
use crate::context::{self, variables};
use crate::credentials::{Credential, Source, check_key};
use crate::domain::{Failure, Kind, Secret, count, trim_unseen};
use crate::ui::read_secret;

/// Checks the key, asks the server whose it is, saves it, and fetches the variables.
pub fn set_api_key(app: &App, arguments: SetApiKey) -> Outcome<()> {
    let given = match arguments.key {
        Some(key) => key,
        // Nothing is sent or saved: the command that is shown has a variable in the key's place.
        None if app.global.curl => Secret::new("$VAST_API_KEY"),
        None => read_secret("API key")?,
    };
    let key = check_key(trim_unseen(given.expose())).map_err(|why| {
        Failure::usage(format!("this is no API key: it {why}"))
            .hint("copy it anew from https://cloud.vast.ai/manage-keys/")
    })?;
    let owner = if arguments.no_verify { None } else { verify(app, &key)? };
    if app.global.curl {
        return Ok(());
    }
    let place = if arguments.keyring { KeyPlace::Keyring } else { KeyPlace::File };
    let saved = save_key(&app.paths, &app.store, &key, place, context::now())?;
    for note in saved.notes.iter().chain(&app.store.take_notes()) {
        app.ui.warn(note);
    }
    let whose = owner.as_ref().map_or(String::new(), |owner| format!(" of {owner}"));
    app.ui.say(&format!("saved the key{whose} ({}) in {}", key.suffix(), saved.source));
    for removed in &saved.removed {
        app.ui.say(&match removed {
            Source::LegacyFile(path) => format!("removed {}, the old place of the key", path.display()),
            other => format!("removed the key from {other}"),
        });
    }
    if arguments.keyring {
        app.ui.say("`vastai` finds it no more by itself: vastenv run --with-api-key -- vastai …");
    }
    warn_of_overrides(app);
    if owner.is_some() {
        prefetch(app, Credential { key, source: saved.source });
    }
    Ok(())
}

/// Whose the key is; `None` where the server cannot be asked.
fn verify(app: &App, key: &Secret) -> Outcome<Option<String>> {
    let account = app.account_of(Credential { key: key.clone(), source: Source::Flag })?;
    match app.with_server(account, async |remote| remote.verify().await) {
        Ok(identity) => Ok(Some(identity.email.or(identity.user).unwrap_or_default())),
        Err(Stop::Failed(failure)) if failure.kind() == Kind::Unavailable => {
            app.ui.warn(&format!("the key is saved without being verified: {}", failure.message()));
            Ok(None)
        }
        Err(stop) => Err(stop.map(|failure| match failure.kind() {
            _ if failure.is_refusal() => {
                failure.hint("nothing was saved; copy the key anew from https://cloud.vast.ai/manage-keys/")
            }
            Kind::Failed => failure.hint("nothing was saved; --no-verify saves it without asking the server"),
            _ => failure,
        })),
    }
}

fn warn_of_overrides(app: &App) {
    if let Some(other) = context::secret_var(variables::VAST_API_KEY) {
        app.ui.warn(&format!(
            "VAST_API_KEY ({}) is set and overrides the saved key: unset VAST_API_KEY",
            other.suffix()
        ));
    }
    let session = app.paths.tfa_key();
    if session.exists() {
        app.ui.warn(&format!(
            "a two-factor session ({}) overrides the saved key while it lasts",
            session.display()
        ));
    }
}

/// Fetches the variables with the new key, so that shells have them at once.
fn prefetch(app: &App, credential: Credential) {
    let account = app.account_of(credential).map_err(Stop::from);
    match account.and_then(|account| app.fetch(account, Urgency::Asked)) {
        Ok(refreshed) => {
            app.ui.say(&format!("{} in the account", count(refreshed.snapshot.variables.len(), "variable")));
        }
        Err(Stop::Shown) => {}
        Err(Stop::Failed(failure)) => {
            app.ui.warn(&format!("the variables could not be fetched yet: {}", failure.message()));
        }
    }
}
