//! How a file and an account differ.

use std::collections::BTreeMap;

use super::settle::Settled;
use crate::domain::{NameError, Secret, is_mask};
use crate::environment::AccountVariable;

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

impl Comparison {
    /// Whether both hold the same, as far as can be told, which is all the way.
    pub fn is_same(&self) -> bool {
        self.differences.is_empty() && self.misnamed.is_empty()
    }
}

/// Compares a file with the variables of an account as they are known here.
pub fn compare(file: &Settled, account: &[AccountVariable]) -> Comparison {
    let mut comparison = Comparison { misnamed: file.misnamed.clone(), ..Comparison::default() };
    let mut held: BTreeMap<&str, Option<&Secret>> =
        account.iter().map(|variable| (variable.name.as_str(), variable.value.as_ref())).collect();
    for (name, value) in &file.variables {
        match difference(value, held.remove(name.as_str())) {
            Some(difference) => drop(comparison.differences.insert(name.to_string(), difference)),
            None => comparison.same.push(name.to_string()),
        }
    }
    for (name, value) in held {
        comparison.differences.insert(name.to_owned(), Difference::Missing { account: value.cloned() });
    }
    comparison
}

/// How `file` differs from what the account has: nothing, something unknown, or a value.
fn difference(file: &Secret, account: Option<Option<&Secret>>) -> Option<Difference> {
    let file = file.clone();
    match account {
        None => Some(Difference::Added { file }),
        Some(Some(account)) if *account == file => None,
        Some(Some(account)) if !is_mask(file.expose()) => {
            Some(Difference::Different { file, account: account.clone() })
        }
        Some(account) => Some(Difference::Unknown { file, account: account.cloned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{read_dotenv, settle};
    use super::*;

    fn compared(text: &str, account: &[(&str, Option<&str>)]) -> (Vec<String>, Vec<String>) {
        let variable = |(name, value): &(&str, Option<&str>)| AccountVariable {
            name: (*name).to_owned(),
            value: value.map(Secret::new),
        };
        let account: Vec<_> = account.iter().map(variable).collect();
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
        let account = [AccountVariable { name: "A".to_owned(), value: Some(Secret::new("1")) }];
        assert!(compare(&file("a=1\n"), &account).is_same());
        assert!(!compare(&file("a=2\n"), &account).is_same());
        assert!(!compare(&file("a=1\nb.c=1\n"), &account).is_same());
        assert!(compare(&file(""), &[]).is_same());
    }
}
