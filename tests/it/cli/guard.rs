//! Values are not printed where a coding agent reads along.

use serde_json::json;

use vastenv::context::variables::AGENT_MARKERS;

use super::account::TestAccount;
use crate::home::Home;
use crate::raw_server::{RawServer, Reply};
use crate::terminal::Terminal;

const VALUE: &str = "hf_AbCdEf0123456789";

/// Every command line that prints a value or a key, or may.
const PRINTING: [&[&str]; 17] = [
    &["export", "bash"],
    &["export", "json"],
    &["export", "dotenv", "--wait", "1"],
    &["show", "env-var", "HF_TOKEN"],
    &["show", "env-var", "-n", "HF_TOKEN", "--raw"],
    &["show", "env-vars", "HF_TOKEN", "-s"],
    &["show", "env-vars", "-s"],
    &["show", "env-vars", "-s", "--raw"],
    &["why", "HF_TOKEN", "-s"],
    &["--raw", "why", "-s", "HF_TOKEN"],
    &["create", "api-key", "--name", "x", "--permission", "user_read"],
    &["--raw", "create", "api-key", "--name", "x", "--permission", "user_read"],
    &["reset", "api-key", "-y"],
    &["--raw", "reset", "api-key", "-y"],
    &["--curl", "create", "env-var", "NEW", "hf_AbCdEf0123456789"],
    &["--curl", "update", "env-var", "HF_TOKEN", "hf_AbCdEf0123456789"],
    &["--curl", "set", "env-var", "HF_TOKEN", "hf_AbCdEf0123456789"],
];

fn account() -> TestAccount {
    TestAccount::with(&json!({"HF_TOKEN": VALUE}))
}

#[test]
fn nothing_is_printed_or_sent_where_an_agent_is_at_work() {
    let account = account();
    let home = account.known_home();
    for arguments in PRINTING {
        let raw = arguments.contains(&"--raw");
        let said = home.vastenv(arguments).env("CLAUDECODE", "1").run().expect(1).hides(VALUE);
        assert_eq!(said.out, "", "{arguments:?}");
        let said = said.mentions(&["values not printed: CLAUDECODE is set"]);
        if !raw {
            said.mentions(&["hint: ", "--reveal", "VASTENV_GUARD=0", "vastenv run -- CMD", "run --redact"]);
        }
    }
    assert_eq!(account.requests(), [""; 0]);
    assert_eq!(account.secrets(), json!({"HF_TOKEN": VALUE}));
}

#[test]
fn every_marker_counts_and_the_users_word_more() {
    let account = account();
    let home = account.known_home();
    for marker in AGENT_MARKERS.into_iter().chain(["VASTENV_GUARD"]) {
        home.vastenv(&["export", "json"]).env(marker, "1").run().refuses(1, &[marker]);
        for off in ["", "0", "false"] {
            let said = home.vastenv(&["export", "json"]).env(marker, off).run().expect(0);
            assert!(said.out.contains(VALUE), "{marker}={off}");
        }
        let off =
            home.vastenv(&["export", "json"]).env(marker, "1").env("VASTENV_GUARD", "0").run().expect(0);
        assert!(off.out.contains(VALUE), "{marker}");
    }
}

#[test]
fn reveal_prints_them_all_the_same() {
    let account = account();
    let home = account.known_home();
    for arguments in PRINTING.into_iter().filter(|arguments| !arguments.contains(&"reset")) {
        let shown = [&["--reveal"], arguments].concat();
        let said = home.vastenv(&shown).env("VASTENV_GUARD", "1").run().expect(0);
        assert_ne!(said.out, "", "{arguments:?}");
    }
    assert!(
        home.vastenv(&["export", "json", "--reveal"]).env("AGENT", "x").run().expect(0).out.contains(VALUE)
    );
}

#[test]
fn a_person_at_a_terminal_sees_them() {
    let account = account();
    let mut home = account.known_home();
    home.set("CLAUDECODE", "1");
    let (seen, code) = Terminal::open(&home, 80, "vastenv show env-vars -s && vastenv export sh").end();
    assert_eq!((seen.matches(VALUE).count(), code), (2, 0), "{seen}");
}

#[test]
fn shells_of_agents_still_load_and_commands_still_run() {
    let account = account();
    let mut home = account.known_home();
    home.set("CLAUDECODE", "1");
    let script = format!("eval \"$('{}' hook bash)\"; echo $HF_TOKEN", crate::home::VASTENV);
    assert_eq!(home.command("bash", &["-c", &script]).run().expect(0).out, format!("{VALUE}\n"));
    assert_eq!(home.ok(&["run", "--", "printenv", "HF_TOKEN"]), format!("{VALUE}\n"));
    assert_eq!(home.ok(&["run", "--redact", "--", "printenv", "HF_TOKEN"]), "*****\n");
    for harmless in
        [&["show", "env-vars"][..], &["why", "HF_TOKEN"], &["status"], &["show", "api-keys", "--raw"]]
    {
        home.vastenv(harmless).run().expect(0).hides(VALUE);
    }
    home.vastenv(&["--curl", "create", "env-var", "NEW"]).run().expect(0);
    home.vastenv(&["--curl", "export", "json"]).run().expect(0).hides(VALUE);
}

#[test]
fn a_listed_key_in_clear_is_not_printed() {
    let key = "0123456789abcdef0123456789abcdef";
    let server = RawServer::start(move |target| match target {
        "GET /api/v0/auth/apikeys/" => {
            Reply::json(200, &format!(r#"{{"apikeys": [{{"id": 1, "name": "x", "key": "{key}"}}]}}"#))
        }
        _ => Reply::json(200, &format!(r#"{{"id": 1, "name": "x", "key": "{key}"}}"#)),
    });
    let home = Home::at(&server.url(), "a-key-of-this-server-0001");
    for arguments in [&["show", "api-keys"][..], &["show", "api-key", "1"]] {
        let raw = [arguments, &["--raw"]].concat();
        home.vastenv(&raw).env("VASTENV_GUARD", "1").run().expect(1).mentions(&["VASTENV_GUARD"]).hides(key);
        assert!(home.vastenv(&raw).run().expect(0).out.contains(key));
        home.vastenv(arguments).env("VASTENV_GUARD", "1").run().expect(0).hides(key);
    }
}
