//! The nearest way to have values that Vast hides, by what this machine shows. Files only: it is said by
//! the hook too.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use crate::account::Machine;
use crate::cmd::running::shown;
use crate::domain::AccountId;
use crate::dotenv::{obstacle, read_dotenv, settle};
use crate::files::read_text_at;

/// The dotenv file of a folder.
const DOTENV: &str = ".env";

/// The most that is read of it, in bytes.
const LARGEST: usize = 256 * 1024;

/// A way to have values.
pub(crate) struct Way {
    pub what: String,
    pub command: String,
}

impl fmt::Display for Way {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.what, self.command)
    }
}

/// The nearest way to the values of `names`, variables of `account`.
pub(crate) fn nearest(machine: &Machine, account: &AccountId, names: &[&str]) -> Way {
    dotenv_here(names).or_else(|| from_instance(machine, account, names)).unwrap_or_else(|| by_typing(names))
}

/// The way that is always there.
pub(crate) fn by_typing(names: &[&str]) -> Way {
    let (what, which) = match names {
        [name] => ("enter its value once", shell_escape::escape((*name).into())),
        _ => ("enter their values once", "--all".into()),
    };
    Way { what: what.to_owned(), command: format!("vastenv remember env-var {which}") }
}

/// A dotenv file in this folder that has some of them.
fn dotenv_here(names: &[&str]) -> Option<Way> {
    let path = Path::new(DOTENV);
    // A pipe would keep a prompt waiting.
    if !std::fs::metadata(path).is_ok_and(|file| file.is_file()) {
        return None;
    }
    let text = read_text_at(path, LARGEST).ok()?;
    let file = settle(&read_dotenv(&text).ok()?);
    let usable = file.variables.iter().filter(|(_, value)| obstacle(value).is_none());
    let held: BTreeSet<&str> = usable.map(|(name, _)| name.as_str()).collect();
    names.iter().any(|name| held.contains(name.to_ascii_uppercase().as_str())).then(|| Way {
        what: format!("take {} from {DOTENV}", pronoun(names)),
        command: format!("vastenv remember env-var --from {DOTENV}"),
    })
}

/// The newest instance of the account that runs, as the cached list tells: it was launched with the most of
/// what the account has now.
fn from_instance(machine: &Machine, account: &AccountId, names: &[&str]) -> Option<Way> {
    let instances = machine.other_running_instances(account);
    let newest = instances.last()?;
    Some(Way {
        what: format!("take {} from the instance {}", pronoun(names), shown(newest)),
        command: format!("vastenv remember env-var --from-instance {}", newest.id),
    })
}

fn pronoun(names: &[&str]) -> &'static str {
    if names.len() == 1 { "it" } else { "them" }
}
