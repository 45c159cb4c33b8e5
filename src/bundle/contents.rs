//! What lies in a sealed file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};
use zeroize::Zeroizing;

use super::Fault;
use crate::domain::{EnvName, Secret, ServerUrl, Timestamp, format_date};

/// The version of the JSON that is written.
const VERSION: u64 = 1;

/// A byte of a value takes up to six in JSON: `\u001b`.
const LONGEST_ESCAPE: usize = 6;

/// The account that values are of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Owner {
    pub server: ServerUrl,
    /// The user's id, if the server tells.
    pub user: Option<String>,
}

/// The contents of a file that vastenv sealed.
#[derive(Debug, Deserialize)]
pub(crate) struct Contents {
    #[serde(rename = "account")]
    pub owner: Owner,
    /// The day on which it was sealed.
    pub date: String,
    pub variables: BTreeMap<String, Secret>,
}

#[derive(Serialize)]
struct Written<'a> {
    vastenv: u64,
    #[serde(rename = "account")]
    owner: &'a Owner,
    date: String,
    variables: InClear<'a>,
}

/// Values that are written as they are: what they are written to is sealed.
struct InClear<'a>(&'a BTreeMap<EnvName, Secret>);

impl Serialize for InClear<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name.as_str(), value.expose())))
    }
}

impl Owner {
    /// Whether both are the same account, as far as the servers told.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let is_same_user = match (&self.user, &other.user) {
            (Some(one), Some(another)) => one == another,
            _ => true,
        };
        self.server == other.server && is_same_user
    }

    /// What a person calls it.
    pub(crate) fn shown(&self) -> String {
        let host = self.server.host();
        self.user.as_ref().map_or_else(|| host.to_owned(), |user| format!("user {user} on {host}"))
    }
}

/// The JSON that is sealed.
pub(crate) fn to_json(
    owner: &Owner,
    now: Timestamp,
    variables: &BTreeMap<EnvName, Secret>,
) -> Zeroizing<Vec<u8>> {
    let sizes = variables.iter().map(|(name, value)| 2 * name.as_str().len() + value.expose().len());
    // All room at once: growing would leave copies of secrets behind.
    let room = LONGEST_ESCAPE * sizes.sum::<usize>() + 32 * variables.len() + 4096;
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    let written =
        Written { vastenv: VERSION, owner, date: format_date(now.0), variables: InClear(variables) };
    // Neither text as a key nor memory as a file can fail.
    let _ = serde_json::to_writer_pretty(&mut *text, &written);
    text.push(b'\n');
    text
}

/// Reads [`to_json`]'s text; `None` if it is another.
pub(crate) fn parse(text: &[u8]) -> Option<Result<Contents, Fault>> {
    #[derive(Deserialize)]
    struct Mark {
        vastenv: u64,
    }
    let Mark { vastenv } = serde_json::from_slice(text).ok()?;
    if vastenv > VERSION {
        return Some(Err(Fault::new("it was written by a newer vastenv", "update vastenv on this machine")));
    }
    // serde's own words may quote a value.
    let damaged = Fault::new("invalid contents", "seal it again: vastenv export age");
    Some(serde_json::from_slice(text).map_err(|_| damaged))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(user: Option<&str>) -> Owner {
        Owner { server: ServerUrl::default(), user: user.map(str::to_owned) }
    }

    #[test]
    fn every_value_comes_back_as_it_was_and_memory_is_never_moved() {
        let every: String = ('\u{1}'..'\u{100}').chain(['é', '🦀', '\u{2028}', '\u{feff}']).collect();
        let long = "\u{1b}".repeat(100_000);
        let variables: BTreeMap<EnvName, Secret> = [("A", every.as_str()), ("B", ""), ("C", &long)]
            .into_iter()
            .map(|(name, value)| (EnvName::parse(name).expect(name), Secret::new(value)))
            .collect();
        let text = to_json(&owner(Some("7")), Timestamp(0), &variables);
        assert!(text.len() > 600_000);
        let contents = parse(&text).expect("ours").expect("whole");
        let read: Vec<_> =
            contents.variables.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        assert_eq!(read, [("A", every.as_str()), ("B", ""), ("C", &long)]);
        assert_eq!((contents.owner, contents.date.as_str()), (owner(Some("7")), "1970-01-01"));
    }

    #[test]
    fn what_is_of_another_version_or_program_is_told_and_no_value_quoted() {
        assert!(parse(b"A=1\n").is_none() && parse(b"{\"A\": \"1\"}").is_none());
        let newer = parse(br#"{"vastenv": 2, "sealed": "hidden"}"#).expect("ours").expect_err("newer");
        assert!(newer.what.contains("newer"));
        for damaged in [
            r#"{"vastenv": 1}"#,
            r#"{"vastenv": 1, "account": {"server": "https://x.y", "user": "7"}, "date": "", "variables": {"A": 424242}}"#,
        ] {
            let fault = parse(damaged.as_bytes()).expect("ours").expect_err(damaged);
            assert!(!format!("{fault:?}").contains("424242"));
        }
    }

    #[test]
    fn an_account_is_a_server_and_a_user_where_it_is_told() {
        assert!(owner(Some("7")).is_same(&owner(Some("7"))));
        assert!(!owner(Some("7")).is_same(&owner(Some("8"))));
        assert!(owner(Some("7")).is_same(&owner(None)));
        let elsewhere =
            Owner { server: ServerUrl::parse("http://127.0.0.1:1").expect("a server"), user: None };
        assert!(!owner(None).is_same(&elsewhere));
    }
}
