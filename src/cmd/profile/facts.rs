//! What is known of a profile, from files alone.

use serde_json::{Value, json};

use crate::account::{Account, ChosenBy, Machine};
use crate::cli::Global;
use crate::cmd::app::{App, open_machine};
use crate::config::{Profile, ProfileKey};
use crate::context;
use crate::domain::{AccountId, Identity, Result, ServerUrl, format_duration, printable};
use crate::ui::Ui;

/// The surroundings, also where the profile in force is not there: that is mended here. No project's file
/// matters.
pub(super) fn open(global: &Global, ui: Ui) -> Result<App> {
    App::without_trouble(Global { no_project: true, ..global.clone() }, ui)
}

/// A profile on this machine.
pub(super) struct ProfileFacts {
    pub name: String,
    pub profile: Profile,
    /// Who chose it, if it is in force.
    pub by: Option<ChosenBy>,
    pub is_default: bool,
    pub machine: Machine,
}

impl ProfileFacts {
    /// Those of the profile `name`, which is there.
    pub(super) fn of(app: &App, name: &str) -> Result<Self> {
        let selection = &app.machine.selection;
        let profile = app.profile(name)?.clone();
        let chosen = selection.profile.as_ref().filter(|chosen| chosen.name == name);
        let mut global = Global { profile: Some(name.to_owned()), no_project: true, ..Global::default() };
        Ok(Self {
            by: chosen.map(|chosen| chosen.by.clone()),
            is_default: selection.config.default_profile.as_deref() == Some(name),
            machine: open_machine(context::paths()?, &mut global),
            name: name.to_owned(),
            profile,
        })
    }

    /// Its account; a command is not run.
    pub(super) fn account(&self) -> Result<Account<'_>> {
        Account::open(&self.machine, self.machine.credential()?)
    }

    /// Whose it is, as far as known.
    pub(super) fn identity(&self) -> Option<Identity> {
        self.account().ok()?.identity().ok()?
    }

    pub(super) fn account_id(&self) -> Option<AccountId> {
        self.account().ok()?.id()
    }

    /// The e-mail address or the number of its user, as far as known.
    pub(super) fn user(&self) -> Option<String> {
        let identity = self.identity().filter(Identity::is_named)?;
        identity.email.or(identity.user).map(|user| printable(&user))
    }

    pub(super) fn server(&self) -> String {
        self.profile.url.clone().unwrap_or_else(|| ServerUrl::default().to_string())
    }

    /// Where its key is, in words.
    pub(super) fn place(&self) -> String {
        match &self.profile.key {
            None => "none: vastenv set api-key --profile ".to_owned() + &self.name,
            Some(ProfileKey::File(path)) => path.display().to_string(),
            Some(ProfileKey::Command(words)) => {
                let words: Vec<_> = words
                    .iter()
                    .map(|word| shell_escape::escape(printable(word).into()).into_owned())
                    .collect();
                words.join(" ")
            }
            Some(ProfileKey::Keyring) => "the keyring".to_owned(),
        }
    }

    /// The settings that are its own.
    pub(super) fn settings(&self) -> Vec<(&'static str, String)> {
        let Profile { max_age, allow, run_only, .. } = &self.profile;
        let age = max_age.map(|seconds| ("max_age", format_duration(seconds)));
        let names = |names: Vec<String>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let allow = allow.as_ref().map(|allow| ("allow", names(allow.iter().cloned().collect())));
        let run_only = run_only.as_ref().map(|patterns| ("run_only", names(patterns.words())));
        [age, allow, run_only].into_iter().flatten().collect()
    }

    pub(super) fn as_json(&self) -> Value {
        let Profile { key, max_age, allow, run_only, .. } = &self.profile;
        let key = match key {
            None => Value::Null,
            Some(ProfileKey::File(path)) => json!({"api_key_file": path}),
            Some(ProfileKey::Command(words)) => json!({"api_key_command": words}),
            Some(ProfileKey::Keyring) => json!({"api_key_keyring": true}),
        };
        let identity = self.identity();
        let account = identity.map(|known| json!({"email": known.email, "user_id": known.user}));
        json!({
            "name": self.name,
            "in_use": self.by.is_some(),
            "chosen_by": self.by.as_ref().map(ToString::to_string),
            "default": self.is_default,
            "url": self.server(),
            "key": key,
            "account": account,
            "max_age": max_age,
            "allow": allow,
            "run_only": run_only.as_ref().map(crate::environment::Patterns::words),
        })
    }
}
