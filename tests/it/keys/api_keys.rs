//! `show`, `create` and `delete api-key`.

use std::fs;
use std::fs::File;

use serde_json::{Value, json};
use vastenv::sandbox::{Options, RateLimits};

use crate::cli::account::{OTHER_KEY, TestAccount};
use crate::common::process::program;
use crate::home::{Home, VASTENV};
use crate::raw_server::{RawServer, Reply};
use crate::terminal::Terminal;

pub fn account() -> TestAccount {
    TestAccount::with(&json!({}))
}

/// The API keys that the account has.
pub fn keys(account: &TestAccount) -> Vec<Value> {
    account.state()["api_keys"].as_array().expect("keys").clone()
}

/// The body of the last request for a new key.
pub fn ids(account: &TestAccount) -> Vec<u64> {
    keys(account).iter().map(|key| key["id"].as_u64().expect("an id")).collect()
}

#[test]
fn the_new_key_is_alone_on_stdout_and_works() {
    let account = account();
    let home = account.home();
    let said =
        home.vastenv(&["create", "api-key", "--name", "ci é", "--permission", "user_read"]).run().expect(0);
    let key = said.out.trim_end().to_owned();
    assert_eq!(said.out, format!("{key}\n"));
    assert_eq!(keys(&account)[1]["key"], json!(key));
    assert!(said.err.contains("created the API key 2 (ci é)") && !said.err.contains(&key), "{said:?}");
    assert_eq!(said.err.lines().count(), 1);
    let home = Home::at(&account.sandbox.url, &key);
    assert_eq!(home.ok(&["show", "env-vars", "--raw"]), "{}\n");
    home.vastenv(&["create", "env-var", "A", "b"])
        .run()
        .refuses(4, &["the key lacks the permission user_write"]);
}

#[test]
fn a_key_can_be_piped_into_another_command() {
    let account = account();
    let home = account.home();
    let script = format!(
        "'{VASTENV}' create api-key --name ci --permission user_read --quiet | '{VASTENV}' set env-var CI_KEY"
    );
    home.command("sh", &["-c", &script]).run().expect(0);
    assert_eq!(account.secrets()["CI_KEY"], keys(&account)[1]["key"]);
}

#[test]
fn a_name_must_be_one_that_a_list_can_show() {
    let account = account();
    let home = account.home();
    for name in ["", "  ", "two\nlines", "bell\u{7}"] {
        let said = home.vastenv(&["create", "api-key", "--name", name, "--permission", "misc"]).run();
        said.refuses(2, &["the name for the key", "hint: "]);
    }
    assert_eq!(account.requests(), [""; 0]);
    home.ok(&["create", "api-key", "--permission", "misc"]);
    assert_eq!(keys(&account)[1]["name"], Value::Null);
}

#[test]
fn a_key_that_nobody_could_read_is_a_failure_with_a_way_out() {
    let account = account();
    let home = account.home();
    let arguments = ["create", "api-key", "--name", "x", "--permission", "misc"];
    let script = format!("'{VASTENV}' {} >/dev/full", arguments.join(" "));
    let said = home.command("sh", &["-c", &script]).run().expect(1);
    said.mentions(&["cannot write to stdout", "hint: the key is lost", "vastenv delete api-key 2"]);
    let full = File::options().write(true).open("/dev/full");
    assert!(full.is_ok(), "there is no /dev/full here");
}

