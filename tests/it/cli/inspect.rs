//! `--curl` and `--explain`: shown without secrets; the former sends nothing at all.

use serde_json::{Value, json};

use super::account::{OTHER_KEY, TestAccount};
use crate::common::process::program;

/// Every command that asks the server, what it would send, and what it is given on the command line.
const ASKING: [(&[&str], &str); 9] = [
    (&["show", "env-vars"], "GET"),
    (&["refresh"], "GET"),
    (&["export", "json"], "GET"),
    (&["run", "--", "touch", "ran"], "GET"),
    (&["run", "--allow-missing", "--", "touch", "ran"], "GET"),
    (&["create", "env-var", "B", "it's $(x)"], "POST"),
    (&["update", "env-var", "A", "it's $(x)"], "PUT"),
    (&["set", "env-var", "A", "it's $(x)"], "PUT"),
    (&["delete", "env-var", "A"], "DELETE"),
];

#[test]
fn curl_sends_nothing_and_prints_one_command_that_sh_can_run() {
    let account = TestAccount::with(&json!({"A": "1"}));
    for known in [true, false] {
        let home = if known { account.known_home() } else { account.home() };
        for (arguments, method) in ASKING {
            if !known && arguments[0] == "set" {
                continue;
            }
            let before = account.secrets();
            account.forget();
            let said = home.vastenv(&[&["--curl"], arguments].concat()).run().expect(0);
            let said = said.hides(account.sandbox.key.expose());
            assert!(said.out.starts_with(&format!("curl -X {method} ")) && said.err.is_empty(), "{said:?}");
            assert!(!home.path("ran").exists());
            assert_eq!(account.requests(), [""; 0], "{arguments:?}");
            assert_eq!(account.secrets(), before);
        }
    }
}

#[test]
fn the_curl_command_does_what_it_stands_for() {
    if program("curl").is_none() {
        return;
    }
    let account = TestAccount::with(&json!({"A": "1"}));
    let home = account.known_home();
    let run = |script: &str| home.command("sh", &["-c", script]).run().expect(0).out;
    let answer = run(&home.ok(&["--curl", "create", "env-var", "B", "it's $(touch x)\n\"é"]));
    assert_eq!(serde_json::from_str::<Value>(&answer).expect("JSON")["success"], json!(true));
    assert_eq!(account.secrets(), json!({"A": "1", "B": "it's $(touch x)\n\"é"}));
    let listed = run(&home.ok(&["--curl", "show", "env-vars"]));
    assert_eq!(serde_json::from_str::<Value>(&listed).expect("JSON")["secrets"], account.secrets());
    // A value that is not on the command line is not asked for either.
    let command = home
        .vastenv(&["--curl", "update", "env-var", "A"])
        .stdin("hidden-v")
        .run()
        .expect(0)
        .hides("hidden-v")
        .out;
    run(&format!("VALUE=given; {command}"));
    run(&home.ok(&["--curl", "delete", "env-var", "B"]));
    assert_eq!(account.secrets(), json!({"A": "given"}));
}

#[test]
fn a_command_that_goes_on_takes_a_shown_request_for_no_failure() {
    let account = TestAccount::with(&json!({}));
    let home = account.home();
    for (arguments, shown) in
        [(&["doctor"][..], 1), (&["delete", "ssh-key", "1", "2"], 2), (&["delete", "api-key", "1", "2"], 2)]
    {
        let said = home.vastenv(&[&["--curl"], arguments].concat()).run().expect(0);
        assert_eq!(said.out.matches("curl -X ").count(), shown, "{said:?}");
        assert!(said.err.is_empty() && !said.out.contains("bad "), "{said:?}");
    }
    assert_eq!(account.requests(), [""; 0]);
}

#[test]
fn set_api_key_shows_its_question_and_saves_nothing() {
    let account = TestAccount::with(&json!({}));
    let home = account.home();
    for arguments in [&["--curl", "set", "api-key", OTHER_KEY][..], &["--curl", "set", "api-key"]] {
        let said = home.vastenv(arguments).run().expect(0).hides(OTHER_KEY);
        assert!(
            said.out.contains("/api/v0/users/current/") && said.out.contains("$VAST_API_KEY"),
            "{said:?}"
        );
    }
    assert!(!home.path(".config/vastai").exists());
    assert_eq!(account.requests(), [""; 0]);
}

#[test]
fn explain_tells_on_stderr_and_leaves_stdout_to_the_data() {
    let account = TestAccount::with(&json!({"A": "hidden-v"}));
    let home = account.home();
    let key = account.sandbox.key.expose();
    for (arguments, method) in ASKING {
        if method != "GET" || arguments[0] == "show" {
            let arguments = [&["--explain"], arguments].concat();
            let said = home.vastenv(&arguments).run().expect(0).hides(key).hides("it's").hides("hidden-v");
            said.mentions(&[
                &format!("{method} http://127.0.0.1"),
                "Authorization: Bearer *****",
                "User-Agent: vastenv/",
            ]);
        }
    }
    let home = account.home();
    let said = home.vastenv(&["--explain", "show", "env-vars", "--raw"]).run().expect(0);
    serde_json::from_str::<Value>(&said.out).expect("only JSON on stdout");
    home.vastenv(&["--explain", "set", "api-key", key])
        .run()
        .expect(0)
        .hides(key)
        .mentions(&["GET http://127.0.0.1", "/users/current/"]);
}
