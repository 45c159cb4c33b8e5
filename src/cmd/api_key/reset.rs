//! `vastenv reset api-key`: a new key in place of the one in use, never lost on the way.
//!
//! The server kills the old key with its answer. So the new one is written down in a journal before
//! anything else, then into the key file, then verified, then told; and a command that finds a
//! journal finishes the job.

use serde_json::{Value, json};

use crate::account::{self, Account, EarlierReset, NewKey, check_place, save_key};
use crate::cmd::app::App;
use crate::cmd::ask::agree;
use crate::cmd::guard;
use crate::cmd::outcome::{Outcome, Stop};
use crate::config::ProfileKey;
use crate::credentials::{Credential, Source, check_key};
use crate::domain::{Failure, Kind, Secret, printable, to_python_json};
use crate::sealing::Storage;

/// Asks, resets, saves, verifies, tells.
pub(crate) fn reset_api_key(app: &App) -> Outcome<()> {
    // Nobody knows before whether the new key can be saved, or must be printed.
    guard::values(app)?;
    let account = app.account()?;
    let in_keyring = matches!(
        app.machine.saved_credential(),
        Ok(Some(Credential { source: Source::Keyring | Source::Profile(_, ProfileKey::Keyring), .. }))
    );
    let place = if in_keyring { Storage::Keyring } else { Storage::File };
    check_place(&app.machine, place)?;
    if !app.global.curl {
        let key = &account.credential;
        agree(app, &format!("The key {key} will stop working everywhere. Reset it?"))?;
    }
    let new = app.with_server(account, async |remote| remote.reset_api_key(place).await)?;
    if let Some(failure) = &new.not_kept {
        app.ui.warn(&format!("could not write the new key: {}", failure.message()));
    }
    if let Err(why) = check_key(new.key.expose()) {
        return leave_aside(app, &new, why);
    }
    if has_room(app, &new.old) { keep(app, &new, place) } else { hand_over(app, &new) }
}

/// Finishes a reset that was cut off between the server's answer and the key file. While that cannot
/// be done, every command says so, and goes on.
pub(crate) fn finish_reset(app: &App) {
    match account::finish_reset(&app.machine, true) {
        EarlierReset::None => {}
        EarlierReset::Finished(key, saved) => {
            let place = saved.source;
            app.ui.say(&format!("finished an earlier reset: new key {} saved in {place}", key.suffix()));
        }
        EarlierReset::Waits(failure) => {
            let message = format!("the new key of an earlier reset is not saved yet: {}", failure.message());
            let warning = Failure::failed(message);
            app.ui.warn_of(&match failure.next_step() {
                Some(step) => warning.hint(step),
                None => warning,
            });
        }
        EarlierReset::Unknown => app.ui.warn_of(
            &Failure::failed("an earlier `vastenv reset api-key` was cut off before the answer").hint(format!(
                "if the server refuses the key, copy the new one from https://cloud.vast.ai/manage-keys/ and \
                 save it with `{}`",
                app.machine.selection.set_command()
            )),
        ),
    }
}

/// Leaves a key that no request can carry where it is written down, and the key file alone.
fn leave_aside(app: &App, new: &NewKey, why: &str) -> Outcome<()> {
    app.ui.only_copy(&if app.ui.raw { as_json(&new.key) } else { printable(new.key.expose()) })?;
    let hint = match new.not_kept {
        None => format!("kept in {}, as the server sent it", app.machine.reset_key_path().display()),
        Some(_) => "keep the key printed above, there is no other copy".to_owned(),
    };
    Err(Failure::failed(format!("the key was reset, but the new one {why}: not saved as the API key"))
        .hint(hint)
        .into())
}

/// Whether the place of the saved key is where the new one belongs: it held the dead one, or none.
/// Another key in it is not ours to overwrite, unless a two-factor session asked and the server refuses that key:
/// then it was the one that the session stood for.
fn has_room(app: &App, old: &Credential) -> bool {
    let Ok(Some(saved)) = app.machine.saved_credential() else { return true };
    if saved.key == old.key {
        return true;
    }
    let Source::TwoFactorFile(_) = old.source else { return false };
    let Some(key) = saved.key else { return false };
    let tried = try_key(app, key, saved.source);
    matches!(tried, Err(Stop::Failed(failure)) if failure.is_refusal())
}

/// Puts the new key in the place of the saved one.
fn keep(app: &App, new: &NewKey, place: Storage) -> Outcome<()> {
    let saved = match save_key(&app.machine, &new.key, place) {
        Ok(saved) => saved,
        Err(failure) => {
            // The old key is dead: the new one must be seen, whatever else fails.
            app.ui.only_copy(new.key.expose())?;
            let hint = match new.not_kept {
                None => "the key is printed above and kept; the next command saves it".to_owned(),
                Some(_) => format!(
                    "keep the key printed above, there is no other copy; save it with `{}`",
                    app.machine.selection.set_command()
                ),
            };
            let message =
                format!("the key was reset, but the new one could not be saved: {}", failure.message());
            return Err(Failure::failed(message).hint(hint).into());
        }
    };
    app.machine.end_reset();
    app.warn_of_notes();
    let what = format!("the new key {} is saved in {}", new.key.suffix(), saved.source);
    match try_key(app, new.key.clone(), saved.source) {
        Ok(()) => app.ui.say(&format!("{what}; the server accepts it, and every open shell follows")),
        Err(Stop::Failed(failure)) if failure.kind() == Kind::Unavailable => {
            app.ui.say(&what);
            app.ui.warn(&format!("the new key is not verified yet: {}", failure.message()));
        }
        Err(stop) => return Err(stop),
    }
    warn_of_dead_key(app, new);
    if app.ui.raw {
        app.ui.json(&answer(&new.key))?;
    }
    Ok(())
}

/// Shows the new key, because it has no place here.
fn hand_over(app: &App, new: &NewKey) -> Outcome<()> {
    let source = &new.old.source;
    app.ui.say(&format!(
        "the new key replaces the one from {source}; not saved, because another key is saved here:"
    ));
    let shown = if app.ui.raw { as_json(&new.key) } else { new.key.expose().to_owned() };
    app.ui.only_copy(&shown).map_err(|failure| match new.not_kept {
        None => failure.hint("the new key is kept; the next command says where"),
        Some(_) => failure,
    })?;
    app.machine.end_reset();
    warn_of_dead_key(app, new);
    Ok(())
}

/// Where the dead key stays and will be found first.
fn warn_of_dead_key(app: &App, new: &NewKey) {
    let source = &new.old.source;
    match source {
        Source::Environment => app.ui.warn(&format!("{source} still holds the old key: change or unset it")),
        Source::TwoFactorFile(_) => {
            app.ui.warn(&format!("the key in {source} was replaced: the next call drops it"));
        }
        Source::Flag | Source::KeyFile(_) | Source::LegacyFile(_) | Source::Keyring | Source::Profile(..) => {
        }
    }
}

fn try_key(app: &App, key: Secret, source: Source) -> Outcome<()> {
    let account: Account<'_> = app.account_of(Credential { key: Some(key), source })?;
    app.with_server(account, async |remote| remote.verify().await).map(drop)
}

/// The answer as the server gave it.
fn answer(key: &Secret) -> Value {
    json!({"success": true, "new_api_key": key.expose()})
}

fn as_json(key: &Secret) -> String {
    to_python_json(&answer(key))
}
