//! The key that a profile's command prints. It runs when a request is to be made, and once a process.

use std::process::Command;
use std::time::Duration;

use super::local::{Account, Known};
use super::machine::Machine;
use crate::config::{Profile, ProfileKey};
use crate::credentials::{self, Credential, Source};
use crate::domain::{Failure, Result, Secret};
use crate::files::{Lock, reason};
use crate::process::{NoAnswer, answer};

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The key that a command printed, and the profile that has this command.
#[derive(Clone, Debug)]
pub(crate) struct Printed {
    profile: Profile,
    key: Secret,
}

impl Machine {
    /// What the selected profile's command printed to this process.
    pub(crate) fn printed(&self) -> Option<Printed> {
        let profile = self.selection.profile.as_ref()?.profile.clone();
        Some(Printed { profile, key: self.printed.get()?.clone() })
    }

    /// Has the command not run once more, if it is the same.
    pub(crate) fn reuse(&self, printed: Printed) {
        let Printed { profile, key } = printed;
        let selected = self.selection.profile.as_ref().map(|chosen| &chosen.profile);
        if selected.is_some_and(|now| (&now.url, &now.key) == (&profile.url, &profile.key)) {
            let _ = self.printed.set(key);
        }
    }

    /// The key itself. A command's messages are shown if somebody `is_heard`.
    ///
    /// # Errors
    /// The command does not start, does not end in time, fails, or prints what is no key.
    pub(crate) fn secret(&self, credential: &Credential, is_heard: bool) -> Result<Secret> {
        if let Some(key) = credential.key.as_ref().or(self.printed.get()) {
            return Ok(key.clone());
        }
        let Source::Profile(_, ProfileKey::Command(words)) = &credential.source else {
            return Err(Failure::failed(format!("no API key from {}", credential.source)));
        };
        let key = ask(words, &credential.source, is_heard)?;
        Ok(self.printed.get_or_init(|| key).clone())
    }
}

impl Account<'_> {
    /// The account with the key itself: a command that prints it runs now.
    pub(in crate::account) fn with_key(self, is_heard: bool) -> Result<Self> {
        let key = self.machine.secret(&self.credential, is_heard)?;
        Ok(Self { credential: Credential { key: Some(key), ..self.credential.clone() }, ..self })
    }

    /// The turn of a refresh in the background, so that a command that asks its user asks once. `None` where
    /// another process is at it, it failed a moment ago, or the variables, if they are wanted, are fresh.
    pub(crate) fn command_turn(&self, wants_variables: bool) -> Result<Option<CommandTurn>> {
        let place = match self.machine.place_digest(&self.server)? {
            Some(place) if self.credential.key.is_none() => place,
            _ => return Ok(Some(CommandTurn { _lock: None })),
        };
        let is_fresh = || matches!(self.known(), Ok(Known::Variables(known)) if self.is_fresh(&known));
        let waits = || self.backoff().is_some_and(|backoff| backoff.wait(self.now()) > 0);
        if (wants_variables && is_fresh()) || waits() {
            return Ok(None);
        }
        let lock = self.store().disk.try_lock(&format!("{}.command", place.as_str()))?;
        Ok(lock.map(|lock| CommandTurn { _lock: Some(lock) }))
    }
}

/// Keeps other refreshes in the background from running the command.
pub(crate) struct CommandTurn {
    _lock: Option<Lock>,
}

/// The key that the command `words` prints.
pub(crate) fn ask(words: &[String], source: &Source, is_heard: bool) -> Result<Secret> {
    let [program, rest @ ..] = words else {
        return Err(Failure::failed(format!("{source} names no program")));
    };
    let mut command = Command::new(program);
    // The same folder for everybody who asks, so that the answer is the same.
    command.args(rest).current_dir("/");
    let printed = answer(command, is_heard, PATIENCE).map_err(|why| {
        let why = match why {
            NoAnswer::NotStarted(error) => format!("cannot run {source}: {}", reason(&error)),
            NoAnswer::Late => format!("no API key from {source} within {} s: ended", PATIENCE.as_secs()),
            NoAnswer::TooLong => format!("{source} prints more than a key: ended"),
            NoAnswer::Failed(code) => format!("no API key from {source}: exit code {code}"),
            NoAnswer::Unreadable(error) => format!("cannot read what {source} prints: {}", reason(&error)),
        };
        Failure::unavailable(why).hint("run it yourself, or see `vastenv profile show`")
    })?;
    credentials::printed(&printed, source)
}
