//! `vastenv storage [keyring|file]`: where secrets are stored, and the change.

use serde_json::{Value, json};

use crate::cli::Storage as Arguments;
use crate::cmd::app::App;
use crate::domain::{Failure, Result, count};
use crate::sealing::{self, SecretFile, Storage, StorageReport, Trouble};

/// Says where secrets are stored, or converts everything.
pub(crate) fn storage(app: &App, arguments: &Arguments) -> Result<()> {
    match arguments.place.as_deref().and_then(Storage::parse) {
        Some(wanted) => convert(app, wanted),
        None => show(app),
    }
}

fn show(app: &App) -> Result<()> {
    let report = sealing::report(app.machine.sealing())?;
    if app.ui.raw {
        return app.ui.json(&as_json(&report));
    }
    app.ui.report(&report.sentence())?;
    if let Some(step) = report.problem().as_ref().and_then(Failure::next_step) {
        app.ui.say(&format!("hint: {step}"));
    }
    Ok(())
}

fn convert(app: &App, wanted: Storage) -> Result<()> {
    let done = app.machine.convert_storage(wanted)?;
    app.warn_of_notes();
    if app.ui.raw {
        app.ui.json(&json!({"storage": wanted.to_string(), "files": done.files}))?;
    } else {
        let form = match wanted {
            Storage::File => "decrypted; secrets are stored in private files now",
            Storage::Keyring => "encrypted; the key is in the keyring",
        };
        app.ui.say(&format!("{} {form}", count(done.files, "file")));
    }
    if app.config.storage.is_some_and(|setting| setting != wanted) {
        let config = app.paths().config_file.display();
        app.ui.warn(&format!("`storage` in {config} no longer counts: vastenv config unset storage"));
    }
    let mut troubles = done.troubles.into_iter();
    let Some(last) = troubles.next_back() else { return Ok(()) };
    for trouble in troubles {
        app.ui.warn_of(&trouble);
    }
    Err(last)
}

/// Where secrets are stored, for a program.
pub(crate) fn as_json(report: &StorageReport) -> Value {
    let paths = |files: &[SecretFile]| -> Vec<String> {
        files.iter().map(|file| file.path.display().to_string()).collect()
    };
    let keyring = report.keyring.as_ref().map(|state| match state {
        Ok(()) => "reachable",
        Err(Trouble::Missing) => "lost",
        Err(Trouble::Locked) => "locked",
        Err(Trouble::Absent(_)) => "absent",
        Err(Trouble::TimedOut) => "silent",
        Err(Trouble::Failed(_)) => "failed",
    });
    json!({
        "storage": report.wanted.to_string(),
        "keyring": keyring,
        "other_form": paths(&report.others),
        "lost": paths(&report.lost),
        "api_key_in_keyring": report.api_key,
    })
}
