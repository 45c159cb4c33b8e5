//! `vastenv profile add PROFILE`

use super::facts::open;
use crate::account::{NewProfile, Outstanding, ask_command};
use crate::cli::{AddProfile, Global};
use crate::cmd::api_key::set::{prefetch, read_key, verify};
use crate::cmd::app::App;
use crate::cmd::interrupts::Watch;
use crate::cmd::outcome::Outcome;
use crate::config::{ProfileKey, check_profile_name};
use crate::context::{self, variables};
use crate::credentials::{Credential, Source, read_key_file};
use crate::domain::{Failure, Result, Secret, ServerUrl};
use crate::ui::Ui;

/// Asks for the key, verifies it, saves it, and writes the profile.
pub(super) fn add_profile(global: &Global, arguments: AddProfile, ui: Ui) -> Outcome<()> {
    let app = open(global, ui)?;
    let AddProfile { name, api_key_file, api_key_command, keyring, no_verify } = arguments;
    check_profile_name(&name).map_err(Failure::usage)?;
    let at = match api_key_file {
        Some(path) => {
            ProfileKey::File(std::path::absolute(path).map_err(|_| Failure::usage("no working folder"))?)
        }
        None if !api_key_command.is_empty() => ProfileKey::Command(api_key_command),
        None if keyring => ProfileKey::Keyring,
        None => ProfileKey::File(app.paths().profile_key(&name)),
    };
    let source = Source::Profile(name.clone(), at.clone());
    let is_own = at == ProfileKey::File(app.paths().profile_key(&name));
    app.machine.check_new_profile(&name, &at, is_own)?;
    let there = key_there(&at, &source, ui)?;
    let is_there = there.is_some();
    let key = there.map_or_else(|| read_key(&app, None), Ok)?;
    let server = server(global)?;
    let everywhere = Global { no_project: true, ..global.clone() };
    let url = server.as_ref().map(ToString::to_string);
    let asking = Global { api_key: Some(key.clone()), profile: None, url, ..everywhere.clone() };
    let owner = if no_verify { None } else { verify(&App::new(asking, ui)?, &key)? };
    if global.curl {
        return Ok(());
    }
    let saved = Some(&key).filter(|_| !is_there);
    app.machine.add_profile(&NewProfile { name: &name, server: server.as_ref(), at, key: saved })?;
    app.warn_of_notes();
    let whose = owner.as_ref().map_or(String::new(), |owner| format!(" of {owner}"));
    let verb = if is_there { "found" } else { "saved" };
    ui.say(&format!("{verb} the key{whose} ({}): {source}", key.suffix()));
    if owner.is_some() {
        let of_profile = Global { api_key: None, profile: Some(name.clone()), ..everywhere };
        prefetch(&App::new(of_profile, ui)?, Credential { key: Some(key), source });
    }
    ui.say(&format!(
        "use it: vastenv profile use {name}, --profile {name}, or {}={name}",
        variables::VASTENV_PROFILE
    ));
    Ok(())
}

/// The key that is there already; a command is asked for it.
fn key_there(at: &ProfileKey, source: &Source, ui: Ui) -> Result<Option<Secret>> {
    match at {
        ProfileKey::File(_) => read_key_file(source),
        ProfileKey::Command(words) => {
            let _watch = Watch::start(Outstanding::default(), ui);
            ask_command(words, source, true).map(Some)
        }
        ProfileKey::Keyring => Ok(None),
    }
}

/// The server that is named for it, if it is not the usual one.
fn server(global: &Global) -> Result<Option<ServerUrl>> {
    let variable = || context::var(variables::VAST_URL).map(|url| url.to_string_lossy().into_owned());
    let named = global.url.clone().or_else(variable);
    let server = named.as_deref().map(ServerUrl::parse).transpose()?;
    Ok(server.filter(|server| *server != ServerUrl::default()))
}
