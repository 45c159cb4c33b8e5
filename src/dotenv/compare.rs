//! How a file and an account differ.

use std::collections::BTreeMap;

use super::settle::Settled;
use crate::domain::{NameError, Secret, is_mask};
use crate::environment::KnownValues;

/// What differs, and how much does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The variables that differ, by name.
    pub differences: BTreeMap<String, Difference>,
    /// The names that both have with the same value.
    pub same: Vec<String>,
    /// Lines of the file that no account can hold, because their name is none.
    pub misnamed: Vec<(usize, NameError)>,
}

/// How a variable differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Only the file has it.
    Added {
        /// Its value there.
        file: Secret,
    },
    /// Only the account has it.
    Missing {
        /// Its value there, if it is known here.
        account: Option<Secret>,
    },
    /// Both have it, with different values.
    Different {
        /// The file's value.
        file: Secret,
        /// The account's value.
        account: Secret,
    },
    /// Both have it, and nobody can tell whether the values are the same: the server masks its own
    /// and it is not known here, or the file holds a mask.
    Unknown {
        /// The file's value.
        file: Secret,
        /// The account's value, if it is known here.
        account: Option<Secret>,
    },
}

impl Difference {
    /// The file's value, if the file has the variable.
    pub fn file(&self) -> Option<&Secret> {
        match self {
            Self::Added { file } | Self::Different { file, .. } | Self::Unknown { file, .. } => Some(file),
            Self::Missing { .. } => None,
        }
    }
}

impl Comparison {
    /// Whether both hold the same; what cannot be told counts as a difference.
    pub fn is_same(&self) -> bool {
        self.differences.is_empty() && self.misnamed.is_empty()
    }
}

/// Compares a file with the variables of an account as they are known here.
pub fn compare(file: &Settled, account: &KnownValues<'_>) -> Comparison {
    let mut comparison = Comparison { misnamed: file.misnamed.clone(), ..Comparison::default() };
    let mut held = account.clone();
    for (name, value) in &file.variables {
        let difference = match held.remove(name.as_str()) {
            Some(account) => difference(value.clone(), account.cloned()),
            None => Some(Difference::Added { file: value.clone() }),
        };
        match difference {
            Some(difference) => drop(comparison.differences.insert(name.to_string(), difference)),
            None => comparison.same.push(name.to_string()),
        }
    }
    for (name, value) in held {
        let missing = Difference::Missing { account: value.cloned() };
        comparison.differences.insert(name.to_owned(), missing);
    }
    comparison
}

/// How both values differ; `None` if they do not.
fn difference(file: Secret, account: Option<Secret>) -> Option<Difference> {
    match account {
        Some(account) if account == file => None,
        Some(account) if !is_mask(file.expose()) => Some(Difference::Different { file, account }),
        account => Some(Difference::Unknown { file, account }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{read_dotenv, settle};
    use super::*;

    fn compared(text: &str, account: &[(&str, Option<&str>)]) -> (Vec<String>, Vec<String>) {
        let owned: Vec<_> = account.iter().map(|(name, value)| (*name, value.map(Secret::new))).collect();
        let account = owned.iter().map(|(name, value)| (*name, value.as_ref())).collect();
        let comparison = compare(&settle(&read_dotenv(text).expect("a file")), &account);
        let sign = |difference: &Difference| match difference {
            Difference::Added { .. } => '+',
            Difference::Missing { .. } => '-',
            Difference::Different { .. } => '~',
            Difference::Unknown { .. } => '?',
        };
        let signed =
            comparison.differences.iter().map(|(name, how)| format!("{}{name}", sign(how))).collect();
        assert!(!format!("{comparison:?}").contains("hidden"));
        (signed, comparison.same)
    }

    #[test]
    fn every_way_to_differ_is_told_apart() {
        let (signed, same) = compared(
            "NEW=hidden\nEMPTY=\nold=hidden\nMASKED=hidden\nSTARS=*****\nSAME=hidden\n",
            &[
                ("EMPTY", Some("x")),
                ("OLD", Some("hidden-1")),
                ("MASKED", None),
                ("STARS", Some("hidden")),
                ("SAME", Some("hidden")),
                ("GONE", Some("hidden")),
                ("odd;name", None),
            ],
        );
        assert_eq!(signed, ["~EMPTY", "-GONE", "?MASKED", "+NEW", "~OLD", "?STARS", "-odd;name"]);
        assert_eq!(same, ["SAME"]);
    }

    #[test]
    fn only_nothing_to_tell_is_the_same() {
        let file = |text: &str| settle(&read_dotenv(text).expect("a file"));
        let value = Secret::new("1");
        let account = KnownValues::from([("A", Some(&value))]);
        assert!(compare(&file("a=1\n"), &account).is_same());
        assert!(!compare(&file("a=2\n"), &account).is_same());
        assert!(!compare(&file("a=1\nb.c=1\n"), &account).is_same());
        assert!(compare(&file(""), &KnownValues::new()).is_same());
    }
}
