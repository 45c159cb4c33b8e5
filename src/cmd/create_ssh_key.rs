//! `vastenv create ssh-key [KEY]`: adds a public key, or makes a pair and adds it.

use std::path::{Path, PathBuf};

use super::app::App;
use super::ask::agree;
use super::ssh_key::{describe, given_key};
use crate::cli::CreateSshKey;
use crate::context::{self, variables};
use crate::domain::{Failure, Result, Secret};
use crate::keypair::{PublicKey, existing, generate, save};
use crate::ui::read_new_passphrase;

/// Adds the key to the account, unless it has it already.
pub fn create_ssh_key(app: &App, arguments: CreateSshKey) -> Result<()> {
    if let Some(text) = &arguments.key {
        return add(app, &given_key(text)?, arguments.force, None);
    }
    let (key, path) = make_pair(app, &arguments)?;
    add(app, &key, arguments.force, Some(&path))
}

/// Sends the key. `made` is the private file of a pair that was just made: it stays, whatever the
/// server says.
fn add(app: &App, key: &PublicKey, force: bool, made: Option<&Path>) -> Result<()> {
    let account = app.account()?;
    let sent = app.with_server_as(account, app.manner(true), async |remote| {
        if !force && !app.global.curl {
            let held = remote.ssh_keys().await?.keys;
            let same = |text: &str| PublicKey::parse(text).is_ok_and(|other| other.is_same_key(key));
            if let Some(known) = held.iter().find(|held| same(&held.key)) {
                return Ok((None, known.id));
            }
        }
        let saved = remote.create_ssh_key(key.line()).await?;
        let id = saved.id.unwrap_or_default();
        Ok((Some(saved.raw), id))
    });
    let (answer, id) = sent.map_err(|failure| match made {
        Some(path) => {
            let public = format!("{}.pub", path.display());
            let command = format!("vastenv create ssh-key {}", shell_escape::escape(public.into()));
            failure.hint(format!("the new pair is in {}; finish with: {command}", path.display()))
        }
        None => failure,
    })?;
    match answer {
        None => app
            .ui
            .say(&format!("the account has this key already, as {id}: nothing was sent (--force sends it)")),
        Some(raw) if app.ui.raw => return app.ui.json(&raw),
        Some(_) => {
            app.ui.say(&format!("added SSH key {id}: {}", describe(key)));
            app.ui.say("instances that run already do not get it by themselves");
        }
    }
    Ok(())
}

/// Makes a pair and saves it, after moving an older one aside.
fn make_pair(app: &App, arguments: &CreateSshKey) -> Result<(PublicKey, PathBuf)> {
    let path = match &arguments.output {
        Some(path) => path.clone(),
        None => context::home()
            .ok_or_else(|| {
                Failure::failed("HOME is not set, so there is no ~/.ssh").hint("say where: --output PATH")
            })?
            .join(".ssh/id_ed25519"),
    };
    if app.global.curl {
        return Err(Failure::usage("--curl needs a key: none is made for a request that is only shown"));
    }
    let old = existing(&path);
    if !old.is_empty() {
        let names: Vec<_> = old.iter().map(|path| path.display().to_string()).collect();
        agree(app, &format!("{} will be moved to a backup. Make a new pair?", names.join(" and ")))?;
    }
    let passphrase: Option<Secret> = if arguments.passphrase { Some(read_new_passphrase()?) } else { None };
    let pair = generate(&comment(), passphrase.as_ref())?;
    let mut notes = Vec::new();
    let backups = save(&pair, &path, context::now(), &mut notes)?;
    for note in &notes {
        app.ui.warn(note);
    }
    for backup in backups {
        app.ui.say(&format!("moved {} to {}", backup.from.display(), backup.to.display()));
    }
    app.ui.say(&format!("made {} and {}.pub", path.display(), path.display()));
    Ok((pair.public, path))
}

/// `user@host`, as ssh-keygen writes it.
fn comment() -> String {
    let user = context::text_var(variables::USER).unwrap_or_else(|| "user".to_owned());
    format!("{user}@{}", context::host_name())
}
