//! What the server says, put together with what is remembered here. Pure.
//!
//! A mask says nothing about a value: it neither replaces one nor removes one. A value in clear always
//! wins over a remembered one, and takes its place.

use std::collections::BTreeMap;

use crate::domain::{
    Doubt, Doubts, Remembered, RememberedFrom, Secret, ServerVariable, Timestamp, Values, is_mask,
};
use crate::environment::KnownVariables;

/// What the server said of each variable.
pub(super) type Said = BTreeMap<String, Option<Secret>>;

/// What the server's answer leaves of `doubts`: it has said which variables there are, and what it shows.
pub(super) fn settle(doubts: &mut Doubts, variables: &BTreeMap<String, ServerVariable>) {
    let is_shown = |name: &str| variables.get(name).is_some_and(|variable| variable.value.is_some());
    doubts.retain(|name, doubt| *doubt != Doubt::Removal && !is_shown(name));
    for doubt in doubts.values_mut() {
        *doubt = Doubt::Superseded;
    }
}

/// The variables after the server's answer `said`, and `values` brought up to date with it. `before` is
/// what was known.
pub(super) fn reconcile(
    said: Said,
    before: Option<&KnownVariables>,
    values: &mut Values,
    now: Timestamp,
) -> BTreeMap<String, ServerVariable> {
    follow_names(&said, values);
    let variables = said
        .into_iter()
        .map(|(name, value)| {
            let value = value.filter(|value| !is_mask(value.expose()));
            match &value {
                Some(value) => refresh_remembered(&name, value, values, now),
                None => hide(&name, before, values, now),
            }
            let changed_at = same_since(&name, value.as_ref(), before).unwrap_or(now);
            (name, ServerVariable { value, changed_at })
        })
        .collect();
    mark_gone(&variables, values, now);
    variables
}

