//! `vastenv config`: what it shows, changes and leaves as it is.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use super::account::TestAccount;
use super::bad_files::unprivileged;
use crate::home::{Home, chmod, mode, said};
use crate::raw_server::{RawServer, Reply};

const CONFIG: &str = ".config/vastenv/config.toml";

/// The settings that `before` becomes by a command.
#[track_caller]
fn changed(before: &str, arguments: &[&str]) -> String {
    let home = Home::new();
    home.write(CONFIG, before);
    home.ok(&[&["config"], arguments].concat());
    fs::read_to_string(home.path(CONFIG)).expect("settings")
}

fn rows(home: &Home, arguments: &[&str]) -> Vec<Value> {
    let list: Value =
        serde_json::from_str(&home.ok(&[&["--raw", "config", "list"], arguments].concat())).expect("JSON");
    list.as_array().expect("rows").clone()
}

fn row<'r>(rows: &'r [Value], key: &str) -> &'r Value {
    rows.iter().find(|row| row["key"] == key).unwrap_or_else(|| panic!("{key} is missing in {rows:?}"))
}

#[test]
fn every_setting_is_listed_with_its_default_and_where_it_comes_from() {
    let home = Home::new();
    assert!(rows(&home, &[]).iter().all(|row| row["source"] == "default" && row["line"].is_null()));
    home.write(
        CONFIG,
        "# mine\nmax_age = \"1h\"\nallow = [\"A\", \"B\"]\n\n[profiles.work]\napi_key_file = \"~/key\"\nmax_age = \"1m\"\n",
    );
    let listed = rows(&home, &[]);
    assert_eq!(
        *row(&listed, "max_age"),
        json!({"key": "max_age", "value": "1h", "default": "5m", "source": "config", "profile": null, "line": 2})
    );
    assert_eq!(row(&listed, "override")["value"], true);
    assert_eq!(row(&listed, "profiles.work.api_key_file")["line"], 6);
    let text = home.ok(&["config", "list"]);
    for parts in [
        ["max_age", "\"1h\"", "\"5m\"", "config.toml:2"],
        ["allow", "[\"A\", \"B\"]", "[]", "config.toml:3"],
        ["keep", "[]", "[]", "default"],
    ] {
        let line = text.lines().find(|line| line.starts_with(parts[0])).expect("a line");
        assert!(parts.iter().all(|part| line.contains(part)), "{line}");
    }
    // What a profile says comes first while it is in use.
    let in_profile = rows(&home, &["--profile", "work"]);
    let max_age = row(&in_profile, "max_age");
    assert_eq!(
        (&max_age["value"], &max_age["source"], &max_age["line"]),
        (&json!("1m"), &json!("profile"), &json!(7))
    );
    assert_eq!(home.ok(&["config", "get", "max_age", "--profile", "work"]), "1m\n");
    home.vastenv(&["--profile", "work", "config", "set", "max_age", "2h"])
        .run()
        .expect(0)
        .mentions(&["profiles.work.max_age is set too"]);
    assert_eq!(home.ok(&["config", "get", "max_age"]), "2h\n");
}

#[test]
fn a_value_is_printed_alone() {
    let home = Home::new();
    home.write(CONFIG, "allow = [\"A\", \"B\"]\noverride = false\n[profiles.\"a.b\"]\nurl = \"https://a\"\n");
    for (key, value) in [
        ("max_age", "5m\n"),
        ("allow", "A\nB\n"),
        ("keep", ""),
        ("override", "false\n"),
        ("retry", "3\n"),
        ("profiles.\"a.b\".url", "https://a\n"),
    ] {
        assert_eq!(home.ok(&["config", "get", key]), value, "{key}");
    }
    assert_eq!(home.ok(&["--raw", "config", "get", "max_age"]), "\"5m\"\n");
    assert_eq!(home.ok(&["config", "path"]), format!("{}\n", home.path(CONFIG).display()));
    for (key, parts) in [
        ("max_ages", ["unknown key max_ages", "did you mean max_age?"]),
        ("profiles.x.urll", ["unknown key profiles.x.urll", "did you mean profiles.x.url?"]),
        ("url", ["unknown key url", "profiles.NAME.url"]),
        ("a.b.c.d", ["unknown key a.b.c.d", "vastenv config list"]),
        ("default_profile", ["default_profile is not set", "vastenv config set"]),
        ("profiles.x.url", ["profiles.x.url is not set", "vastenv config set"]),
    ] {
        home.vastenv(&["config", "get", key]).run().refuses(1, &parts);
    }
    home.vastenv(&["config", "get"]).run().refuses(2, &["KEY"]);
}

