//! `vastenv reset api-key`: a new key in place of the one in use, never lost on the way.
//!
//! The server kills the old key with its answer. So the new one is written down in a journal before
//! anything else, then into the key file, then verified, then told; and a command that finds a
//! journal finishes the job.

use super::app::App;
use super::ask::agree;
use crate::account::{Account, save_key};
use crate::context;
use crate::credentials::{Credential, Source};
use crate::domain::{Failure, Result, Secret};

/// Asks, resets, saves, verifies, tells.
pub fn reset_api_key(app: &App) -> Result<()> {
    let account = app.account()?;
    let Credential { key, source } = account.credential.clone();
    if !app.global.curl {
        agree(
            app,
            &format!("The key {} from {source} will stop working everywhere. Reset it?", key.suffix()),
        )?;
    }
    let new = app.with_server(account, async |remote| remote.reset_api_key().await)?;
    if let Err(failure) = app.store.begin_reset(&new) {
        app.ui.warn(&format!("the new key could not be written down: {}", failure.message()));
    }
    keep(app, &key, &source, &new)?;
    tell_whether_it_works(app, &new)
}

/// Finishes a reset that was cut off between the server's answer and the key file. While the file
/// cannot be written, every command says so, and goes on.
pub fn finish_reset(app: &App) {
    let Ok(Some(key)) = app.store.unfinished_reset() else { return };
    match save_key(&app.paths, &app.store, &key, context::now()) {
        Ok(saved) => {
            app.store.finish_reset();
            let path = saved.path.display();
            app.ui.say(&format!("finished an earlier reset: the new key {} is in {path}", key.suffix()));
        }
        Err(failure) => {
            app.ui.warn(&format!(
                "the new key of an earlier reset still waits to be saved: {}",
                failure.message()
            ));
        }
    }
}

/// Puts the new key where the old one was. A key from the command line or the environment is not
/// ours to change: it goes into the key file if that has none, or the dead one; else it is shown.
fn keep(app: &App, old: &Secret, source: &Source, new: &Secret) -> Result<()> {
    let elsewhere = matches!(source, Source::Flag | Source::Environment);
    if elsewhere && key_file_holds_another(app, old) {
        app.store.finish_reset();
        app.ui.say(&format!(
            "the new key replaces the one from {source}; it is not saved, because the key file holds another:"
        ));
        return app.ui.line(new.expose());
    }
    match save_key(&app.paths, &app.store, new, context::now()) {
        Ok(saved) => {
            app.store.finish_reset();
            app.ui.say(&format!("the new key {} is saved in {}", new.suffix(), saved.path.display()));
            if elsewhere {
                app.ui
                    .warn(&format!("{source} still has the old key, which is dead now: change or unset it"));
            }
            Ok(())
        }
        Err(failure) => {
            // The old key is dead: the new one must be seen, whatever else fails.
            app.ui.line(new.expose())?;
            Err(Failure::failed(format!("the key was reset, but the new one could not be saved: {}", failure.message()))
                .hint("keep the key printed above; once the file can be written, `vastenv set api-key` (or any command) saves it"))
        }
    }
}

fn key_file_holds_another(app: &App, old: &Secret) -> bool {
    let found = crate::credentials::find(None, None, &app.paths);
    found.is_ok_and(|credential| credential.key != *old)
}

fn tell_whether_it_works(app: &App, new: &Secret) -> Result<()> {
    let credential = Credential { key: new.clone(), source: Source::KeyFile(app.paths.api_key()) };
    let account: Account<'_> = app.account_of(credential)?;
    match app.with_server(account, async |remote| remote.verify().await) {
        Ok(_) => app.ui.say("the server accepts it; every open shell moves to it at its next prompt"),
        Err(failure) => {
            app.ui.warn(&format!("the new key is saved but could not be tried: {}", failure.message()));
        }
    }
    Ok(())
}
