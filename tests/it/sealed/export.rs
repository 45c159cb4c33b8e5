//! What is sealed, and where it is written.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use super::{ED25519, PEM, RSA, age, age_key, carry, has_tools, hiding, knowing, ssh_key, values};
use crate::cli::account::TestAccount;
use crate::cli::masks::exports;
use crate::home::{chmod, mode};

#[test]
fn age_and_vastenv_open_what_is_sealed_for_several_keys_with_each_of_them() {
    if !has_tools() {
        return;
    }
    let account = hiding();
    let home = knowing(&account);
    let line = ssh_key(&home, ".ssh/id_ed25519", "", ED25519);
    ssh_key(&home, ".ssh/id_rsa", "", RSA);
    let old = ssh_key(&home, ".ssh/id_old", "", PEM);
    let public = age_key(&home, "key.txt");
    let said = home
        .vastenv(&["export", "age", "--to", &line, ".ssh/id_rsa.pub", &public, "--to", &old])
        .run()
        .expect(0)
        .hides("hf_hidden")
        .mentions(&["sealed 2 variables for 4 keys"]);
    assert!(said.out.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"), "{said:?}");
    home.write("vars.age", &said.out);
    for key in [".ssh/id_ed25519", ".ssh/id_rsa", ".ssh/id_old", "key.txt"] {
        let opened = age(&home, &["-d", "-i", key, "vars.age"]).run().expect(0).out;
        let opened: Value = serde_json::from_str(&opened).expect("JSON");
        assert_eq!((&opened["vastenv"], &opened["variables"]), (&json!(1), &values()), "{key}");
        assert_eq!(opened["account"]["server"], json!(account.sandbox.url));
        assert_eq!(opened["date"].as_str().map(str::len), Some("2026-11-28".len()));

        let other = account.known_home();
        carry(&home, &other, "vars.age");
        carry(&home, &other, key);
        // A key in ~/.ssh needs no word.
        let option = if key.starts_with(".ssh") { vec![] } else { vec!["--identity", key] };
        let arguments = [&["remember", "env-var", "--from", "vars.age"], option.as_slice()].concat();
        other
            .vastenv(&arguments)
            .run()
            .expect(0)
            .hides("hf_hidden")
            .mentions(&["sealed on ", "remembered HF_TOKEN, MULTI"]);
        exports(&other, &values());
    }
    let other = account.known_home();
    carry(&home, &other, "key.txt");
    let from_stdin = ["remember", "--from", "-", "--identity", "key.txt"];
    other.vastenv(&from_stdin).stdin(&said.out).run().expect(0);
    exports(&other, &values());
    other.ok(&["forget", "env-var", "--all", "-y"]);
    // As a CI has its key: in a variable.
    carry(&home, &other, "vars.age");
    let key = fs::read_to_string(home.path("key.txt")).expect("read");
    let last = key.lines().last().expect("a key");
    other.vastenv(&["remember", "--from", "vars.age", "--identity", "-"]).stdin(last).run().expect(0);
    exports(&other, &values());
    let opened = age(&other, &["-d", "-i", "-", "vars.age"]).stdin(last).run().expect(0).out;
    assert_eq!(serde_json::from_str::<Value>(&opened).expect("JSON")["variables"], values());
}

#[test]
fn a_file_is_its_users_alone_and_written_where_a_link_leads() {
    let account = TestAccount::with(&json!({"A": "hidden-a"}));
    let home = account.known_home();
    home.write("repository/vars.json", "old");
    chmod(&home.path("repository/vars.json"), 0o644);
    chmod(&home.path("repository"), 0o755);
    symlink(home.path("repository/vars.json"), home.path("link")).expect("linked");
    for (name, format) in [("link", "json"), ("new.env", "dotenv"), ("~/other.env", "sh")] {
        let said = home.vastenv(&["export", format, "--output", name]).run().expect(0);
        assert_eq!(said.out, "");
        let path = home.path(name.trim_start_matches("~/"));
        said.hides("hidden-a").mentions(&["wrote 1 variable"]);
        assert!(fs::read_to_string(&path).expect("read").contains("hidden-a"));
        assert_eq!(mode(&path), 0o600, "{name}");
    }
    assert!(home.path("link").is_symlink());
    assert_eq!(mode(&home.path("repository")), 0o755);
    assert_eq!(fs::read_dir(home.path("repository")).expect("listed").count(), 1);
    let raw: Value =
        serde_json::from_str(&home.ok(&["export", "json", "--raw", "--output", "link"])).expect("JSON");
    assert_eq!(raw, json!({"success": true, "output": "link", "variables": ["A"]}));
    assert!(home.ok(&["export", "json", "--output", "-"]).contains("hidden-a"));
    assert!(!home.path("-").exists());
}

#[test]
fn what_cannot_be_written_is_one_clear_line() {
    let account = TestAccount::with(&json!({"A": "hidden-a"}));
    let home = account.known_home();
    home.command("mkfifo", &["pipe"]).run().expect(0);
    home.write("folder/file", "");
    symlink("/proc/self/fd/1", home.path("stdout")).expect("linked");
    symlink("gone", home.path("lost")).expect("linked");
    for (path, why) in [
        ("pipe", "pipe is not a plain file"),
        ("folder", "folder is not a plain file"),
        ("/dev/null", "/dev/null is not a plain file"),
        ("stdout", "stdout is not a plain file"),
        ("lost", "lost is a link that leads nowhere"),
        ("nowhere/vars", "there is no folder nowhere"),
        ("folder/file/vars", "cannot write folder/file/vars: not a directory"),
    ] {
        let said = home.vastenv(&["export", "json", "--output", path]).run();
        said.hides("hidden-a").refuses(1, &[why]);
    }
    assert!(home.path("stdout").is_symlink() && home.path("lost").is_symlink());
}

#[test]
fn an_agent_may_write_values_to_a_file_and_seal_them_but_not_read_them() {
    if !has_tools() {
        return;
    }
    let account = TestAccount::with(&json!({"A": "hidden-a"}));
    let home = account.known_home();
    let public = age_key(&home, "key.txt");
    let call = |arguments: &[&str]| home.vastenv(arguments).env("CLAUDECODE", "1").run();
    call(&["export", "json"]).refuses(1, &["values not printed: CLAUDECODE"]);
    call(&["export", "json", "--output", "-"]).refuses(1, &["values not printed: CLAUDECODE"]);
    call(&["export", "json", "--output", "a.json"]).expect(0).hides("hidden-a");
    let sealed = call(&["export", "age", "--to", &public]).expect(0).hides("hidden-a");
    home.write("vars.age", sealed.out);
    assert!(age(&home, &["-d", "-i", "key.txt", "vars.age"]).run().expect(0).out.contains("hidden-a"));
}

#[test]
fn what_is_not_in_the_file_is_named_and_an_empty_one_is_not_written() {
    if !has_tools() {
        return;
    }
    let account = hiding();
    let home = account.known_home();
    let public = age_key(&home, "key.txt");
    let seal = ["export", "age", "--to", &public, "--output", "vars.age"];
    home.vastenv(&seal).run().refuses(1, &["values unknown here: HF_TOKEN, MULTI", "--allow-missing"]);
    let seal = [&seal[..], &["--allow-missing"]].concat();
    home.vastenv(&seal).run().refuses(1, &["no value is known here", "remember env-var --all"]);
    assert!(!home.path("vars.age").exists());
    home.ok(&["remember", "env-var", "HF_TOKEN", "hf_hidden"]);
    home.vastenv(&seal).run().expect(0).mentions(&["vars.age: sealed 1 variable for 1 key", "MULTI"]);
}

#[test]
fn a_format_that_is_not_sealed_has_nobody_to_be_sealed_for() {
    let account = TestAccount::with(&json!({"A": "hidden-a"}));
    let home = account.known_home();
    home.vastenv(&["export", "age"]).run().refuses(2, &["needs a recipient", "--to", "--passphrase"]);
    home.vastenv(&["export", "json", "--to", "account"]).run().refuses(2, &["not json"]);
    home.vastenv(&["export", "sh", "--passphrase"]).run().refuses(2, &["not sh"]);
    home.vastenv(&["export", "age", "--passphrase", "--to", "x"]).run().refuses(2, &["together"]);
}