#[test]
fn only_what_is_set_changes_in_the_file() {
    let commented = "# top\n\nmax_age  =  \"5m\" # why\n\n# lists\nallow = [\n  \"A\", # first\n]\n\n# a profile\n[profiles.a]\nurl = \"https://a\" # there\n# the end\n";
    for (arguments, from, to) in [
        (&["set", "max_age", "1h"][..], "\"5m\" # why", "\"1h\" # why"),
        (&["set", "profiles.a.url", "https://b"], "https://a\" # there", "https://b\" # there"),
        (&["unset", "max_age"], "max_age  =  \"5m\" # why\n", ""),
        (&["unset", "allow"], "allow = [\n  \"A\", # first\n]\n", ""),
        (&["unset", "profiles.a.url"], "url = \"https://a\" # there\n", ""),
        (&["set", "retry", "5"], "]\n\n# a", "]\nretry = 5\n\n# a"),
        (&["set", "allow", "A", "--remove"], "  \"A\", # first\n", ""),
        (&["set", "allow", "B", "--add"], "# first\n", "# first\n  \"B\",\n"),
        (&["unset", "retry"], "", ""),
    ] {
        assert_eq!(changed(commented, arguments), commented.replacen(from, to, 1), "{arguments:?}");
        let windows = commented.replace('\n', "\r\n");
        let expected = commented.replacen(from, to, 1).replace('\n', "\r\n");
        assert_eq!(changed(&windows, arguments), expected, "{arguments:?}");
    }
    for (before, arguments, after) in [
        ("# only", &["set", "max_age", "1h"][..], "# only\nmax_age = \"1h\"\n"),
        ("# only\n", &["set", "profiles.a.max_age", "1h"], "# only\n[profiles.a]\nmax_age = \"1h\"\n"),
        (
            "",
            &["set", "profiles.\"a.b\".api_key_keyring", "true"],
            "[profiles.\"a.b\"]\napi_key_keyring = true\n",
        ),
        ("allow = [\"A\"]\n", &["set", "allow", "B,C", "D"], "allow = [\"B\", \"C\", \"D\"]\n"),
        ("allow = [\"A\"]\n", &["set", "--add", "allow", "B", "A"], "allow = [\"A\", \"B\"]\n"),
        ("", &["set", "--add", "keep", "AWS_*"], "keep = [\"AWS_*\"]\n"),
        ("", &["set", "--remove", "keep", "AWS_*"], ""),
        ("allow = [\"A\"]\n", &["set", "allow", ""], "allow = []\n"),
        (
            "",
            &["set", "profiles.a.api_key_command", "--", "op", "-n", "a,b"],
            "[profiles.a]\napi_key_command = [\"op\", \"-n\", \"a,b\"]\n",
        ),
        ("profiles.a.url = \"https://a\" # x\n", &["unset", "profiles.a.url"], ""),
        (
            "profiles = { a = { url = \"https://a\", max_age = \"1h\" } } # x\n",
            &["unset", "profiles.a.max_age"],
            "profiles = { a = { url = \"https://a\"} } # x\n",
        ),
        ("storage = \"file\"\nmax_age = \"1h\"\n", &["unset", "storage"], "max_age = \"1h\"\n"),
        // A value of the wrong kind, and a key that nobody knows, are mended so too.
        ("max_age = 5\n", &["set", "max_age", "5s"], "max_age = \"5s\"\n"),
        ("max_ages = 5\n", &["unset", "max_ages"], ""),
        ("[extra]\na = 1\n", &["unset", "extra"], ""),
        ("[profiles.a]\n[profiles.a.b]\n", &["unset", "profiles.a.b"], "[profiles.a]\n"),
    ] {
        assert_eq!(changed(before, arguments), after, "{before:?} {arguments:?}");
    }
}

