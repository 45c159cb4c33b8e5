//! `vastenv profile …`

use std::fs;

use serde_json::{Value, json};

use super::{CONFIG, Two, script};
use crate::cli::account::{OTHER_KEY, TestAccount};
use crate::home::{Home, mode};
use crate::terminal::Terminal;

fn config(home: &Home) -> String {
    fs::read_to_string(home.path(CONFIG)).expect("settings")
}

#[test]
fn a_profile_is_added_used_shown_and_removed() {
    let account = TestAccount::with(&json!({"A": "hf_value"}));
    let home = Home::new();
    home.write(CONFIG, "# mine\nmax_age = \"1h\" # an hour\n");
    let key = account.sandbox.key.expose();
    let add = ["profile", "add", "work", "--url", &account.sandbox.url];
    let said = home.vastenv(&add).stdin(format!("{key}\n")).run().expect(0).hides(key);
    said.mentions(&["you@sandbox.invalid", "1 variable in the account", "vastenv profile use work"]);
    let file = home.path(".config/vastenv/keys/work");
    assert_eq!((fs::read_to_string(&file).expect("a key").as_str(), mode(&file)), (key, 0o600));
    let text = format!(
        "# mine\nmax_age = \"1h\" # an hour\n\n[profiles.work]\nurl = \"{}\"\napi_key_file = \"~/.config/vastenv/keys/work\"\n",
        account.sandbox.url
    );
    assert_eq!(config(&home), text);
    account.forget();
    // Fetched already.
    assert!(home.ok(&["export", "json", "--profile", "work"]).contains("hf_value"));
    assert!(account.requests().is_empty());
    home.vastenv(&add).stdin(key).run().refuses(1, &["there is a profile work already"]);

    home.vastenv(&["export", "json"]).run().refuses(4, &["no API key"]);
    home.vastenv(&["profile", "use", "work"]).run().expect(0).mentions(&["work is the default profile"]);
    assert!(config(&home).contains("# an hour\ndefault_profile = \"work\"\n"), "{}", config(&home));
    assert!(home.ok(&["export", "json"]).contains("hf_value"));
    let shown = home.ok(&["profile", "show"]);
    for part in ["work (in use, chosen by default_profile; the default)", "you@sandbox.invalid", "keys/work"]
    {
        assert!(shown.contains(part), "{shown}");
    }
    let listed = home.ok(&["profile", "list"]);
    assert!(listed.contains("*  work") && listed.contains(&account.sandbox.url), "{listed}");
    let raw: Value = serde_json::from_str(&home.ok(&["profile", "list", "--raw"])).expect("JSON");
    assert_eq!(
        (&raw[0]["name"], &raw[0]["in_use"], &raw[0]["default"]),
        (&json!("work"), &json!(true), &json!(true))
    );
    let raw: Value = serde_json::from_str(&home.ok(&["profile", "show", "work", "--raw"])).expect("JSON");
    assert_eq!(raw["key"], json!({"api_key_file": "~/.config/vastenv/keys/work"}));

    home.vastenv(&["profile", "remove", "work"]).run().refuses(2, &["cannot ask", "--yes"]);
    assert!(file.exists() && config(&home).contains("[profiles.work]"));
    let said = home.vastenv(&["profile", "remove", "work", "-y"]).run().expect(0);
    said.mentions(&["removed the profile work, its key, what was known of its account"]);
    assert!(!file.exists() && home.snapshot().is_none());
    assert_eq!(config(&home), "# mine\nmax_age = \"1h\" # an hour\n");
    home.vastenv(&["profile", "remove", "work"]).run().refuses(1, &["there is no profile work"]);
}

#[test]
fn a_key_is_verified_before_anything_is_written() {
    let account = TestAccount::with(&json!({}));
    let home = Home::new();
    let add = ["profile", "add", "work", "--url", &account.sandbox.url];
    home.vastenv(&add).stdin(OTHER_KEY).run().refuses(4, &["nothing was saved"]);
    home.vastenv(&add).stdin("two words").run().refuses(2, &["not an API key"]);
    home.vastenv(&["profile", "add", "../work"]).stdin(OTHER_KEY).run().refuses(2, &["a profile's name"]);
    home.vastenv(&[&add[..], &["--keyring", "--api-key-file", "k"]].concat())
        .stdin(OTHER_KEY)
        .run()
        .refuses(2, &[]);
    assert!(!home.path(".config").exists());
    home.vastenv(&[&add[..], &["--no-verify"]].concat()).stdin(OTHER_KEY).run().expect(0);
    assert_eq!(fs::read_to_string(home.path(".config/vastenv/keys/work")).expect("a key"), OTHER_KEY);
}

#[test]
fn a_file_or_a_command_that_has_the_key_is_taken_as_it_is() {
    let account = TestAccount::with(&json!({"A": "1"}));
    let home = Home::new();
    let key = account.sandbox.key.expose();
    home.write("secret/key", format!("{key}\n"));
    let ends = ["--url", &account.sandbox.url];
    let add = ["profile", "add", "file", "--api-key-file", "secret/key"];
    home.vastenv(&[&add[..], &ends].concat()).run().expect(0).hides(key).mentions(&["found the key"]);
    assert!(config(&home).contains("api_key_file = \"~/secret/key\""), "{}", config(&home));
    script(&home, "print-key", &format!("[ \"$1 $2\" = '-n op://a' ] && echo {key}"));
    let program = home.path("print-key");
    let add =
        ["profile", "add", "printed", "--api-key-command", program.to_str().expect("a path"), "-n", "op://a"];
    home.vastenv(&[&add[..1], &ends, &add[1..]].concat()).run().expect(0).hides(key);
    let words = format!("api_key_command = [\"{}\", \"-n\", \"op://a\"]", program.display());
    assert!(config(&home).contains(&words), "{}", config(&home));
    // Neither the file nor what the other profile has in common goes with one of them.
    home.vastenv(&["profile", "remove", "printed"]).run().expect(0);
    assert!(home.ok(&["export", "json", "--profile", "file"]).contains("\"A\""));
    home.vastenv(&["profile", "remove", "file", "-y"]).run().expect(0);
    assert!(home.path("secret/key").exists() && home.snapshot().is_none());
}

#[test]
fn whoever_removes_a_profile_may_keep_what_is_known() {
    let two = Two::new().fetched();
    two.home.vastenv(&["remember", "env-var", "WORK", "--profile", "work"]).stdin("kept").run().expect(0);
    let mut terminal = Terminal::open(&two.home, 300, "vastenv profile remove work");
    terminal.wait_for("[y/N] ");
    terminal.type_in("n\r");
    let (seen, code) = terminal.end();
    assert!(code == 0 && seen.contains("1 value remembered here alone"), "{seen}");
    let known: Vec<_> = fs::read_dir(two.home.path(".cache/vastenv")).expect("a cache").collect();
    assert_eq!(known.len(), 2);
}

#[test]
fn the_key_is_asked_for_without_echo() {
    let account = TestAccount::with(&json!({}));
    let home = Home::new();
    let key = account.sandbox.key.expose();
    let mut terminal =
        Terminal::open(&home, 300, &format!("vastenv profile add work --url {}", account.sandbox.url));
    terminal.wait_for("API key (not shown): ");
    terminal.type_in(&format!("{key}\r"));
    let (seen, code) = terminal.end();
    assert!(code == 0 && !seen.contains(key), "{seen}");
}
