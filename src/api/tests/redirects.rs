//! Redirects: followed within the service, never out of it.

use super::server::{Step, answer_with, say_redirect, say_status, serve};
use super::*;
use crate::domain::Kind;

const EMPTY: &str = r#"{"success": true, "secrets": {}}"#;

#[test]
fn a_read_follows_redirects_within_the_service_and_keeps_the_key() {
    for status in [301, 302, 303, 307, 308] {
        let server = serve([
            say_redirect(status, "/elsewhere/?x=1"),
            say_redirect(status, "deeper"),
            say_status(200, EMPTY),
        ]);
        assert_eq!(read(&single(&server.url())), Ok(0), "{status}");
        let received = server.finish();
        assert_eq!(received[1].target(), "GET /elsewhere/?x=1");
        assert_eq!(received[2].target(), "GET /elsewhere/deeper");
        assert_eq!(received[2].header("authorization"), Some(&*format!("Bearer {KEY}")));
    }
}

#[test]
fn a_change_follows_only_what_keeps_method_and_body() {
    for status in [307, 308] {
        let server = serve([say_redirect(status, "/new/"), say_status(200, "{}")]);
        create(&single(&server.url())).unwrap();
        let received = server.finish();
        assert_eq!(received[1].target(), "POST /new/");
        assert_eq!(received[1].body, received[0].body);
    }
    for status in [301, 302, 303] {
        let server = serve([say_redirect(status, "/new/")]);
        let failed = failure(create(&client(settings(&server.url())).0));
        assert_eq!((failed.kind(), failed.status_code()), (Kind::Failed, status));
        assert!(failed.message().contains("redirects to http://127.0.0.1:"), "{failed:?}");
        assert!(failed.next_step().unwrap().contains("--url"), "{failed:?}");
        assert_eq!(server.finish().len(), 1);
    }
}

#[test]
fn nothing_follows_a_redirect_to_another_site() {
    let other = serve([say_status(200, EMPTY)]);
    let port = other.url().rsplit_once(':').unwrap().1.to_owned();
    let other_port = other.url();
    let other_host = format!("http://localhost:{port}");
    for status in [301, 302, 303, 307, 308] {
        for target in
            [&*other_port, &other_host, "https://evil.example/x", "//evil.example/", "file:///etc/passwd"]
        {
            let server = serve([say_redirect(status, target), say_redirect(status, target)]);
            let (client, seen) = client(settings(&server.url()));
            for failed in [failure(read(&client)), failure(create(&client))] {
                assert_eq!((failed.kind(), failed.status_code()), (Kind::Unavailable, status), "{target}");
                assert!(failed.message().contains("redirects to another site ("), "{failed:?}");
            }
            assert!(seen.reasons().is_empty());
            server.finish();
        }
    }
    assert!(other.finish().is_empty());
}

#[test]
fn the_configured_server_is_what_counts_along_a_chain() {
    let server = serve([say_redirect(302, "/a"), say_redirect(302, "https://evil.example/b")]);
    let failed = failure(read(&single(&server.url())));
    assert!(failed.message().contains("(https://evil.example)"), "{failed:?}");
    assert_eq!(server.finish().len(), 2);
}

#[test]
fn circles_end() {
    let server = serve((0..11).map(|_| say_redirect(307, "/round")));
    let failed = failure(read(&single(&server.url())));
    assert_eq!(failed.kind(), Kind::Unavailable);
    assert!(failed.message().contains("more than 10 times"), "{failed:?}");
    assert_eq!(server.finish().len(), 11);
}

#[test]
fn ten_redirects_are_followed() {
    let steps = (0..10).map(|_| say_redirect(308, "/on"));
    let server = serve(steps.chain([say_status(200, EMPTY)]));
    assert_eq!(read(&single(&server.url())), Ok(0));
}

#[test]
fn a_redirect_needs_a_usable_target() {
    let without = Step::Bytes(answer_with(302, "Connection: close\r\n", ""));
    let garbage =
        ["http://[", "https://user:password@127.0.0.1/", "http://x:99999/"].map(|to| say_redirect(302, to));
    for step in garbage.into_iter().chain([without]) {
        let server = serve([step]);
        let failed = failure(read(&single(&server.url())));
        assert_eq!((failed.kind(), failed.status_code()), (Kind::Unavailable, 302));
        assert!(failed.message().contains("without a usable target"), "{failed:?}");
    }
}

#[test]
fn a_target_that_holds_the_key_is_not_repeated() {
    let server = serve([say_redirect(301, &format!("/login/{KEY}/{VALUE}"))]);
    let failed = failure(create(&single(&server.url())));
    assert!(failed.message().contains("/login/*****/*****"), "{failed:?}");
}

#[test]
fn other_3xx_are_no_answer() {
    for status in [300, 304, 305] {
        let server = serve([say_status(status, "")]);
        assert_eq!(failure(read(&single(&server.url()))).kind(), Kind::Unavailable, "{status}");
    }
}
