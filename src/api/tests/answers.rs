//! Answers of every shape, and what they are taken for.

use super::server::{Step, answer_with, say_status, serve};
use super::*;
use crate::domain::Kind::{Ambiguous, Failed, NotAuthenticated, SessionOver, SessionWanted, Unavailable};

fn read_error(status: u16, body: &str) -> Failure {
    let server = serve([say_status(status, body)]);
    let error = read(&single(&server.url())).expect_err(body);
    server.finish();
    error
}

#[test]
fn refusals_have_their_kind_their_status_and_the_servers_words() {
    let html = "<html><body>Please log in</body></html>";
    for (status, body, kind, words) in [
        (
            400,
            r#"{"success": false, "error": "missing_input", "msg": "No name."}"#,
            Failed,
            "No name (HTTP 400)",
        ),
        (404, r#"{"detail": "API Key not found."}"#, Failed, "API Key not found (HTTP 404)"),
        (400, r#""bare words""#, Failed, "bare words (HTTP 400)"),
        (400, "plain words", Failed, "plain words (HTTP 400)"),
        (418, "", Failed, "answered HTTP 418 with nothing"),
        (401, r#"{"msg": "bad key"}"#, NotAuthenticated, "bad key (HTTP 401)"),
        (403, r#"{"error": "forbidden"}"#, NotAuthenticated, "forbidden (HTTP 403)"),
        (403, r#"{"detail": [{"msg": "no"}]}"#, NotAuthenticated, r#"[{"msg":"no"}] (HTTP 403)"#),
        (401, html, Unavailable, "answered HTTP 401 with HTML instead of JSON"),
        (403, html, Unavailable, "answered HTTP 403 with HTML instead of JSON"),
        (401, "denied", Unavailable, "denied (HTTP 401)"),
        (401, r#""denied""#, Unavailable, "denied (HTTP 401)"),
        (403, "{}", Unavailable, "answered HTTP 403 with JSON that says nothing more"),
        (401, "", Unavailable, "answered HTTP 401 with nothing"),
        (429, "slow down", Unavailable, "slow down (HTTP 429)"),
        (500, r#"{"message": "oops"}"#, Unavailable, "oops (HTTP 500)"),
        (502, html, Unavailable, "answered HTTP 502 with HTML instead of JSON"),
        (200, r#"{"success": false, "msg": "no"}"#, Failed, "no"),
        (200, r#"{"success": false}"#, Failed, "the server says it failed, without a reason"),
    ] {
        let failure = failure(Err::<(), _>(read_error(status, body)));
        assert_eq!((failure.kind(), failure.status_code()), (kind, status), "{body}: {failure:?}");
        assert!(failure.message().starts_with("cannot read the account's variables: "), "{failure:?}");
        assert!(failure.message().ends_with(words), "{failure:?}");
        assert!(!failure.message().contains("Please log in"), "{failure:?}");
    }
}

#[test]
fn a_dead_session_is_told_from_other_refusals() {
    for (status, body, dead) in [
        (401, r#"{"msg": "Invalid user key"}"#, true),
        (404, r#"{"success": false, "msg": "Session expired. Please log in again."}"#, true),
        (404, "Session expired. Please log in again.", false),
        (401, "Invalid user key", false),
        (403, r#"{"msg": "Invalid user key"}"#, false),
        (404, r#"{"msg": "API Key not found."}"#, false),
    ] {
        let failure = read_error(status, body);
        assert_eq!(failure.kind() == SessionOver, dead, "{status} {body}");
    }
}

#[test]
fn a_wish_for_a_second_factor_comes_with_the_way_to_it() {
    for status in [401, 403, 400] {
        let failure = read_error(status, r#"{"msg": "This needs Two Factor Authentication"}"#);
        assert_eq!(failure.kind(), SessionWanted);
        assert!(failure.next_step().unwrap().contains("vastai tfa login"), "{failure:?}");
    }
}

#[test]
fn a_refusal_keeps_the_servers_code() {
    let server = serve([say_status(400, r#"{"success": false, "error": "existing_key", "msg": "taken"}"#)]);
    let error = create(&single(&server.url())).unwrap_err();
    assert_eq!(error.code(), Some("existing_key"));
    assert_eq!(failure(Err::<(), _>(error)).message(), "cannot create the variable NAME: taken (HTTP 400)");
    assert_eq!(read_error(400, r#"{"msg": "taken"}"#).code(), None);
}

#[test]
fn messages_are_data_and_hold_no_secret() {
    let long = "é".repeat(1000);
    let body = format!(r#"{{"msg": "\u001b[2J\u202e {KEY} \n {VALUE} {long}"}}"#);
    let server = serve([say_status(400, &body)]);
    let failed = failure(create(&single(&server.url())));
    assert!(failed.message().contains(r"\u{1b}[2J\u{202e} ***** \n ***** ééé"), "{failed:?}");
    assert!(failed.message().ends_with("é… (HTTP 400)"), "{failed:?}");
    assert!(failed.message().chars().count() < 400);
}

#[test]
fn a_success_message_holds_no_secret_either() {
    let server = serve([say_status(200, &format!(r#"{{"msg": "set NAME to {VALUE}"}}"#))]);
    assert_eq!(create(&single(&server.url())).as_deref(), Ok("set NAME to *****"));
}

#[test]
fn a_change_may_be_answered_with_little() {
    for (status, body, said) in
        [(204, "", ""), (200, "", ""), (201, "{}", ""), (200, "null", ""), (200, r#""Deleted.""#, "Deleted")]
    {
        let head = if status == 204 {
            "HTTP/1.1 204 No\r\nConnection: close\r\n\r\n".into()
        } else {
            answer_with(status, "", body)
        };
        let server = serve([Step::Bytes(head)]);
        assert_eq!(delete(&single(&server.url())).as_deref(), Ok(said), "{status} {body}");
    }
}

#[test]
fn another_2xx_is_no_answer() {
    for status in [202, 203, 204, 205, 206, 207, 226, 299] {
        let body = if status == 204 { "" } else { r#"{"success": true, "secrets": {"A": "v"}}"# };
        let server = serve([say_status(status, body), say_status(status, body)]);
        let (client, _) = client(settings(&server.url()));
        let read = failure(read(&client));
        assert_eq!((read.kind(), read.status_code()), (Unavailable, status), "{read:?}");
        if status != 204 {
            assert_eq!(failure(create(&client)).kind(), Ambiguous, "{status}");
        }
    }
}

#[test]
fn a_success_that_is_no_json_is_none() {
    for (body, words) in [
        (format!("<html>{VALUE}"), "HTML instead of JSON (HTTP 200)"),
        (format!("fine {VALUE}"), "text instead of JSON (HTTP 200)"),
        (format!(r#"{{"secrets": {{"A": "{VALUE}"}}"#), "invalid JSON (HTTP 200)"),
    ] {
        let server = serve([say_status(200, &body), say_status(200, &body)]);
        let (client, seen) = client(settings(&server.url()));
        let read = failure(read(&client));
        assert_eq!((read.kind(), read.status_code()), (Unavailable, 200));
        assert!(read.message().ends_with(words), "{read:?}");
        let changed = failure(create(&client));
        assert_eq!((changed.kind(), changed.status_code()), (Ambiguous, 200), "{changed:?}");
        assert!(seen.reasons().is_empty());
    }
}

#[test]
fn an_error_status_counts_even_if_its_body_broke_off() {
    let said = |head: &str| Step::Bytes(format!("{head}\r\nContent-Length: 99\r\n\r\n{{\"msg\": \"").into());
    for (head, kind) in
        [("HTTP/1.1 400 Bad", Failed), ("HTTP/1.1 401 Who", Unavailable), ("HTTP/1.1 500 Oops", Unavailable)]
    {
        let server = serve([said(head)]);
        assert_eq!(failure(create(&single(&server.url()))).kind(), kind, "{head}");
    }
}

#[test]
fn a_user_is_an_id_and_what_else_is_told() {
    for (body, id) in [
        (
            r#"{"id": 123456789012, "email": "a@b.c", "username": "me", "api_key": "x", "credit": 1.5}"#,
            "123456789012",
        ),
        (r#"{"id": "u-1", "email": "a@b.c", "username": "me"}"#, "u-1"),
    ] {
        let server = serve([say_status(200, body)]);
        let user = block_on(single(&server.url()).current_user()).unwrap();
        assert_eq!(
            (&*user.id, user.email.as_deref(), user.username.as_deref()),
            (id, Some("a@b.c"), Some("me"))
        );
        assert_eq!(server.finish()[0].target(), "GET /api/v0/users/current/");
    }
    let server = serve([say_status(200, r#"{"id": 5, "email": null, "username": 7}"#)]);
    let user = block_on(single(&server.url()).current_user()).unwrap();
    assert_eq!((user.email, user.username), (None, None));
}

#[test]
fn a_user_without_an_id_is_no_user() {
    for body in
        ["{}", r#"{"id": null}"#, r#"{"id": ""}"#, r#"{"id": 1.5}"#, r#"{"id": [1]}"#, "[7, 7, 7]", "null"]
    {
        let server = serve([say_status(200, body)]);
        let failed = failure(block_on(single(&server.url()).current_user()));
        assert_eq!((failed.kind(), failed.status_code()), (Unavailable, 200), "{body}");
    }
}
