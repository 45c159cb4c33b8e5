//! A shell in a container: what it was launched with is there without an account too.

use super::Followed;
use crate::config::Config;
use crate::domain::{EnvName, Kind};
use crate::environment::{CONTAINER_NAMES, ContainerSource, Environment, KnownVariables, Ledger};

/// What the shell should hold where nothing is known of the account at this moment; `given` is what the
/// container gives, if this is one. A shell that follows an account keeps what it has.
pub(super) fn given_by_container(
    followed: Followed,
    config: &Config,
    ledger: &Ledger,
    given: Option<Environment>,
) -> Followed {
    let is_off = config.container == ContainerSource::Off;
    // Turned off, it takes away what it gave.
    let given = given.or_else(|| is_off.then(Environment::default));
    let Some(given) = given.filter(|_| ledger.account.is_none()) else { return followed };
    // In a container, no key is needed.
    let is_needed = |kind: Kind| is_off || kind != Kind::NotAuthenticated;
    let notice = followed.notice.filter(|notice| is_needed(notice.failure.kind()));
    Followed { account: None, desired: Some(given), notice, ..followed }
}

/// Keeps in the shell what a container gave, if one did, and what it was launched with cannot be read now.
pub(super) fn hold_lost_container(
    environment: &mut Environment,
    config: &Config,
    ledger: &Ledger,
    known: &KnownVariables,
) {
    let was_one = ledger
        .entries
        .keys()
        .any(|name| CONTAINER_NAMES.contains(&name.as_str()) && !known.is_accounts(name.as_str()));
    if was_one && known.launch.is_empty() && config.container != ContainerSource::Off {
        let is_lost = |name: &&EnvName| {
            !environment.variables.contains_key(name) && !known.snapshot.gone.contains(name.as_str())
        };
        environment.unavailable.extend(ledger.entries.keys().filter(is_lost).cloned());
    }
}