/// A server may keep another case of a name than the capitals that are expected.
fn follow_names(said: &Said, values: &mut Values) {
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

/// Since when the variable is as it is now, if it was so before.
fn same_since(name: &str, value: Option<&Secret>, before: Option<&KnownVariables>) -> Option<Timestamp> {
    let before = before?;
    if value.is_none() {
        let was = before.snapshot.variables.get(name)?;
        return was.value.is_none().then_some(was.changed_at);
    }
    let was = before.get(name)?;
    (was.value == value).then(|| before.changed_at(&was))
}

/// The server hides the value.
fn hide(name: &str, before: Option<&KnownVariables>, values: &mut Values, now: Timestamp) {
    // It told it once: from now on this is the only place that has it.
    if let Some(before) = before
        && let Some(was) = before.get(name)
        && let Some(value) = was.shown()
        && !values.contains_key(name)
    {
        let remembered = Remembered::new(value.clone(), RememberedFrom::Shown, before.changed_at(&was));
        values.insert(name.to_owned(), remembered);
    }
    if let Some(remembered) = values.get_mut(name)
        && remembered.gone_at.take().is_some()
    {
        remembered.made_anew_at = Some(now);
    }
}

/// The server shows the value: it takes the place of a remembered one.
fn refresh_remembered(name: &str, value: &Secret, values: &mut Values, now: Timestamp) {
    if let Some(remembered) = values.get_mut(name) {
        let same = remembered.value == *value;
        let (by, at) = if same { (remembered.by, remembered.at) } else { (RememberedFrom::Shown, now) };
        *remembered = Remembered::new(value.clone(), by, at);
    }
}

/// Values of variables that the account has no more are kept for a while, then dropped.
fn mark_gone(variables: &BTreeMap<String, ServerVariable>, values: &mut Values, now: Timestamp) {
    for (_, remembered) in values.iter_mut().filter(|(name, _)| !variables.contains_key(*name)) {
        remembered.gone_at.get_or_insert(now);
    }
    values.retain(|_, remembered| !remembered.is_expired(now));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::KEPT_AFTER_DELETION;

    fn said(variables: &[(&str, &str)]) -> Said {
        variables.iter().map(|(name, value)| ((*name).to_owned(), Some(Secret::new(*value)))).collect()
    }

    fn values(entries: &[(&str, &str)]) -> Values {
        let entry = |value: &str| Remembered::new(Secret::new(value), RememberedFrom::Given, Timestamp(2));
        entries.iter().map(|(name, value)| ((*name).to_owned(), entry(value))).collect()
    }

    fn value<'a>(variables: &'a BTreeMap<String, ServerVariable>, name: &str) -> Option<&'a str> {
        variables[name].value.as_ref().map(Secret::expose)
    }

    #[test]
    fn a_mask_keeps_what_is_known_and_is_never_a_value() {
        let before = KnownVariables::said(&[("SEEN", Some("v")), ("NEVER", None)]);
        let mut values = values(&[("GIVEN", "g")]);
        let masks = [("SEEN", "********"), ("NEVER", "***"), ("NEW", "*****"), ("GIVEN", "****")];
        let now = reconcile(said(&masks), Some(&before), &mut values, Timestamp(9));
        assert!(now.values().all(|variable| variable.value.is_none()));
        assert_eq!((now["NEVER"].changed_at, now["NEW"].changed_at), (Timestamp(1), Timestamp(9)));
        assert_eq!(values.keys().collect::<Vec<_>>(), ["GIVEN", "SEEN"]);
        assert_eq!((values["SEEN"].value.expose(), values["GIVEN"].value.expose()), ("v", "g"));
        assert_eq!((values["SEEN"].by, values["SEEN"].at), (RememberedFrom::Shown, Timestamp(1)));
    }

    #[test]
    fn a_value_that_a_change_may_have_replaced_is_not_remembered_as_the_servers() {
        let mut before = KnownVariables::said(&[("A", Some("old"))]);
        before.doubts.insert("A".to_owned(), Doubt::Put);
        let mut values = Values::new();
        reconcile(said(&[("A", "***")]), Some(&before), &mut values, Timestamp(9));
        assert_eq!(values, Values::new());
    }

    #[test]
    fn a_clear_answer_wins_over_what_is_remembered_and_replaces_it() {
        let mut known = values(&[("A", "old"), ("B", "same")]);
        let now = reconcile(said(&[("A", "new"), ("B", "same")]), None, &mut known, Timestamp(9));
        assert_eq!(value(&now, "A"), Some("new"));
        assert_eq!(
            (known["A"].value.expose(), known["A"].by, known["A"].at),
            ("new", RememberedFrom::Shown, Timestamp(9))
        );
        assert_eq!((known["B"].by, known["B"].at), (RememberedFrom::Given, Timestamp(2)));
    }

    #[test]
    fn a_value_outlives_its_variable_by_thirty_days() {
        let mut known = values(&[("A", "a")]);
        reconcile(said(&[]), None, &mut known, Timestamp(100));
        assert_eq!(known["A"].gone_at, Some(Timestamp(100)));
        reconcile(said(&[]), None, &mut known, Timestamp(99 + KEPT_AFTER_DELETION));
        assert_eq!(known["A"].gone_at, Some(Timestamp(100)));
        reconcile(said(&[("A", "***")]), None, &mut known, Timestamp(200));
        assert_eq!((known["A"].value.expose(), known["A"].gone_at), ("a", None));
        assert_eq!(known["A"].made_anew_at, Some(Timestamp(200)));
        reconcile(said(&[]), None, &mut known, Timestamp(300));
        reconcile(said(&[]), None, &mut known, Timestamp(300 + KEPT_AFTER_DELETION));
        assert!(known.is_empty());
    }

    #[test]
    fn a_server_that_keeps_the_letters_as_sent_does_not_lose_the_value() {
        let mut known = values(&[("LOWER", "v")]);
        reconcile(said(&[("lower", "***")]), None, &mut known, Timestamp(5));
        assert_eq!(known["lower"].value.expose(), "v");
    }
}
