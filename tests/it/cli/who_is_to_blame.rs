//! A way to the server that ends before it: each party on it is named, and no password of theirs.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::common::process::{command, program};
use crate::home::{Call, Home};
use crate::raw_server::{RawServer, Reply};

const KEY: &str = "a-key-of-this-server-0001";
const SERVER: &str = "https://console.vast.ai";

/// A command whose way leads through `proxy`, an address without its scheme.
fn behind(home: &Home, proxy: &str, arguments: &[&str]) -> Call {
    home.vastenv(arguments).env("HTTPS_PROXY", format!("http://user:hunter2@{proxy}"))
}

#[test]
fn a_dead_or_refusing_proxy_is_named_with_its_status() {
    let home = Home::at(SERVER, KEY);
    let dead = RawServer::start(|_| Reply::Silence).url().replace("http://", "");
    let said = behind(&home, &dead, &["refresh"]).run().hides("hunter2");
    said.refuses(1, &[&format!("the proxy {dead} cannot be reached (Connection refused)"), "NO_PROXY"]);
    for (status, said) in [
        (407, "requires a user name and password (HTTP 407)".to_owned()),
        (403, "refuses to connect to console.vast.ai (HTTP 403)".to_owned()),
        (502, "refuses to connect to console.vast.ai (HTTP 502)".to_owned()),
    ] {
        let proxy = RawServer::start(move |_| Reply::html(status, "<p>no</p>"));
        let address = proxy.url().replace("http://", "");
        let said = format!("the proxy {address} {said}");
        behind(&home, &address, &["refresh"]).run().hides("hunter2").refuses(1, &[&said, "HTTPS_PROXY"]);
        let checked = behind(&home, &address, &["doctor"]).run().expect(1).hides("hunter2");
        assert!((checked.out + &checked.err).contains(&said), "{status}");
        assert!(proxy.targets().iter().all(|target| target == "CONNECT console.vast.ai:443"));
    }
}

#[test]
fn a_socks_proxy_is_named_and_not_spoken_to() {
    let server = RawServer::start(|_| Reply::Silence);
    let address = server.url().replace("http://", "");
    let home = Home::at(SERVER, KEY);
    let said = home.vastenv(&["refresh"]).env("ALL_PROXY", format!("socks5h://user:hunter2@{address}"));
    let named = format!("cannot use the proxy {address}: it speaks SOCKS");
    said.run().hides("hunter2").refuses(1, &[&named, "HTTPS_PROXY"]);
    assert_eq!(server.targets(), [""; 0]);
}

#[test]
fn a_certificate_file_that_is_missing_or_lacks_the_issuer_is_named() {
    let home = Home::at("https://127.0.0.1:9", KEY);
    let said = home.vastenv(&["refresh"]).env("SSL_CERT_FILE", "/nonexistent").run();
    said.refuses(1, &["cannot set up TLS: ", "SSL_CERT_FILE"]);
    let Some(openssl) = program("openssl") else { return };
    home.write(
        "cnf",
        "[req]\ndistinguished_name=n\nx509_extensions=e\n[n]\n[e]\nsubjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n",
    );
    let pair = |name: &str| {
        let words = "req -x509 -newkey rsa:2048 -nodes -days 2 -config cnf";
        let names = format!("-subj /CN={name} -keyout {name}.key -out {name}.pem");
        let mut made = command(&openssl);
        made.args(words.split(' ').chain(names.split(' '))).current_dir(home.path("."));
        assert!(made.output().expect("openssl").status.success());
    };
    pair("served");
    pair("trusted");
    let mut server = command(&openssl);
    server.args("s_server -accept 127.0.0.1:0 -cert served.pem -key served.key".split(' '));
    let mut server = server
        .current_dir(home.path("."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("openssl");
    let mut lines = BufReader::new(server.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let port =
        lines.find_map(|line| line.strip_prefix("ACCEPT 127.0.0.1:").map(str::to_owned)).expect("a port");
    let said = home
        .vastenv(&["refresh", "--retry", "1", "--url", &format!("https://127.0.0.1:{port}")])
        .env("SSL_CERT_FILE", home.path("trusted.pem"))
        .run();
    server.kill().expect("killed");
    server.wait().expect("ended");
    said.refuses(
        1,
        &["(invalid peer certificate: UnknownIssuer)", "name a file of all CAs to trust in SSL_CERT_FILE"],
    );
}

#[test]
fn what_a_stranger_answers_has_a_hint() {
    for (status, hint) in [
        (402, "did not come from Vast"),
        (404, "check the address"),
        (407, "the proxy requires a user name"),
        (410, "check the address"),
        (413, "did not come from Vast"),
        (451, "did not come from Vast"),
    ] {
        let server = RawServer::start(move |target| match target {
            "GET /api/v0/users/current/" => Reply::json(200, r#"{"id": 7}"#),
            _ => Reply::html(status, "<p>no</p>"),
        });
        let said = Home::at(&server.url(), KEY).vastenv(&["show", "env-vars"]).run();
        said.refuses(1, &[&format!("(HTTP {status})").replace(['(', ')'], ""), hint]);
    }
    let server = RawServer::start(|_| Reply::json(401, r#"{"msg": "No such key"}"#));
    let said = Home::at(&server.url(), KEY).vastenv(&["show", "env-vars"]).run();
    said.refuses(4, &["No such key", "VAST_API_KEY", "`vastai tfa login`"]);
}

#[test]
fn a_body_that_is_compressed_unasked_is_called_that() {
    for status in [200, 400, 500] {
        let server = RawServer::start(move |target| match target {
            "GET /api/v0/users/current/" => Reply::json(200, r#"{"id": 7}"#),
            _ => Reply::whole(status, "Content-Encoding: gzip\r\n", "\u{1f}\u{8b}"),
        });
        let said = Home::at(&server.url(), KEY).vastenv(&["show", "env-vars"]).run();
        said.refuses(1, &["compressed", "not requested", &format!("HTTP {status}")]);
    }
}