#[test]
fn lists_are_sorted_marked_and_complete_in_raw() {
    let permissions = json!({"api": {"user_read": {}, "misc": {}}});
    let account = TestAccount::of(
        &json!({"api_keys": [
            {"id": 30, "key": OTHER_KEY, "name": "third", "created_at": 1_700_000_000},
            {"id": 4, "key": "b".repeat(64), "name": "fourth\u{1b}[2J", "permissions": permissions},
        ]}),
        Options::default(),
    );
    let home = account.home();
    let table = home.ok(&["show", "api-keys"]);
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("ID  NAME"), "{table}");
    assert!(lines[1].starts_with(r"4   fourth\u{1b}[2J  misc, user_read  -     -"), "{table}");
    assert!(
        lines[2].starts_with("30  third") && lines[2].contains("all") && lines[2].contains("2023-11-14"),
        "{table}"
    );
    assert!(!table.contains("in use"), "nobody can tell: {table}");
    let raw: Value = serde_json::from_str(&home.ok(&["show", "api-keys", "--raw"])).expect("JSON");
    assert_eq!(raw["apikeys"][1]["permissions"], permissions);
    let one = home.ok(&["show", "api-key", "4"]);
    assert!(one.contains("id       4\n") && one.contains("rights   misc, user_read\n"), "{one}");
    let raw: Value = serde_json::from_str(&home.ok(&["show", "api-key", "4", "--raw"])).expect("JSON");
    assert_eq!(raw["permissions"], permissions);
    home.vastenv(&["show", "api-key", "5"])
        .run()
        .refuses(1, &["cannot show the API key 5: API Key not found"]);
}

#[test]
fn the_key_in_use_is_told_where_it_was_made_here() {
    let account = account();
    let home = account.home();
    let in_use = |home: &Home| {
        let table = home.ok(&["show", "api-keys"]);
        let rows: Vec<String> =
            table.lines().filter(|line| line.ends_with("in use")).map(|line| line[..1].to_owned()).collect();
        rows
    };
    let rights = ["--permission", "user_read", "--permission", "user_write"];
    let new = home.ok(&[&["create", "api-key", "--name", "x"][..], &rights].concat());
    assert_eq!(in_use(&home), [""; 0], "nobody saw it made");
    let mut other = Home::at(&account.sandbox.url, new.trim_end());
    assert_eq!(in_use(&other), [""; 0], "another machine saw nothing made");
    other.set("HOME", home.path(""));
    assert_eq!(in_use(&other), ["2"], "this one saw it made");
}

#[test]
fn deleting_the_key_in_use_needs_a_yes() {
    let account = account();
    let home = account.home();
    home.ok(&["create", "api-key", "--name", "x", "--permission", "misc"]);
    account.forget();
    home.vastenv(&["delete", "api-key", "2", "1"])
        .run()
        .refuses(2, &["API key 1 may be the one in use", "hint: add --yes"]);
    assert_eq!(ids(&account), [1, 2], "not even the other one");
    let mut terminal = Terminal::open(&home, 200, "vastenv delete api-key 1");
    terminal.wait_for("Delete it? [y/N] ");
    terminal.type_in("\r");
    let (seen, code) = terminal.end();
    assert!(code == 1 && seen.contains("cancelled"), "{seen}");
    let said = home.vastenv(&["delete", "api-key", "2"]).run().expect(0);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("", "deleted the API key 2\n"));
    home.vastenv(&["delete", "api-key", "1", "-y"]).run().expect(0);
    assert_eq!(ids(&account), [0_u64; 0]);
    assert!(
        !account.requests().iter().any(|request| request.starts_with("DELETE") && !request.ends_with("200"))
    );
}

#[test]
fn deleting_a_key_that_may_be_in_use_needs_a_yes() {
    let both = json!({"api_keys": [{"id": 1, "key": OTHER_KEY}, {"id": 2, "key": "b".repeat(64)}]});
    let account = TestAccount::of(&both, Options::default());
    let home = account.home();
    let mut terminal = Terminal::open(&home, 200, "vastenv delete api-key 2");
    terminal.wait_for("may be the one in use. Delete it? [y/N] ");
    terminal.type_in("n\r");
    assert_eq!(terminal.end().1, 1);
    assert_eq!(ids(&account), [1, 2]);
    home.vastenv(&["delete", "api-key", "2"]).run().refuses(2, &["may be the one in use", "hint: add --yes"]);
    assert_eq!(ids(&account), [1, 2]);
    // Made here, under its own number: no doubt about that one.
    home.ok(&["create", "api-key", "--name", "x", "--permission", "misc"]);
    home.ok(&["delete", "api-key", "3"]);
    home.ok(&["delete", "api-key", "2", "-y"]);
    assert_eq!(ids(&account), [1]);
}

