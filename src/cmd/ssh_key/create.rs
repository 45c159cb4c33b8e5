//! `vastenv create ssh-key [KEY]`: adds a public key, or makes a pair and adds it.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::given::{attachable, describe, given_key};
use crate::account::{Account, Remote, SshKey};
use crate::cli::CreateSshKey;
use crate::cmd::app::App;
use crate::cmd::ask::agree;
use crate::cmd::outcome::Outcome;
use crate::cmd::running::running;
use crate::context::{self, variables};
use crate::domain::{Failure, Result, Secret};
use crate::files::{make_folder, unwritable};
use crate::keypair::{PublicKey, existing, generate, save};
use crate::ui::read_new_passphrase;

/// What became of a key.
enum Added {
    /// The account has it now; the server's answer.
    Added { id: Option<u64>, answer: Value },
    /// The account had it already; nothing was sent.
    Held(SshKey),
}

/// Adds the key to the account, unless it has it already.
pub(crate) fn create_ssh_key(app: &App, arguments: CreateSshKey) -> Outcome<()> {
    if let Some(text) = &arguments.key {
        let key = given_key(app, text.expose())?;
        let account = app.account()?;
        let outcome = add(app, account.clone(), &key, arguments.force)?;
        return Ok(report(app, &account, &key, &attachable(text.expose()), outcome)?);
    }
    // Before anything is made: without an API key the pair could not be added.
    let account = app.account()?;
    let (key, path) = make_pair(app, &arguments)?;
    let outcome = add(app, account.clone(), &key, arguments.force)
        .map_err(|stop| stop.map(|failure| finish_later(app, &path, failure)))?;
    let public = format!("{}.pub", path.display());
    Ok(report(app, &account, &key, &attachable(&public), outcome)?)
}

fn add(app: &App, account: Account<'_>, key: &PublicKey, force: bool) -> Outcome<Added> {
    app.with_server_as(account, app.call_options(true), async |remote| {
        if !force
            && !app.global.curl
            && let Some(held) = held(remote, key).await?
        {
            return Ok(Added::Held(held));
        }
        let saved = remote.create_ssh_key(key.line()).await?;
        Ok(Added::Added { id: saved.id, answer: saved.raw })
    })
}

/// The same key in the account, if it is there.
async fn held(remote: &Remote<'_>, key: &PublicKey) -> Result<Option<SshKey>> {
    let listed = match remote.ssh_keys().await {
        Ok(listed) => listed,
        // An API key may be allowed to add but not to list: then the server has the last word.
        Err(failure) if failure.status_code() == 403 => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let same = |held: &SshKey| PublicKey::parse(&held.key).is_ok_and(|other| other.is_same_key(key));
    Ok(listed.items.into_iter().find(same))
}

/// Says what was done; `argument` is the key for another command.
fn report(app: &App, account: &Account<'_>, key: &PublicKey, argument: &str, outcome: Added) -> Result<()> {
    match outcome {
        Added::Held(held) => {
            app.ui.say(&format!(
                "already in the account as {}, nothing sent (`--force` sends it again)",
                held.id
            ));
            if app.ui.raw { app.ui.json(&json!({"success": true, "key": held.raw})) } else { Ok(()) }
        }
        Added::Added { answer, .. } if app.ui.raw => app.ui.json(&answer),
        Added::Added { id, .. } => {
            let id = id.map_or(String::new(), |id| format!(" {id}"));
            let instances = running(account).map_or(String::new(), |known| format!(" ({known})"));
            app.ui.say(&format!(
                "added SSH key{id}: {}; for running instances{instances}: vastai attach ssh INSTANCE {argument}",
                describe(key)
            ));
            Ok(())
        }
    }
}

/// A pair that was just made stays, whatever the server says: the failure tells how to go on.
fn finish_later(app: &App, private: &Path, failure: Failure) -> Failure {
    let private = std::path::absolute(private).unwrap_or_else(|_| private.to_owned());
    let public = format!("{}.pub", private.display());
    let public = shell_escape::escape(public.into());
    let command = format!("vastenv create ssh-key {public}{}", app.server_option());
    let first = failure.next_step().map_or(String::new(), |step| format!("{step}; "));
    failure.hint(format!("{first}the new pair is kept: finish with `{command}`"))
}

/// Makes a pair and saves it, after moving an older one aside.
fn make_pair(app: &App, arguments: &CreateSshKey) -> Result<(PublicKey, PathBuf)> {
    if app.global.curl {
        return Err(Failure::usage(
            "--curl needs a key: a pair is not created for a request that is not sent",
        )
        .hint("vastenv create ssh-key ~/.ssh/id_ed25519.pub --curl"));
    }
    let path = match &arguments.output {
        Some(path) if path.file_name().is_none() || path.is_dir() => {
            return Err(Failure::usage(format!("--output {} is a folder", path.display()))
                .hint("name the file of the private key: --output PATH/id_ed25519"));
        }
        Some(path) => path.clone(),
        None => home_folder()?.join("id_ed25519"),
    };
    let old = existing(&path);
    if !old.is_empty() {
        let names: Vec<_> = old.iter().map(|path| path.display().to_string()).collect();
        agree(app, &format!("{} will be moved to a backup. Create a new pair?", names.join(" and ")))?;
    }
    let passphrase: Option<Secret> = if arguments.passphrase { Some(read_new_passphrase()?) } else { None };
    let pair = generate(&comment(), passphrase.as_ref())?;
    prepare_folder(app, &path, arguments.output.is_none())?;
    for backup in save(&pair, &path, context::now())? {
        app.ui.say(&format!("moved {} to {}", backup.from.display(), backup.to.display()));
    }
    app.ui.say(&format!("made {} and {}.pub", path.display(), path.display()));
    Ok((pair.public, path))
}

/// `~/.ssh`
fn home_folder() -> Result<PathBuf> {
    let home = context::home().ok_or_else(|| {
        Failure::failed("HOME is not set, so ~/.ssh is unknown").hint("choose a path: --output PATH")
    })?;
    Ok(home.join(".ssh"))
}

/// Makes the folder, only for its owner. One that is there is made so if it is `~/.ssh`; any other
/// may be open to others for a reason, and is left as it is.
fn prepare_folder(app: &App, path: &Path, is_ours: bool) -> Result<()> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    if !is_ours {
        return make_folder(folder, 0o700).map_err(|error| unwritable(folder, &error));
    }
    app.machine.ensure_private(folder)?;
    app.warn_of_notes();
    Ok(())
}

/// `user@host`, as ssh-keygen writes it.
fn comment() -> String {
    let user = context::text_var(variables::USER).unwrap_or_else(|| "user".to_owned());
    format!("{user}@{}", context::host_name()).replace(char::is_whitespace, "-").replace(char::is_control, "")
}
