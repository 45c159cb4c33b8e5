//! What is sent, to whom, and how long it may take.

use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use super::server::{Received, Step, answer_with, nobody, say_status, serve};
use super::*;
use crate::domain::Kind;

const SHORT: Duration = Duration::from_millis(80);

fn new(settings: Settings) -> Result<Client> {
    Client::new(settings, Arc::new(Seen::default()))
}

#[test]
fn every_call_has_the_documented_path_headers_and_body() {
    let done = || say_status(200, r#"{"success": true, "msg": "Done."}"#);
    let listing = say_status(200, r#"{"success": true, "secrets": {"A": "1"}}"#);
    let server = serve([listing, done(), done(), done()]);
    let client = single(&format!("{}/base/", server.url()));
    assert_eq!(read(&client), Ok(1));
    for said in [create(&client), update(&client), delete(&client)] {
        assert_eq!(said.as_deref(), Ok("Done"));
    }

    let received = server.finish();
    let targets: Vec<_> = received.iter().map(Received::target).collect();
    assert_eq!(
        targets,
        ["GET", "POST", "PUT", "DELETE"].map(|method| format!("{method} /base/api/v0/secrets/"))
    );
    for request in &received {
        assert_eq!(request.header("authorization"), Some(&*format!("Bearer {KEY}")));
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert_eq!(request.header("user-agent"), Some(concat!("vastenv/", env!("CARGO_PKG_VERSION"))));
    }
    let body = format!(r#"{{"key":"NAME","value":"{VALUE}"}}"#);
    let bodies: Vec<_> = received.iter().map(|request| request.body.as_str()).collect();
    assert_eq!(bodies, ["", &body, &body, r#"{"key":"NAME"}"#]);
}

#[test]
fn a_client_outlives_a_runtime_and_uses_a_connection_again() {
    let user = answer_with(200, "", r#"{"id": 7}"#);
    let server = serve([Step::Keep(user.clone()), Step::Bytes(user.clone()), Step::Bytes(user)]);
    let client = single(&server.url());
    block_on(async {
        client.current_user().await?;
        client.current_user().await
    })
    .unwrap();
    assert_eq!(block_on(client.current_user()).unwrap().id, "7");
    assert_eq!(server.finish().len(), 3);
}

#[test]
fn plain_http_goes_to_this_machine_only() {
    let refused = new(settings("http://192.0.2.1")).unwrap_err();
    assert!(refused.next_step().unwrap().contains("--insecure-http"), "{refused:?}");
    assert!(new(Settings { insecure_http: true, ..settings("http://192.0.2.1") }).is_ok());
    assert!(new(settings("http://localhost:1")).is_ok());
}

#[test]
fn a_key_that_no_header_can_carry_is_refused() {
    for key in ["", "two words", "line\nbreak", "clé-of-some-length", "nul\0", "tab\t", "\u{7f}"] {
        let refused =
            new(Settings { key: Some(Secret::new(key)), ..settings("http://localhost:1") }).unwrap_err();
        assert_eq!((refused.kind(), refused.status_code()), (Kind::NotAuthenticated, 0));
        assert!(key.is_empty() || !format!("{refused:?}").contains(key), "{refused:?}");
    }
}

#[test]
fn debug_shows_no_key() {
    let (client, _) = client(settings("http://localhost:1"));
    for shown in [format!("{client:?}"), format!("{client:#?} {:?}", settings("http://localhost:1"))] {
        assert!(shown.contains("localhost") && !shown.contains(KEY), "{shown}");
    }
}

#[test]
fn nobody_there_is_unavailable_for_every_call_and_is_tried_again() {
    let url = nobody();
    let (client, seen) = client(settings(&url));
    for failed in [failure(read(&client)), failure(create(&client)), failure(delete(&client))] {
        assert_eq!((failed.kind(), failed.status_code()), (Kind::Unavailable, 0));
        assert!(failed.message().contains(url.trim_start_matches("http://")), "{failed:?}");
        assert!(failed.message().contains("refused"), "{failed:?}");
    }
    assert_eq!(seen.reasons().len(), 6);
}

#[test]
fn an_unknown_host_is_unavailable() {
    let failed = failure(create(&single("https://no-such-host.invalid")));
    assert_eq!(failed.kind(), Kind::Unavailable);
    assert!(failed.message().contains("no-such-host.invalid cannot be reached"), "{failed:?}");
}

#[test]
fn a_server_without_tls_cannot_be_reached() {
    let server = serve([say_status(200, "{}")]);
    let failed = failure(create(&single(&server.url().replace("http", "https"))));
    assert_eq!(failed.kind(), Kind::Unavailable, "{failed:?}");
    assert!(failed.message().contains("cannot be reached"), "{failed:?}");
}

#[test]
fn a_server_that_hangs_before_or_within_its_answer_runs_into_the_limit() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"success\": ".to_vec();
    for said in [Vec::new(), b"HTTP/1.1 2".to_vec(), half] {
        let hang = || Step::Hang(said.clone());
        let server = serve([hang(), hang(), hang()]);
        let settings = Settings { tries: 1, timeout: SHORT, ..settings(&server.url()) };
        let (client, _) = client(settings);
        let read = failure(read(&client));
        assert_eq!(read.kind(), Kind::Unavailable, "{read:?}");
        assert!(read.message().contains("within 80ms"), "{read:?}");
        for changed in [failure(create(&client)), failure(delete(&client))] {
            assert_eq!(changed.kind(), Kind::Ambiguous, "{changed:?}");
            assert!(changed.message().contains("may or may not have been done"), "{changed:?}");
        }
        server.finish();
    }
}

#[test]
fn a_server_that_never_lets_anybody_in_was_sent_nothing() {
    let server = serve([Step::Hang(Vec::new())]);
    let url = server.url().replace("http", "https");
    let (client, _) = client(Settings { tries: 1, timeout: SHORT, ..settings(&url) });
    let failed = failure(create(&client));
    assert_eq!(failed.kind(), Kind::Unavailable, "{failed:?}");
    assert!(failed.message().contains("cannot be reached"), "{failed:?}");
    server.finish();
}

#[test]
fn endless_and_huge_bodies_are_cut_off() {
    let endless = "HTTP/1.1 200 OK\r\n\r\n";
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n";
    let announced = "HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n";
    for head in [endless, chunked, announced] {
        let server = serve([Step::Flood(head), Step::Flood(head)]);
        let (client, seen) = client(settings(&server.url()));
        let failed = failure(read(&client));
        assert_eq!((failed.kind(), failed.status_code()), (Kind::Unavailable, 200));
        assert!(failed.message().contains("more than 8 MiB"), "{failed:?}");
        assert_eq!(failure(create(&client)).kind(), Kind::Ambiguous);
        assert!(seen.reasons().is_empty());
        // The flood ends only when the client drops the connection.
        assert_eq!(server.finish().len(), 2);
    }
}

#[test]
fn a_large_body_below_the_limit_is_read() {
    let value = "x".repeat(7 << 20);
    let server = serve([say_status(200, &format!(r#"{{"secrets": {{"A": "{value}"}}}}"#))]);
    assert_eq!(read(&single(&server.url())), Ok(1));
}

/// Runs one test of this file in a process that has a proxy in its environment.
fn with_proxy(test: &str, proxy: &str) -> Output {
    process::command(std::env::current_exe().unwrap())
        .args([&format!("api::tests::transport::{test}"), "--exact", "--include-ignored"])
        .envs(["http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"].map(|name| (name, proxy)))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap()
}

#[test]
fn a_proxy_is_used_for_other_machines() {
    let proxy = serve([say_status(200, r#"{"secrets": {"A": ""}}"#)]);
    let output = with_proxy("helper_reads_from_another_machine", &proxy.url());
    assert!(output.status.success(), "{output:?}");
    assert_eq!(proxy.finish()[0].target(), "GET http://192.0.2.1/api/v0/secrets/");
}

#[test]
#[ignore = "needs the proxy that a_proxy_is_used_for_other_machines starts"]
fn helper_reads_from_another_machine() {
    let settings = Settings { insecure_http: true, ..settings("http://192.0.2.1") };
    assert_eq!(read(&client(settings).0), Ok(1));
}

#[test]
fn no_proxy_comes_between_programs_of_this_machine() {
    let proxy = serve([say_status(500, "")]);
    let output = with_proxy("every_call_has_the_documented_path_headers_and_body", &proxy.url());
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");
    assert!(proxy.finish().is_empty());
}
