//! Listings of variables: a table of texts, or no answer at all.

use std::collections::BTreeMap;

use super::super::Told;
use super::server::{Step, answer_with, say_status, serve};
use super::*;
use crate::domain::Kind;

fn listing(body: &[u8]) -> Result<BTreeMap<String, Told>, ApiError> {
    let mut said = answer_with(200, "Connection: close\r\n", &" ".repeat(body.len()));
    let start = said.len() - body.len();
    said[start..].copy_from_slice(body);
    let server = serve([Step::Say(said)]);
    block_on(single(&server.url()).secrets())
}

#[test]
fn names_and_values_come_as_the_server_gives_them() {
    let table = listing(
        r#"{"extra": [1], "secrets": {"lower": "a", "UPPER": "*****", "not a name\n": "é\u0000\ud83e\udd80", "": ""}, "success": true}"#
            .as_bytes(),
    )
    .unwrap();
    let table: Vec<_> = table.iter().map(|(name, value)| (name.as_str(), value.value.expose())).collect();
    assert_eq!(table, [("", ""), ("UPPER", "*****"), ("lower", "a"), ("not a name\n", "é\0🦀")]);
}

#[test]
fn an_object_may_tell_when_a_value_was_changed() {
    let table = listing(
        br#"{"secrets": {"A": {"value": "*****", "updated_at": "2026-01-02T03:04:05Z"}, "B": {"value": "b", "changed_at": 17}, "C": {"value": "c"}}}"#,
    )
    .unwrap();
    let told: Vec<_> = table.values().map(|told| (told.value.expose(), told.edition.as_deref())).collect();
    assert_eq!(told, [("*****", Some("2026-01-02T03:04:05Z")), ("b", Some("17")), ("c", None)]);
}

#[test]
fn only_an_empty_table_is_empty() {
    assert_eq!(listing(br#"{"success": true, "secrets": {}}"#), Ok(BTreeMap::new()));
    for body in [
        r#"{"success": true}"#,
        r#"{"secrets": null}"#,
        r#"{"secrets": []}"#,
        r#"{"secrets": ""}"#,
        r#"{"secrets": 0}"#,
        r#"{"secrets": {}, "secrets": {}}"#,
        "{}",
        "[]",
        "[{}]",
        "null",
        "true",
        "0",
        r#""""#,
        "",
    ] {
        let failed = failure(listing(body.as_bytes()));
        assert_eq!((failed.kind(), failed.status_code()), (Kind::Unavailable, 200), "{body}: {failed:?}");
    }
}

#[test]
fn a_value_that_is_no_text_is_named_and_not_shown() {
    for (pairs, words) in [
        (r#""A": "x", "B\u001b": 424242"#, r"a number as the value of the variable B\u{1b}"),
        (r#""B": null"#, "null as the value of the variable B"),
        (r#""B": true"#, "a truth value as the value of the variable B"),
        (r#""B": ["424242"]"#, "a list as the value of the variable B"),
        (r#""B": {"C": "424242"}"#, "an object as the value of the variable B"),
        (r#""B": "424242", "A": "", "B": "424242""#, "the variable B twice"),
    ] {
        let failed = failure(listing(format!(r#"{{"secrets": {{{pairs}}}}}"#).as_bytes()));
        assert_eq!(failed.kind(), Kind::Unavailable);
        assert!(failed.message().contains(words), "{failed:?}");
        assert!(!format!("{failed:?}").contains("424242"), "{failed:?}");
    }
}

#[test]
fn broken_text_is_a_failure_and_no_panic() {
    let deep = format!(r#"{{"secrets": {{"A": {}"#, "[".repeat(100_000));
    for body in [
        br#"{"secrets": {"A": "424242\ud800"}}"#.as_slice(),
        br#"{"secrets": {"\udc00A": "424242"}}"#,
        b"{\"secrets\": {\"A\": \"424242\xff\"}}",
        b"{\"secrets\": {\"A\": \"424242\n\"}}",
        br#"{"secrets": {"A": "424242"}} trailing"#,
        br#"{"secrets": {"A": 1e999}}"#,
        b"\xef\xbb\xbf{\"secrets\": {\"A\": \"424242\"}}",
        deep.as_bytes(),
    ] {
        let failed = failure(listing(body));
        assert_eq!((failed.kind(), failed.status_code()), (Kind::Unavailable, 200));
        assert!(!format!("{failed:?}").contains("424242"), "{failed:?}");
    }
}

#[test]
fn a_name_to_delete_may_be_any_text() {
    let server = serve([say_status(200, "{}")]);
    let deleted = block_on(single(&server.url()).delete_secret("not a \"name\"\n"));
    assert_eq!(deleted.unwrap().message, "");
    assert_eq!(server.finish()[0].body, r#"{"key":"not a \"name\"\n"}"#);
}