#[test]
fn what_is_not_valid_is_refused_and_nothing_written() {
    let home = Home::new();
    let text = "# mine\n[profiles.work]\napi_key_file = \"~/key\"\n";
    home.write(CONFIG, text);
    for (arguments, code, parts) in [
        (&["max_age", "soon"][..], 2, ["invalid value \"soon\" for max_age", "\"90s\""]),
        (&["override", "maybe"], 2, ["override", "expected true or false"]),
        (&["retry", "0"], 2, ["retry", "from 1 to 100"]),
        (&["scope", "here"], 2, ["scope", "\"everywhere\" or \"projects\""]),
        (&["container", "yes"], 2, ["container", "\"auto\", \"on\" or \"off\""]),
        // What would do nothing, where it should have protected or loaded something.
        (&["allow", "--add", "AWS_*"], 2, ["allow: \"AWS_*\" is not a valid variable name", "invalid value"]),
        (&["run_only", "AWS_[AB]"], 2, ["run_only: \"AWS_[AB]\" is not a name or a glob", "*"]),
        (&["keep", "A B"], 2, ["keep: \"A B\" is not a name or a glob", "*"]),
        (&["storage", "keyring"], 2, ["storage is not changed here", "vastenv storage keyring"]),
        (&["profiles.work.url", "ftp://x"], 2, ["url", "https://"]),
        (&["profiles.work.api_key_command", ""], 2, ["api_key_command", "a program"]),
        (&["max_age", "1h", "2h"], 2, ["max_age takes one value", "duration"]),
        (&["max_age", "1h", "--add"], 2, ["max_age is not a list", "--add"]),
        (&["max_ages", "1h"], 1, ["unknown key max_ages", "did you mean max_age?"]),
        (&["profiles", "1h"], 1, ["profiles is a table", "profiles.NAME.url"]),
        (&["profiles.work", "1h"], 1, ["profiles.work is a table", "profiles.work.url"]),
        (&["profile.a.url", "1h"], 1, ["unknown key profile.a.url", "did you mean profiles.a.url?"]),
        (&["work.url", "1h"], 1, ["unknown key work.url", "did you mean profiles.work.url?"]),
        (
            &["profiles.work.api_key_keyring", "true"],
            1,
            ["profiles.work has two keys", "keep one of api_key_file and api_key_keyring"],
        ),
        (&["default_profile", "wrok"], 1, ["there is no profile wrok", "did you mean work?"]),
        (&["default_profile", ""], 1, ["there is no profile \"\"", "the profiles are work"]),
    ] {
        home.vastenv(&[&["config", "set"], arguments].concat()).run().refuses(code, &parts);
        assert_eq!(fs::read_to_string(home.path(CONFIG)).expect("settings"), text);
    }
    home.vastenv(&["config", "set", "max_age"]).run().refuses(2, &["VALUE"]);
    home.vastenv(&["config", "unset", "max_ages"]).run().refuses(1, &["did you mean max_age?"]);
    for table in ["profiles", "profiles.work"] {
        home.vastenv(&["config", "unset", table]).run().refuses(2, &["is a table", "profile remove"]);
    }
    assert_eq!(fs::read_to_string(home.path(CONFIG)).expect("settings"), text);
    assert_eq!(home.generation(), None);
}

