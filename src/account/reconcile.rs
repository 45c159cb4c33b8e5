//! What the server says, put together with what is remembered here. Pure.
//!
//! A mask is no word about a value: it neither replaces one nor removes one. A value in clear always
//! wins over a remembered one, and takes its place.

use std::collections::BTreeMap;

use crate::domain::{Secret, Timestamp, is_mask};
use crate::store::{Change, Changes, Means, Origin, Remembered, Snapshot, Values, Variable};

/// Lays remembered values over a snapshot, where the server told none.
pub(super) fn overlay(snapshot: &mut Snapshot, values: &Values) {
    for (name, variable) in &mut snapshot.variables {
        if let Some(remembered) = values.get(name)
            && variable.told().is_none()
        {
            variable.value = Some(remembered.value.clone());
            variable.origin = Origin::Local;
            variable.changed_at = remembered.at;
        }
    }
}

/// Takes away the values that a change without a known end may have replaced. A removal leaves the value
/// right as long as the variable is there, which only the server's next answer tells.
pub(super) fn hide_changed(variables: &mut BTreeMap<String, Variable>, changes: &Changes) {
    for (name, change) in changes {
        let Some(variable) = variables.get_mut(name) else { continue };
        if *change == Change::Put || (*change == Change::Superseded && variable.told().is_none()) {
            variable.value = None;
            variable.origin = Origin::Account;
        }
    }
}

/// What the server's answer leaves of `changes`: it has said which variables there are, and what it tells.
pub(super) fn settle(changes: &mut Changes, variables: &BTreeMap<String, Variable>) {
    let is_told = |name: &str| variables.get(name).is_some_and(|variable| variable.told().is_some());
    changes.retain(|name, change| *change != Change::Removal && !is_told(name));
    for change in changes.values_mut() {
        *change = Change::Superseded;
    }
}

/// The variables after the server's answer `said`, and `values` brought up to date with it. `before`
/// is what was known, remembered values included.
pub(super) fn reconcile(
    said: BTreeMap<String, Option<Secret>>,
    before: Option<&Snapshot>,
    values: &mut Values,
    now: Timestamp,
) -> BTreeMap<String, Variable> {
    follow_names(&said, values);
    let variables = said
        .into_iter()
        .map(|(name, value)| {
            let was = before.and_then(|before| before.variables.get(&name));
            let variable = match value {
                Some(value) if !is_mask(value.expose()) => clear(&name, value, was, values, now),
                _ => hidden(&name, was, values, now),
            };
            (name, variable)
        })
        .collect();
    mark_gone(&variables, values, now);
    variables
}

/// A server may keep another case of a name than the capitals that are expected.
fn follow_names(said: &BTreeMap<String, Option<Secret>>, values: &mut Values) {
    for name in said.keys().filter(|name| name.bytes().any(|byte| byte.is_ascii_lowercase())) {
        let capitals = name.to_ascii_uppercase();
        if !values.contains_key(name)
            && !said.contains_key(&capitals)
            && let Some(remembered) = values.remove(&capitals)
        {
            values.insert(name.clone(), remembered);
        }
    }
}

fn hidden(name: &str, was: Option<&Variable>, values: &mut Values, now: Timestamp) -> Variable {
    // The server told it once: from now on this is the only place that has it.
    if let Some(was) = was
        && let Some(value) = &was.value
        && !values.contains_key(name)
    {
        let by = if was.told().is_some() { Means::Told } else { Means::Sent };
        values.insert(name.to_owned(), Remembered::new(value.clone(), by, was.changed_at));
    }
    let Some(remembered) = values.get_mut(name) else {
        let changed_at = was.filter(|was| was.value.is_none()).map_or(now, |was| was.changed_at);
        return Variable { value: None, origin: Origin::Account, changed_at };
    };
    if remembered.gone_at.take().is_some() {
        remembered.made_anew_at = Some(now);
    }
    Variable { value: Some(remembered.value.clone()), origin: Origin::Local, changed_at: remembered.at }
}

fn clear(name: &str, value: Secret, was: Option<&Variable>, values: &mut Values, now: Timestamp) -> Variable {
    if let Some(remembered) = values.get_mut(name) {
        let same = remembered.value == value;
        let (by, at) = if same { (remembered.by, remembered.at) } else { (Means::Told, now) };
        *remembered = Remembered::new(value.clone(), by, at);
    }
    let value = Some(value);
    let changed_at = was.filter(|was| was.value == value).map_or(now, |was| was.changed_at);
    Variable { value, origin: Origin::Account, changed_at }
}

