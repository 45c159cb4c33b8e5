//! The key that a profile's command prints. It runs when a request is to be made, and once a process.

use std::process::Command;
use std::time::Duration;

use super::local::Account;
use super::machine::Machine;
use crate::config::ProfileKey;
use crate::credentials::{self, Credential, Source};
use crate::domain::{Failure, Result, Secret};
use crate::files::{Lock, reason};
use crate::process::{NoAnswer, answer};

/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(10);

impl Machine {
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

    /// The turn of a refresh in the background to have the key printed: `None` where another process is at it, or
    /// it failed a moment ago. Where no command prints it, nobody waits for a turn.
    pub(crate) fn turn_to_ask_command(&self) -> Result<Option<Option<Lock>>> {
        if self.credential.key.is_some() {
            return Ok(Some(None));
        }
        if self.backoff().is_some_and(|backoff| backoff.wait(self.now()) > 0) {
            return Ok(None);
        }
        let Some(place) = self.machine.place_digest(&self.server)? else { return Ok(Some(None)) };
        let name = format!("{}.command", place.as_str());
        Ok(self.machine.store.disk.try_lock(&name)?.map(Some))
    }
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
            NoAnswer::Failed(code) => format!("no API key from {source}: exit code {code}"),
            NoAnswer::Unreadable(error) => format!("cannot read what {source} prints: {}", reason(&error)),
        };
        Failure::unavailable(why).hint("run it yourself, or see `vastenv profile show`")
    })?;
    credentials::printed(&printed, source)
}
