//! What is sent again, and what must not be.

use super::server::{Step, answer_with, nobody, say_status, serve};
use super::*;
use crate::domain::Kind;

const EMPTY: &str = r#"{"success": true, "secrets": {}}"#;
const DONE: &str = r#"{"success": true, "msg": "Done"}"#;

fn rate_limit() -> Step {
    say_status(429, "API requests too frequent: endpoint threshold=0.01")
}

#[test]
fn a_rate_limit_is_waited_out_and_told_by_every_call() {
    let server = serve([rate_limit(), say_status(200, DONE)]);
    let (client, seen) = client(settings(&server.url()));
    assert_eq!(create(&client).as_deref(), Ok("Done"));
    assert_eq!(*seen.waits.lock().unwrap(), [("rate limited".to_owned(), Duration::from_millis(10))]);
    assert_eq!(server.finish().len(), 2);
}

#[test]
fn the_tries_are_the_limit_and_the_waits_grow() {
    let server = serve([503, 503, 503].map(|status| say_status(status, "")));
    let (client, seen) = client(settings(&server.url()));
    let failed = failure(delete(&client));
    assert_eq!((failed.kind(), failed.status_code()), (Kind::Unavailable, 503));
    let waits: Vec<_> = seen.waits.lock().unwrap().iter().map(|(_, wait)| wait.as_millis()).collect();
    assert_eq!(waits, [150, 225]);
    assert_eq!(server.finish().len(), 3);
}

#[test]
fn no_tries_are_one() {
    let server = serve([say_status(503, ""), say_status(200, EMPTY)]);
    let (client, seen) = client(Settings { tries: 0, ..settings(&server.url()) });
    assert_eq!(failure(read(&client)).status_code(), 503);
    assert!(seen.reasons().is_empty());
    assert_eq!(server.finish().len(), 1);
}

#[test]
fn retry_after_is_honoured_and_a_long_one_is_told() {
    let later = |after: &str| {
        Step::Bytes(answer_with(429, &format!("Connection: close\r\nRetry-After: {after}\r\n"), ""))
    };
    let server = serve([later("0"), say_status(200, EMPTY), later("300")]);
    let (client, seen) = client(settings(&server.url()));
    assert_eq!(read(&client), Ok(0));
    let failed = failure(read(&client));
    assert_eq!((failed.kind(), failed.status_code()), (Kind::Unavailable, 429));
    assert_eq!(failed.next_step(), Some("try again in 5 min"));
    assert_eq!(*seen.waits.lock().unwrap(), [("rate limited".to_owned(), Duration::ZERO)]);
}

#[test]
fn a_used_up_quota_is_not_asked_again() {
    let server = serve([say_status(429, r#"{"error": "search_quota_exceeded", "msg": "no more today"}"#)]);
    let (client, seen) = client(settings(&server.url()));
    let failed = failure(read(&client));
    assert_eq!(failed.message(), "cannot read the account's variables: no more today (HTTP 429)");
    assert!(seen.reasons().is_empty());
}

/// Ends that leave open whether the server acted.
fn unclear_ends() -> Vec<(&'static str, Step)> {
    vec![
        ("no answer", Step::Bytes(Vec::new())),
        ("half a head", Step::Bytes(b"HTTP/1.1 200 OK\r\nConte".to_vec())),
        ("no http", Step::Bytes(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())),
        ("half a body", Step::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"secrets\":".to_vec())),
        (
            "half a chunk",
            Step::Bytes(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"se".to_vec()),
        ),
        ("502", say_status(502, "<html>Bad Gateway</html>")),
        ("504", say_status(504, "")),
    ]
}

#[test]
fn reads_and_updates_are_repeated_after_an_unclear_end() {
    for (case, end) in unclear_ends() {
        let server = serve([end, say_status(200, EMPTY)]);
        let (client, seen) = client(settings(&server.url()));
        assert_eq!(read(&client), Ok(0), "{case}");
        assert_eq!(seen.reasons().len(), 1, "{case}");
        server.finish();
    }
    for (case, end) in unclear_ends() {
        let server = serve([end, say_status(200, DONE)]);
        let (client, _) = client(settings(&server.url()));
        assert_eq!(update(&client).as_deref(), Ok("Done"), "{case}");
        server.finish();
    }
}

#[test]
fn creations_and_removals_are_not_repeated_after_an_unclear_end() {
    for act in [create, delete] {
        for (case, end) in unclear_ends() {
            let server = serve([end, say_status(200, DONE)]);
            let (client, seen) = client(settings(&server.url()));
            let failed = failure(act(&client));
            assert_eq!(failed.kind(), Kind::Ambiguous, "{case}: {failed:?}");
            assert!(failed.next_step().is_some(), "{case}");
            assert!(seen.reasons().is_empty(), "{case}");
            assert_eq!(server.finish().len(), 1, "{case}");
        }
    }
}

#[test]
fn an_update_that_never_gets_an_answer_is_ambiguous_and_a_read_unavailable() {
    for (kind, act) in [
        (Kind::Ambiguous, (|client| update(client).map(drop)) as fn(&Client) -> _),
        (Kind::Unavailable, |client| read(client).map(drop)),
    ] {
        let server = serve([(); 3].map(|()| Step::Bytes(Vec::new())));
        let (client, seen) = client(settings(&server.url()));
        assert_eq!(failure(act(&client)).kind(), kind);
        assert_eq!(seen.reasons().len(), 2);
        assert_eq!(server.finish().len(), 3);
    }
}

#[test]
fn a_refusal_is_final() {
    for status in [400, 401, 403, 404, 409, 500, 501] {
        let server = serve([say_status(status, r#"{"msg": "no"}"#)]);
        let (client, seen) = client(settings(&server.url()));
        assert_eq!(failure(read(&client)).status_code(), status);
        assert!(seen.reasons().is_empty(), "{status}");
    }
}

#[test]
fn the_last_trouble_is_the_one_told() {
    let (client, seen) = client(Settings { tries: 2, ..settings(&nobody()) });
    let failed = failure(create(&client));
    assert_eq!(failed.kind(), Kind::Unavailable);
    assert!(seen.reasons()[0].contains("cannot be reached"), "{:?}", seen.reasons());
}
