//! A signal while the server has not answered yet.

use std::os::unix::process::ExitStatusExt;
use std::sync::mpsc::{Receiver, channel};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::home::{Call, Home, VASTENV};
use crate::raw_server::{RawServer, Reply};

/// A server that knows the account and is silent to requests of one method, of which it gives word.
fn silent_to(method: &'static str) -> (RawServer, Receiver<()>) {
    let (came, asked) = channel();
    let server = RawServer::start(move |target| match target {
        target if target.starts_with(method) => {
            let _ = came.send(());
            Reply::Silence
        }
        "GET /api/v0/users/current/" => Reply::json(200, r#"{"id": 7}"#),
        _ => Reply::json(200, r#"{"success": true, "secrets": {"A": "1"}}"#),
    });
    (server, asked)
}

/// Sends `signals` once the server was `asked`; gives what was said and how it ended.
fn end(asked: &Receiver<()>, call: Call, signals: &[Signal]) -> (String, Option<i32>) {
    let child = call.spawn();
    asked.recv().expect("a request");
    for signal in signals {
        kill(Pid::from_raw(i32::try_from(child.id()).expect("a pid")), *signal).expect("sent");
    }
    let output = child.wait_with_output().expect("ended");
    (String::from_utf8(output.stderr).expect("text"), output.status.signal())
}

#[test]
fn a_change_that_is_out_is_named_and_the_signal_ends_the_process() {
    let home_at = |server: &RawServer| Home::at(&server.url(), "a-key-of-this-server-0001");
    for (arguments, method, purpose, signal) in [
        (&["create", "env-var", "B", "hidden-v"][..], "POST", "create the variable B", Signal::SIGINT),
        (&["update", "env-var", "A", "hidden-v"], "PUT", "update the variable A", Signal::SIGTERM),
        (&["delete", "env-var", "A"], "DELETE", "delete the variable A", Signal::SIGHUP),
        (&["reset", "api-key", "-y"], "PUT", "reset the API key", Signal::SIGINT),
    ] {
        let (server, asked) = silent_to(method);
        let home = home_at(&server);
        let (said, ended) = end(&asked, home.vastenv(arguments), &[signal]);
        let sentence = format!(
            "vastenv: interrupted: the request to {purpose} was not answered yet, it may or may not have been done\nhint: "
        );
        assert!(said.contains(&sentence) && !said.contains("hidden"), "{said}");
        assert_eq!(ended, Some(signal as i32), "{arguments:?}");
    }
    // Who only reads has nothing to say.
    let (server, asked) = silent_to("GET /api/v0/secrets");
    let home = home_at(&server);
    let ended = end(&asked, home.vastenv(&["show", "env-vars"]), &[Signal::SIGINT]);
    assert_eq!(ended, (String::new(), Some(Signal::SIGINT as i32)));
}

#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let (server, asked) = silent_to("POST");
    let home = Home::at(&server.url(), "a-key-of-this-server-0001");
    let script = format!("trap '' INT; exec '{VASTENV}' create env-var B v");
    let call = home.command("sh", &["-c", &script]);
    let (said, ended) = end(&asked, call, &[Signal::SIGINT, Signal::SIGTERM]);
    assert_eq!((said.matches("interrupted: ").count(), ended), (1, Some(Signal::SIGTERM as i32)), "{said}");
}