#[test]
fn a_link_is_followed_and_permissions_stay() {
    let home = Home::new();
    let real = home.write("dotfiles/vastenv.toml", "max_age = \"1h\"\n");
    chmod(&real, 0o640);
    fs::create_dir_all(home.path(".config/vastenv")).expect("made");
    symlink("../../dotfiles/vastenv.toml", home.path(CONFIG)).expect("linked");
    home.ok(&["config", "set", "max_age", "2h"]);
    home.vastenv(&["config", "edit"]).env("EDITOR", "echo 'retry = 4' >>").run().expect(0);
    assert!(home.path(CONFIG).is_symlink());
    assert_eq!(fs::read_to_string(&real).expect("settings"), "max_age = \"2h\"\nretry = 4\n");
    assert_eq!((mode(&real), fs::read_dir(home.path("dotfiles")).expect("a folder").count()), (0o640, 1));
    assert_eq!(fs::read_dir(home.path(".config/vastenv")).expect("a folder").count(), 1);
    fs::remove_file(&real).expect("removed");
    home.vastenv(&["config", "set", "max_age", "2h"])
        .run()
        .refuses(1, &["dotfiles/vastenv.toml", "does not exist"]);
}

#[test]
fn what_cannot_be_written_is_named() {
    let home = Home::new();
    let set = ["config", "set", "max_age", "2h"];
    let config = home.write(CONFIG, "max_age = \"1h\"\n");
    let shown = home.shown(&config);
    chmod(&config, 0o400);
    home.vastenv(&set).run().refuses(1, &[&format!("{shown} is read-only"), "chmod u+w"]);
    chmod(&config, 0o622);
    home.vastenv(&set).run().refuses(1, &[&shown, "is writable by others", "chmod go-w"]);
    chmod(&config, 0o600);
    let Some(user) = unprivileged(&home) else { return };
    chmod(&home.path(".config/vastenv"), 0o500);
    home.vastenv_as(user, &set).run().refuses(1, &["cannot write", &shown, "permission denied"]);
    chmod(&home.path(".config/vastenv"), 0o700);
    assert_eq!(fs::read_to_string(&config).expect("settings"), "max_age = \"1h\"\n");
}

#[test]
fn writers_at_once_lose_nothing() {
    let home = Home::new();
    let calls: Vec<_> = (0..8)
        .map(|number| home.vastenv(&["config", "set", "allow", "--add", &format!("NAME_{number}")]).spawn())
        .collect();
    for call in calls {
        said(call.wait_with_output().expect("ended")).expect(0);
    }
    assert_eq!(home.ok(&["config", "get", "allow"]).lines().count(), 8);
}

#[test]
fn every_change_publishes_a_generation_and_retry_is_obeyed() {
    let account = TestAccount::with(&json!({"A": "1"}));
    let home = account.known_home();
    let mut last = home.generation();
    for arguments in [&["set", "retry", "1"][..], &["unset", "retry"]] {
        home.ok(&[&["config"], arguments].concat());
        let next = home.generation();
        assert_ne!(next, last, "{arguments:?}");
        last = next;
    }
    // What cannot be published is saved all the same.
    let no_state = Home::new();
    no_state.write(".local/state/vastenv", "");
    no_state.ok(&["config", "set", "max_age", "1h"]);
    assert_eq!(no_state.ok(&["config", "get", "max_age"]), "1h\n");
    let server = RawServer::always(Reply::json(503, "{}"));
    let alone = Home::at(&server.url(), "a-key-of-this-server-0001");
    let attempts = |more: &[&str]| {
        let before = server.received().len();
        alone.vastenv(&[&["refresh"], more].concat()).run().expect(1);
        server.received().len() - before
    };
    alone.ok(&["config", "set", "retry", "1"]);
    assert_eq!((attempts(&[]), attempts(&["--retry", "2"])), (1, 2));
}
