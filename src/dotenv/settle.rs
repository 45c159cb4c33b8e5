//! What a file comes to: one value for each variable, under the name that an account gives it.

use std::collections::BTreeMap;

use super::read::Entry;
use crate::domain::{EnvName, NameError, Secret, unseen_edge};

/// A file's variables, as an account would hold them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// The value of each variable; names upper-cased, as the service saves them.
    pub variables: BTreeMap<EnvName, Secret>,
    /// Lines whose name is none that a variable can have. The name itself is not kept: it may be
    /// part of a value that spilled over.
    pub misnamed: Vec<(usize, NameError)>,
    /// What the user should know of the file: sentences with names and lines.
    pub notes: Vec<String>,
}

/// Decides for each name which of the file's values counts.
pub fn settle(entries: &[Entry]) -> Settled {
    let mut settled = Settled::default();
    let mut spellings: BTreeMap<EnvName, Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        if entry.value.is_none() {
            settled.notes.push(format!("line {} has no =: skipped", entry.line));
            continue;
        }
        // The service's own change of letters keeps a name a name.
        match EnvName::parse(&entry.name.to_ascii_uppercase()) {
            Ok(name) => spellings.entry(name).or_default().push(entry),
            Err(error) => settled.misnamed.push((entry.line, error)),
        }
    }
    for (name, given) in spellings {
        settled.notes.extend(note(&name, &given));
        if let Some(value) = given.last().and_then(|last| last.value.clone()) {
            settled.variables.insert(name, value);
        }
    }
    settled
}

fn note(name: &EnvName, given: &[&Entry]) -> Vec<String> {
    let mut notes = Vec::new();
    let Some(last) = given.last() else { return notes };
    if given.len() > 1 {
        let lines = joined(given.iter().map(|entry| entry.line.to_string()));
        let same = given.iter().all(|entry| entry.name == last.name);
        let spelled = if same {
            format!("{} is given more than once", last.name)
        } else {
            let mut names: Vec<&str> = given.iter().map(|entry| entry.name.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            format!("{} are one variable, names in an account are upper case", names.join(" and "))
        };
        notes.push(format!("{spelled} (lines {lines}): line {} counts", last.line));
    } else if last.name != name.as_str() {
        notes.push(format!("{} is {name} in the account", last.name));
    }
    if let Some(edge) = last.value.as_ref().and_then(|value| unseen_edge(value.expose())) {
        let edge = edge as u32;
        notes.push(format!("{name} begins or ends with U+{edge:04X}, which is invisible"));
    }
    if last.has_reference {
        notes.push(format!("{name} holds a ${{…}}, which is kept as it is, not substituted"));
    }
    notes
}

fn joined(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::read::read_dotenv;
    use super::*;

    #[test]
    fn the_last_value_counts_and_names_are_those_of_an_account() {
        let text = "A=1\nhf_token=x\nA=2\nHF_TOKEN=y\nlower=${A}\n1A=bad\n-----BEGIN=z\nexport A\n";
        let settled = settle(&read_dotenv(text).expect("a file"));
        let held: Vec<_> =
            settled.variables.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        assert_eq!(held, [("A", "2"), ("HF_TOKEN", "y"), ("LOWER", "${A}")]);
        assert_eq!(settled.misnamed, [(6, NameError::LeadingDigit), (7, NameError::Character)]);
        assert_eq!(
            settled.notes,
            [
                "line 8 has no =: skipped",
                "A is given more than once (lines 1, 3): line 3 counts",
                "HF_TOKEN and hf_token are one variable, names in an account are upper case \
                 (lines 2, 4): line 4 counts",
                "lower is LOWER in the account",
                "LOWER holds a ${…}, which is kept as it is, not substituted",
            ]
        );
    }

    #[test]
    fn what_no_eye_sees_around_a_value_is_told() {
        let settled = settle(&read_dotenv("A='x\u{200b}'\nB=\"\u{feff}x\"\nC='x '\n").expect("a file"));
        assert_eq!(
            settled.notes,
            [
                "A begins or ends with U+200B, which is invisible",
                "B begins or ends with U+FEFF, which is invisible"
            ]
        );
    }
}
