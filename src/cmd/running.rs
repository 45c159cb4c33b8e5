//! The account's running instances, as far as known here: what a change in the account does not reach.

use crate::account::Account;
use crate::cmd::app::App;
use crate::domain::ListEntry;

/// How many are named.
const NAMED: usize = 3;

/// `20931234 (train), 7 and 2 more`; `None` where none is known to run.
pub(super) fn running(account: &Account<'_>) -> Option<String> {
    named(&account.running_instances())
}

/// Says which instances an update does not reach.
pub(super) fn tell_of_old_values(app: &App, account: &Account<'_>) {
    if let Some(instances) = running(account).filter(|_| !app.ui.raw) {
        app.ui.say(&format!("running instances keep the old value: {instances}"));
    }
}

/// `20931234 (train)`
pub(super) fn shown(instance: &ListEntry) -> String {
    match instance.name.as_str() {
        "" => instance.id.to_string(),
        label => format!("{} ({label})", instance.id),
    }
}

fn named(running: &[ListEntry]) -> Option<String> {
    let names = running.iter().take(NAMED).map(shown).collect::<Vec<_>>().join(", ");
    match running.len().saturating_sub(NAMED) {
        0 => Some(names).filter(|names| !names.is_empty()),
        more => Some(format!("{names} and {more} more")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_are_named_and_the_rest_counted() {
        let entries: Vec<ListEntry> = (1..=5)
            .map(|id| ListEntry {
                id,
                name: if id == 2 { "train".to_owned() } else { String::new() },
                detail: String::new(),
                status: None,
            })
            .collect();
        assert_eq!(named(&[]), None);
        assert_eq!(named(&entries[1..3]).as_deref(), Some("2 (train), 3"));
        assert_eq!(named(&entries[..3]).as_deref(), Some("1, 2 (train), 3"));
        assert_eq!(named(&entries).as_deref(), Some("1, 2 (train), 3 and 2 more"));
    }
}
