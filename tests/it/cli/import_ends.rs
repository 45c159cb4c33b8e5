//! `import` cut short: by a signal, by the server, by the end of a session. What was sent is kept,
//! and the same command goes on.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use vastenv::sandbox::{Options, RateLimits};

use super::account::TestAccount;
use crate::home::{Home, VASTENV};
use crate::raw_server::{RawServer, Reply};
use crate::terminal::Terminal;

const THREE: &str = "A=hidden-1\nB=hidden-2\nC=hidden-3\n";

/// A home with the file, whose terminal can show progress.
fn terminal_home(account: &TestAccount) -> Home {
    let mut home = account.home();
    home.set("TERM", "xterm");
    home.set("NO_COLOR", "1");
    home.write("three.env", THREE);
    home
}

/// How many variables the account has: some, and not all.
fn sent(account: &TestAccount) -> usize {
    let secrets = account.secrets();
    let sent = secrets.as_object().expect("an object").len();
    assert!((1..3).contains(&sent), "{secrets}");
    sent
}

#[test]
fn an_interrupt_ends_it_in_order() {
    let limits = Some(RateLimits::Strict);
    let account = TestAccount::serving(&json!({}), Options { rate_limits: limits, ..Options::default() });
    let home = terminal_home(&account);
    let script = "trap : INT; vastenv import -y three.env; echo \"code $?\"";
    let mut terminal = Terminal::open(&home, 80, script);
    terminal.wait_for("██████·············· 1 of 3, about ");
    terminal.type_in("\u{3}");
    let (seen, _) = terminal.end();
    let sent = sent(&account);
    for part in [
        &format!("created {sent}, updated 0, skipped 0"),
        &format!("vastenv: interrupted: {sent} of 3 variables sent\n"),
        "hint: resume with `vastenv import three.env`\n",
        "code 130\n",
    ] {
        assert!(seen.contains(part), "{part}: {seen}");
    }
    assert!(!seen.contains("hidden"), "{seen}");
}

#[test]
fn after_any_signal_the_same_command_goes_on() {
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGHUP, 129), (Signal::SIGKILL, 137)] {
        let rate_limits = Some(RateLimits::Strict);
        let account =
            TestAccount::serving(&json!({}), Options { mask: true, rate_limits, ..Options::default() });
        let home = terminal_home(&account);
        let script = format!("sh -c 'echo $$ > pid; exec {VASTENV} import -y three.env'; echo \"code $?\"");
        let mut terminal = Terminal::open(&home, 80, &script);
        terminal.wait_for(" 1 of 3, about ");
        let pid = fs::read_to_string(home.path("pid")).expect("a pid");
        kill(Pid::from_raw(pid.trim().parse().expect("a number")), signal).expect("sent");
        let (seen, _) = terminal.end();
        assert!(seen.contains(&format!("code {code}\n")), "{seen}");
        let sent = sent(&account);
        if signal == Signal::SIGKILL {
            account.forget();
            let said = home.vastenv(&["import", "-y", "three.env"]).run().expect(0).hides("hidden");
            assert!(said.out.starts_with("create: ") && said.out.contains("skip: A"), "{said:#?}");
            assert!(said.out.ends_with(" (same value)\n"), "{said:#?}");
            assert_eq!(account.secrets(), json!({"A": "hidden-1", "B": "hidden-2", "C": "hidden-3"}));
            let is_sent = |request: &&String| *request == "POST /secrets/ 200";
            assert_eq!(account.requests().iter().filter(is_sent).count(), 3 - sent);
        }
    }
}

