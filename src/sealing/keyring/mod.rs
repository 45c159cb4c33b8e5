//! The keyring of the operating system: the Secret Service (GNOME Keyring, `KWallet`, `KeePassXC` …)
//! over D-Bus, or the Keychain on macOS. Texts by name, and a clear message where one cannot be read.
//!
//! On Linux this is the library behind the keyring crate's Secret Service: it brings no asynchronous
//! runtime, and libdbus as source, so that the static build has it too.

#[cfg(target_os = "macos")]
mod keychain;
#[cfg(not(target_os = "macos"))]
mod secret_service;

use std::cell::Cell;
use std::fmt;
use std::time::Duration;

use crate::domain::{Failure, Kind, Secret};

#[cfg(target_os = "macos")]
use keychain as backend;
#[cfg(not(target_os = "macos"))]
use secret_service as backend;

/// Under which service every entry is filed.
const SERVICE: &str = "vastenv";

/// The longest that any call may take.
const LIMIT: Duration = Duration::from_secs(3);

/// How long a person has to answer when the keyring asks for its password.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why the keyring gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The keyring works, and has no such entry: it was deleted, or this is another keyring.
    Missing,
    /// It is locked, and nobody was asked to unlock it, or nobody did.
    Locked,
    /// There is none here, for this reason.
    Absent(String),
    TimedOut,
    /// It refused, with these words.
    Failed(String),
}

impl Trouble {
    /// `what` failed because of it.
    pub fn failure(&self, what: &str) -> Failure {
        Failure::failed(format!("{what}: {self}")).hint(self.hint())
    }

    /// `what` is unavailable because of it.
    pub fn unavailable(&self, what: &str) -> Failure {
        self.failure(what).of_kind(Kind::Unavailable)
    }

    /// What the user can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Missing => "restore the keyring from a backup if there is one",
            Self::Locked => "unlock the keyring (log in to the desktop, or open its password manager)",
            Self::Absent(_) => {
                "start a keyring in this session (gnome-keyring, KWallet or KeePassXC), or log in to the desktop"
            }
            Self::TimedOut => "check whether the keyring is waiting for an answer, or restart it",
            Self::Failed(_) => "check the keyring in its password manager",
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => formatter.write_str("the keyring does not hold the entry"),
            Self::Locked => formatter.write_str("the keyring is locked"),
            Self::Absent(why) => write!(formatter, "no keyring: {why}"),
            Self::TimedOut => {
                write!(formatter, "the keyring did not answer in time ({} s)", LIMIT.as_secs())
            }
            Self::Failed(words) => write!(formatter, "the keyring refused: {words}"),
        }
    }
}

/// The way to the keyring.
#[derive(Default)]
pub struct Keyring {
    /// The address of the session's D-Bus, if there is one: the one that libdbus finds by itself in the
    /// environment. Where there is none it is never asked, and so starts none.
    #[cfg_attr(target_os = "macos", allow(dead_code, reason = "the Keychain needs none"))]
    bus: Option<String>,
    may_ask: Cell<bool>,
    /// A connection that is open already, in its thread.
    #[cfg(not(target_os = "macos"))]
    connection: std::cell::RefCell<Option<secret_service::Connection>>,
}

impl Keyring {
    /// The keyring on the D-Bus of this address. It asks its user for nothing.
    pub fn on(bus: Option<String>) -> Self {
        Self { bus, ..Self::default() }
    }

    /// Whether the keyring may ask the user for its password: never at a prompt or a shell's start.
    pub fn may_ask(&self, may_ask: bool) {
        self.may_ask.set(may_ask);
    }

    /// The text filed under `entry`.
    pub fn get(&self, entry: &str) -> Result<Secret, Trouble> {
        backend::get(self, entry)
    }

    /// Files `text` under `entry`; `label` is what password managers show.
    pub fn put(&self, entry: &str, label: &str, text: &Secret) -> Result<(), Trouble> {
        backend::put(self, entry, label, text)
    }

    /// Removes `entry`; one that is gone already is fine.
    pub fn delete(&self, entry: &str) -> Result<(), Trouble> {
        match backend::delete(self, entry) {
            Err(Trouble::Missing) => Ok(()),
            other => other,
        }
    }
}