/// Values of variables that the account has no more are kept for a while, then dropped.
fn mark_gone(variables: &BTreeMap<String, Variable>, values: &mut Values, now: Timestamp) {
    for (_, remembered) in values.iter_mut().filter(|(name, _)| !variables.contains_key(*name)) {
        remembered.gone_at.get_or_insert(now);
    }
    values.retain(|_, remembered| !remembered.is_expired(now));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ServerUrl;
    use crate::files::Version;
    use crate::store::KEPT_AFTER_DELETION;

    fn snapshot(variables: &[(&str, Option<&str>)]) -> Snapshot {
        let variable = |value: Option<&str>| Variable {
            value: value.map(Secret::new),
            origin: Origin::Account,
            changed_at: Timestamp(1),
        };
        Snapshot {
            version: Version,
            server: ServerUrl::default(),
            user: "1".into(),
            email: None,
            fetched_at: Timestamp(1),
            doubtful: false,
            variables: variables.iter().map(|(name, value)| ((*name).to_owned(), variable(*value))).collect(),
            unread: None,
        }
    }

    fn said(variables: &[(&str, &str)]) -> BTreeMap<String, Option<Secret>> {
        variables.iter().map(|(name, value)| ((*name).to_owned(), Some(Secret::new(*value)))).collect()
    }

    fn values(entries: &[(&str, &str)]) -> Values {
        let entry = |value: &str| Remembered::new(Secret::new(value), Means::Given, Timestamp(2));
        entries.iter().map(|(name, value)| ((*name).to_owned(), entry(value))).collect()
    }

    fn value<'a>(variables: &'a BTreeMap<String, Variable>, name: &str) -> Option<&'a str> {
        variables[name].value.as_ref().map(Secret::expose)
    }

    #[test]
    fn a_mask_keeps_what_is_known_and_is_never_a_value() {
        let before = snapshot(&[("SEEN", Some("v")), ("NEVER", None)]);
        let mut known = values(&[("GIVEN", "g")]);
        let masks = [("SEEN", "********"), ("NEVER", "***"), ("NEW", "*****"), ("GIVEN", "****")];
        let now = reconcile(said(&masks), Some(&before), &mut known, Timestamp(9));
        assert_eq!(
            (value(&now, "SEEN"), value(&now, "NEVER"), value(&now, "NEW"), value(&now, "GIVEN")),
            (Some("v"), None, None, Some("g"))
        );
        assert_eq!((now["NEVER"].changed_at, now["NEW"].changed_at), (Timestamp(1), Timestamp(9)));
        assert_eq!((known["SEEN"].by, known["SEEN"].at), (Means::Told, Timestamp(1)));
        assert!(now.values().all(|variable| variable.told().is_none()));
    }

    #[test]
    fn a_clear_answer_wins_over_what_is_remembered_and_replaces_it() {
        let mut known = values(&[("A", "old"), ("B", "same")]);
        let now = reconcile(said(&[("A", "new"), ("B", "same")]), None, &mut known, Timestamp(9));
        assert_eq!((value(&now, "A"), now["A"].origin), (Some("new"), Origin::Account));
        assert_eq!(
            (known["A"].value.expose(), known["A"].by, known["A"].at),
            ("new", Means::Told, Timestamp(9))
        );
        assert_eq!((known["B"].by, known["B"].at), (Means::Given, Timestamp(2)));
    }

    #[test]
    fn a_value_outlives_its_variable_by_thirty_days() {
        let mut known = values(&[("A", "a")]);
        reconcile(said(&[]), None, &mut known, Timestamp(100));
        assert_eq!(known["A"].gone_at, Some(Timestamp(100)));
        reconcile(said(&[]), None, &mut known, Timestamp(99 + KEPT_AFTER_DELETION));
        assert_eq!(known["A"].gone_at, Some(Timestamp(100)));
        let back = reconcile(said(&[("A", "***")]), None, &mut known, Timestamp(200));
        assert_eq!((value(&back, "A"), known["A"].gone_at), (Some("a"), None));
        assert_eq!(known["A"].made_anew_at, Some(Timestamp(200)));
        reconcile(said(&[]), None, &mut known, Timestamp(300));
        reconcile(said(&[]), None, &mut known, Timestamp(300 + KEPT_AFTER_DELETION));
        assert!(known.is_empty());
    }

    #[test]
    fn a_server_that_keeps_the_letters_as_sent_does_not_lose_the_value() {
        let mut known = values(&[("LOWER", "v")]);
        let now = reconcile(said(&[("lower", "***")]), None, &mut known, Timestamp(5));
        assert_eq!(value(&now, "lower"), Some("v"));
    }

    #[test]
    fn what_is_remembered_lies_over_a_snapshot_without_values() {
        let mut stored = snapshot(&[("A", None), ("B", Some("told")), ("C", None)]);
        overlay(&mut stored, &values(&[("A", "a"), ("B", "b"), ("GONE", "g")]));
        let shown: Vec<_> =
            stored.variables.values().map(|v| (v.value.as_ref().map(Secret::expose), v.origin)).collect();
        assert_eq!(
            shown,
            [(Some("a"), Origin::Local), (Some("told"), Origin::Account), (None, Origin::Account)]
        );
    }
}