/// A server whose account has A, and which says this to changes.
fn refusing(method: &'static str, status: u16, body: &'static str) -> RawServer {
    RawServer::start(move |target| match target {
        "GET /api/v0/users/current/" => Reply::json(200, r#"{"id": 7}"#),
        "GET /api/v0/secrets/" => Reply::json(200, r#"{"success": true, "secrets": {"A": "old"}}"#),
        target if target.starts_with(method) => Reply::json(status, body),
        _ => Reply::json(200, r#"{"success": true, "msg": "done"}"#),
    })
}

fn home(server: &RawServer) -> Home {
    let home = Home::at(&server.url(), "a-key-of-this-server-0001");
    home.write(".env", "A=hidden-1\nB=hidden-2\nC=hidden-3\n");
    home
}

#[test]
fn one_refused_variable_does_not_hold_up_the_others() {
    let body = r#"{"success": false, "error": "invalid_characters", "msg": "hidden-1 is bad"}"#;
    let server = refusing("PUT", 400, body);
    let said = home(&server).vastenv(&["import", "-y", ".env"]).run().expect(1).hides("hidden");
    said.mentions(&[
        "vastenv: cannot update the variable A: ***** is bad (HTTP 400)\n",
        "created 2, updated 0, skipped 0, refused 1\n",
    ]);
    let said = home(&server).vastenv(&["import", "-y", "--raw", ".env"]).run().expect(1);
    let done: Value = serde_json::from_str(&said.out).expect("JSON");
    let failed = json!({"A": "cannot update the variable A: ***** is bad (HTTP 400)"});
    assert_eq!(
        done,
        json!({"created": ["B", "C"], "updated": [], "skipped": {}, "failed": failed, "unsent": []})
    );
    assert_eq!(said.err, "");
}

#[test]
fn what_every_variable_would_meet_ends_it_with_the_count() {
    for (status, body, code, parts) in [
        (
            400,
            r#"{"error": "max_secrets", "msg": "No more"}"#,
            1,
            ["No more (HTTP 400)", "delete one you do not need"],
        ),
        (401, r#"{"msg": "No such key"}"#, 4, ["No such key", "change or unset VAST_API_KEY"]),
        (500, r#"{"msg": "on fire"}"#, 1, ["on fire", "try again later"]),
        (429, r#"{"msg": "threshold=100"}"#, 1, ["cannot create the variable B", "try again in 100 s"]),
    ] {
        let server = refusing("POST", status, body);
        let said = home(&server).vastenv(&["import", "-y", ".env"]).run().expect(code).hides("hidden");
        said.mentions(&parts)
            .mentions(&["of 3 variables sent\n", "; then resume with `vastenv import .env`\n"]);
        let said = home(&server).vastenv(&["import", "-y", "--raw", ".env"]).run().expect(code);
        let done: Value = serde_json::from_str(&said.out).expect("JSON");
        assert_eq!((&done["created"], &done["failed"]), (&json!([]), &json!({})), "{body}");
        let unsent = done["unsent"].as_array().expect("a list").len();
        let updated = done["updated"].as_array().expect("a list").len();
        assert_eq!(unsent + updated, 3, "{body}");
        let error: Value = serde_json::from_str(&said.err).expect("JSON");
        assert_eq!(error["status_code"], json!(status));
    }
}

#[test]
fn a_session_that_ends_on_the_way_is_followed_by_the_key() {
    let posts = AtomicUsize::new(0);
    let server = RawServer::start(move |target| match target {
        "GET /api/v0/users/current/" => Reply::json(200, r#"{"id": 7}"#),
        "GET /api/v0/secrets/" => Reply::json(200, r#"{"success": true, "secrets": {}}"#),
        _ if posts.fetch_add(1, Ordering::SeqCst) == 1 => Reply::json(401, r#"{"msg": "Invalid user key"}"#),
        _ => Reply::json(200, r#"{"success": true}"#),
    });
    let mut home = home(&server);
    home.unset("VAST_API_KEY");
    home.write(".config/vastai/vast_api_key", "a-key-of-this-server-0001");
    home.write(".config/vastai/vast_tfa_key", "a-session-of-this-server-0001");
    home.write(".env", "A=1\nB=2\n");
    let said = home.vastenv(&["import", "-y", ".env"]).run().expect(0);
    said.mentions(&["the two-factor session has expired", "created 2, updated 0"]);
    assert!(!home.path(".config/vastai/vast_tfa_key").exists());
    let posts = server.targets().iter().filter(|target| target.starts_with("POST")).count();
    assert_eq!(posts, 3);
}