#[test]
fn a_key_that_was_made_set_and_reset_here_is_known_by_its_id() {
    let both = json!({"api_keys": [{"id": 1, "key": OTHER_KEY}, {"id": 2, "key": "b".repeat(64)}]});
    let account = TestAccount::of(&both, Options::default());
    let mut home = account.home();
    let made = home.ok(&[
        "create",
        "api-key",
        "--name",
        "x",
        "--permission",
        "user_read",
        "--permission",
        "user_write",
    ]);
    home.unset("VAST_API_KEY");
    home.vastenv(&["set", "api-key"]).stdin(made).run().expect(0);
    home.ok(&["reset", "api-key", "-y"]);
    home.ok(&["delete", "api-key", "2"]);
    home.vastenv(&["delete", "api-key", "3"]).run().refuses(2, &["The API key 3 is the one in use"]);
    assert_eq!(ids(&account), [1, 3]);
}

#[test]
fn each_of_several_ids_is_reported() {
    let key = |id: u64| json!({"id": id, "key": format!("{id}").repeat(40)});
    let mut keys = vec![json!({"id": 1, "key": OTHER_KEY}), key(2), key(3)];
    keys.push(json!({"id": 4, "key": "4".repeat(40), "user_id": 5}));
    let account = TestAccount::of(&json!({"api_keys": keys, "user": {"id": 9}}), Options::default());
    let home = account.home();
    let said = home.vastenv(&["delete", "api-key", "2", "99", "4", "3", "-y"]).run().expect(1);
    assert!(
        said.err.starts_with("deleted the API key 2\n") && said.err.ends_with("deleted the API key 3\n"),
        "{said:?}"
    );
    said.mentions(&[
        "cannot delete the API key 99: API Key not found",
        "cannot delete the API key 4: You do not have permission to delete this API Key",
        "the API key to delete is another user's or team's",
    ]);
    assert_eq!(ids(&account), [1, 4]);
    let one = home.vastenv(&["delete", "api-key", "99", "-y"]).run();
    one.refuses(1, &["API Key not found"]);
}

#[test]
fn limits_are_waited_out() {
    let options = Options { rate_limits: Some(RateLimits::Strict), ..Options::default() };
    let key = |id: u64| json!({"id": id, "key": format!("{id}").repeat(40)});
    let account = TestAccount::of(&json!({"api_keys": [key(1), key(2), key(3)]}), options);
    account.home().vastenv(&["delete", "api-key", "2", "3", "-y"]).run().expect(0);
    assert_eq!(ids(&account), [1]);
}

#[test]
fn curl_and_explain_show_permissions_and_no_key() {
    if program("curl").is_none() {
        return;
    }
    let account = account();
    let home = account.home();
    let key = account.sandbox.key.expose();
    let calls: [(&[&str], &str); 5] = [
        (&["show", "api-keys"], "GET"),
        (&["show", "api-key", "1"], "GET"),
        (&["create", "api-key", "--name", "x", "--permission", "misc"], "POST"),
        (&["delete", "api-key", "1", "1"], "DELETE"),
        (&["reset", "api-key"], "PUT"),
    ];
    for (arguments, method) in calls {
        let said = home.vastenv(&[&["--curl"], arguments].concat()).run().expect(0).hides(key);
        assert!(said.out.starts_with(&format!("curl -X {method} ")) && said.err.is_empty(), "{said:?}");
        assert_eq!(said.out.matches("curl").count(), 1, "{said:?}");
    }
    assert_eq!(account.requests(), [""; 0]);
    assert!(!home.path(".local/state/vastenv/reset-api-key.json").exists());
    let command = home.ok(&[&["--curl"], calls[2].0].concat());
    let answer = home.command("sh", &["-c", &command]).run().expect(0).out;
    assert_eq!(
        serde_json::from_str::<Value>(&answer).expect("JSON")["permissions"],
        json!({"api": {"misc": {}}})
    );
    for (arguments, method) in calls {
        let said = home.vastenv(&[&["--explain"], arguments, &["-y"]].concat()).run();
        let said = said.mentions(&[&format!("{method} http://127.0.0.1"), "Authorization: Bearer *****"]);
        assert!(!said.err.contains(key), "{said:?}");
        match method {
            "POST" => {
                let made = said.out.trim_end().to_owned();
                assert!(!said.err.contains(&made) && said.err.contains("\"misc\": {}"), "{said:?}");
            }
            "DELETE" => break,
            _ => {}
        }
    }
}

