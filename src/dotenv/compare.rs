//! How a file and an account differ.

use std::collections::BTreeMap;

use super::settle::Settled;
use crate::domain::{NameError, Secret, is_mask};
use crate::environment::Variable;

/// What differs, and how much does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison<'a> {
    /// The variables that differ, by name.
    pub differences: BTreeMap<&'a str, Difference<'a>>,
    /// The names that both have with the same value.
    pub same: Vec<&'a str>,
    /// Lines of the file that no account can hold, because their name is none.
    pub misnamed: Vec<(usize, NameError)>,
}

/// A variable that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference<'a> {
    pub how: How,
    /// The file's value, if the file has the variable.
    pub file: Option<&'a Secret>,
    /// The account's value, if the account has the variable and the value is known here.
    pub account: Option<&'a Secret>,
}

/// How a variable differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Only the file has it.
    Added,
    /// Only the account has it.
    Missing,
    /// Both have it, with different values.
    Different,
    /// Both have it, and nobody can tell whether the values are the same: the account's is not known here, or
    /// the file holds a mask.
    Unknown,
}

impl Comparison<'_> {
    /// Whether both hold the same; what cannot be told counts as a difference.
    pub fn is_same(&self) -> bool {
        self.differences.is_empty() && self.misnamed.is_empty()
    }
}

/// Compares a file with the variables of an account as they are known here.
pub fn compare<'a>(file: &'a Settled, account: impl IntoIterator<Item = Variable<'a>>) -> Comparison<'a> {
    let mut comparison = Comparison { misnamed: file.misnamed.clone(), ..Comparison::default() };
    let mut rest: BTreeMap<&str, Option<&Secret>> =
        account.into_iter().map(|variable| (variable.name, variable.account_value())).collect();
    for (name, value) in &file.variables {
        let name = name.as_str();
        let (how, account) = match rest.remove(name) {
            None => (How::Added, None),
            Some(Some(account)) if account == value => {
                comparison.same.push(name);
                continue;
            }
            Some(Some(account)) if !is_mask(value.expose()) => (How::Different, Some(account)),
            Some(account) => (How::Unknown, account),
        };
        comparison.differences.insert(name, Difference { how, file: Some(value), account });
    }
    let missing = |account| Difference { how: How::Missing, file: None, account };
    comparison.differences.extend(rest.into_iter().map(|(name, account)| (name, missing(account))));
    comparison
}

#[cfg(test)]
mod tests {
    use super::super::{read_dotenv, settle};
    use super::*;

    fn compared(text: &str, account: &[(&str, Option<&str>)]) -> (Vec<String>, Vec<String>) {
        let owned: Vec<_> = account.iter().map(|(name, value)| (*name, value.map(Secret::new))).collect();
        let account = owned.iter().map(|(name, value)| Variable::new(name, value.as_ref()));
        let file = settle(&read_dotenv(text).expect("a file"));
        let comparison = compare(&file, account);
        let sign = |how| match how {
            How::Added => '+',
            How::Missing => '-',
            How::Different => '~',
            How::Unknown => '?',
        };
        let differences = comparison.differences.iter();
        let signed = differences.map(|(name, one)| format!("{}{name}", sign(one.how))).collect();
        assert!(!format!("{comparison:?}").contains("hidden"));
        (signed, comparison.same.into_iter().map(str::to_owned).collect())
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
        let account = [Variable::new("A", Some(&value))];
        assert!(compare(&file("a=1\n"), account).is_same());
        assert!(!compare(&file("a=2\n"), account).is_same());
        assert!(!compare(&file("a=1\nb.c=1\n"), account).is_same());
        assert!(compare(&file(""), []).is_same());
    }
}
