//! Listings of variables: a table of texts, or no answer at all.

use super::super::secrets::Listed;
use super::server::{Step, answer_with, say_status, serve};
use super::*;
use crate::domain::Kind;

fn listing(body: &[u8]) -> Result<Listed> {
    let mut said = answer_with(200, "Connection: close\r\n", &" ".repeat(body.len()));
    let start = said.len() - body.len();
    said[start..].copy_from_slice(body);
    let server = serve([Step::Bytes(said)]);
    block_on(single(&server.url()).secrets())
}

#[test]
fn names_and_values_come_as_the_server_gives_them() {
    let table = listing(
        r#"{"extra": [1], "secrets": {"lower": "a", "UPPER": "*****", "not a name\n": "é\u0000\ud83e\udd80", "": ""}, "success": true}"#
            .as_bytes(),
    )
    .unwrap();
    assert_eq!(
        values(&table),
        [("", Some("")), ("UPPER", Some("*****")), ("lower", Some("a")), ("not a name\n", Some("é\0🦀"))]
    );
}

fn values(listed: &Listed) -> Vec<(&str, Option<&str>)> {
    listed.variables.iter().map(|(name, told)| (name.as_str(), told.as_ref().map(Secret::expose))).collect()
}

#[test]
fn only_an_empty_table_is_empty() {
    assert_eq!(listing(br#"{"success": true, "secrets": {}}"#), Ok(Listed::default()));
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
fn an_odd_row_costs_itself_and_is_named_and_not_shown() {
    for (pairs, words) in [
        (r#""B\u001b": null"#, r"variable B\u{1b} has null as its value"),
        (r#""B": ["424242"]"#, "variable B has a list as its value"),
        (r#""B": {"C": "424242"}"#, "variable B has an object as its value"),
        (r#""B": {"value": "424242"}"#, "variable B has an object as its value"),
        (r#""B": "424242\ud800""#, "variable B has broken text as its value"),
        (r#""B": "424242", "B": "424242""#, "lists the variable B twice"),
    ] {
        let listed =
            listing(format!(r#"{{"secrets": {{"A": "v", {pairs}, "Z": "v"}}}}"#).as_bytes()).unwrap();
        let rows = values(&listed);
        assert_eq!((rows[0], rows[1].1, rows[2]), (("A", Some("v")), None, ("Z", Some("v"))), "{pairs}");
        assert!(listed.odd.len() == 1 && listed.odd[0].contains(words), "{listed:?}");
        assert!(!format!("{listed:?}").contains("424242"), "{listed:?}");
    }
    // Nobody can ask for a name that is not text.
    let listed = listing(br#"{"secrets": {"\udc00A": "424242", "B": "v"}}"#).unwrap();
    assert_eq!(values(&listed), [("B", Some("v"))]);
    assert_eq!(listed.odd, [r#"a variable's name is not text: "\udc00A""#]);
}

#[test]
fn a_number_or_a_truth_value_is_its_json_text() {
    let listed =
        listing(br#"{"secrets": {"A": 8080, "B": -1.50, "C": 123456789012345678901234567890, "D": true}}"#)
            .unwrap();
    let texts = ["8080", "-1.50", "123456789012345678901234567890", "true"];
    assert_eq!(values(&listed).iter().map(|(_, value)| value.unwrap()).collect::<Vec<_>>(), texts);
    assert!(listed.odd.is_empty());
}

#[test]
fn broken_text_is_a_failure_and_no_panic() {
    let deep = format!(r#"{{"secrets": {{"A": {}"#, "[".repeat(100_000));
    for body in [
        b"{\"secrets\": {\"A\": \"424242\xff\"}}".as_slice(),
        b"{\"secrets\": {\"A\": \"424242\n\"}}",
        br#"{"secrets": {"A": "424242"}} trailing"#,
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