#[test]
fn a_key_on_a_wrong_command_line_is_not_repeated() {
    let home = Home::new();
    for arguments in [
        &["delete", "api-key", OTHER_KEY][..],
        &["show", "api-key", OTHER_KEY],
        &["show", "api-keys", OTHER_KEY],
        &["reset", "api-key", OTHER_KEY],
        &["create", "api-key", OTHER_KEY],
        &["create", "api-key", "--name", "x", "--permission", "misc", OTHER_KEY],
        &["create", "api-key", "--key", OTHER_KEY],
    ] {
        home.vastenv(arguments).run().refuses(2, &["hint: "]).hides(OTHER_KEY);
    }
    assert!(fs::read_dir(home.path("")).expect("a folder").next().is_none());
}

#[test]
fn nothing_that_the_server_says_of_a_key_moves_a_cursor_or_forges_a_line() {
    let odd = "\u{1b}[2J\u{202e}\nx\u{2800}";
    let answer = json!({
        "id": 7, "name": odd, "rights": odd, "team_name": odd, "created_at": odd,
        "permissions": {"api": {odd: {}}}, "key": odd, "user_id": 1,
    });
    let list = json!({"apikeys": [answer.clone()]}).to_string();
    let server = RawServer::start(move |target| {
        let one = answer.to_string();
        let body = if target.ends_with("/apikeys/") && target.starts_with("GET") { &list } else { &one };
        Reply::json(200, body)
    });
    let home = Home::at(&server.url(), "a-key-of-this-server-0001");
    for arguments in [
        &["show", "api-keys"][..],
        &["show", "api-key", "7"],
        &["create", "api-key", "--name", "x", "--permission", "misc"],
        &["delete", "api-key", "7", "-y"],
        &["delete", "api-key", "7", "-y", "--raw"],
        &["show", "api-key", "7", "--raw"],
    ] {
        let said = home.vastenv(arguments).run();
        let shown = format!("{}{}", said.out, said.err);
        assert!(!shown.contains(['\u{1b}', '\u{202e}', '\u{2800}']), "{said:#?}");
        assert!(!shown.lines().any(|line| line.starts_with('x')), "{said:#?}");
    }
}

#[test]
fn a_new_key_that_is_none_is_kept_and_shown_escaped_with_its_place() {
    for (key, why) in [("ab\u{1b}[2Jcdefghijkl", "control character"), ("two\nlines-of-key", "white space")] {
        let answer = json!({"id": 7, "key": key, "permissions": {}}).to_string();
        let server = RawServer::start(move |_| Reply::json(200, &answer));
        let home = Home::at(&server.url(), "a-key-of-this-server-0001");
        let said =
            home.vastenv(&["create", "api-key", "--name", "x", "--permission", "misc"]).run().expect(1);
        let escaped = key.replace('\u{1b}', "\\u{1b}").replace('\n', "\\n");
        assert_eq!(said.out, format!("{escaped}\n"));
        let path = home.path(".local/state/vastenv/new-api-key-7");
        said.mentions(&[why, "hint: kept in ", &home.shown(&path)]);
        assert_eq!(fs::read_to_string(&path).expect("a key"), key);
        assert_eq!(crate::home::mode(&path), 0o600);
    }
}
