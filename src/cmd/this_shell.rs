//! The shell that a command was typed in, as its ledger tells.

use crate::account::Machine;
use crate::context::{self, variables};
use crate::domain::EnvName;
use crate::environment::{Entry, Environment, Ledger};
use crate::shell::{self, LEDGER_VARIABLE, Shell};

/// What the ledger in the environment says.
pub(super) struct ThisShell {
    /// The ledger, if there is one that can be read.
    pub ledger: Option<Ledger>,
    /// Whether it was written for this very shell, and not inherited from another.
    pub is_active: bool,
}

impl ThisShell {
    /// The ledger in the environment.
    pub(super) fn ledger(machine: &Machine) -> Option<Ledger> {
        context::text_var(LEDGER_VARIABLE).and_then(|text| machine.ledger(&text))
    }

    /// Reads the ledger, and finds out whose it is.
    pub(super) fn read(machine: &Machine) -> Self {
        let ledger = Self::ledger(machine);
        let is_active = ledger.as_ref().is_some_and(|ledger| context::is_ancestor(ledger.shell));
        Self { ledger, is_active }
    }

    /// One variable's entry.
    pub(super) fn entry(&self, name: &str) -> Option<&Entry> {
        self.ledger.as_ref()?.entries.get(&EnvName::parse(name).ok()?)
    }

    /// Whether its hook is that of this binary; one of an older version works until it does not.
    pub(super) fn is_current(&self) -> bool {
        let hook = self.ledger.as_ref().map_or("", |ledger| ledger.hook.as_str());
        shell::ALL.into_iter().any(|shell| shell.hook_version() == hook)
    }

    /// The variables that were loaded.
    pub(super) fn loaded(&self) -> Vec<&EnvName> {
        self.entries(|entry| !entry.edited)
    }

    /// The variables that the user changed since.
    pub(super) fn edited(&self) -> Vec<&EnvName> {
        self.entries(|entry| entry.edited)
    }

    fn entries(&self, wanted: impl Fn(&Entry) -> bool) -> Vec<&EnvName> {
        let entries = self.ledger.iter().flat_map(|ledger| &ledger.entries);
        entries.filter(|(_, entry)| wanted(entry)).map(|(name, _)| name).collect()
    }

    /// The variables of `environment` that the shell has, but from elsewhere.
    pub(super) fn own<'a>(&self, environment: &'a Environment) -> Vec<&'a EnvName> {
        let names = environment.variables.keys();
        names
            .filter(|name| self.entry(name.as_str()).is_none() && context::bytes_var(name).is_some())
            .collect()
    }
}

/// The user's login shell, or bash where there is no hook for it.
pub(super) fn login_shell() -> Shell {
    let login = context::text_var(variables::SHELL).and_then(|name| shell::parse(&name));
    login.unwrap_or(shell::ALL[0])
}
