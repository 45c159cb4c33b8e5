//! What age sealed, opened with the keys of this machine.

use std::fs;

use serde_json::json;

use super::{
    ED25519, HARD, PEM, RSA, age, age_key, carry, has_tools, hiding, knowing, sealed, ssh_key, values,
};
use crate::cli::masks::{exports, masked};
use crate::terminal::Terminal;

const DOTENV: &str = "# sealed by hand\nexport HF_TOKEN='hf_hidden'\nUNKNOWN=1\n";

#[test]
fn what_age_sealed_for_a_key_is_opened_armored_and_binary() {
    if !has_tools() {
        return;
    }
    let account = hiding();
    for (name, options) in
        [(".ssh/id_ed25519", ED25519), (".ssh/id_rsa", RSA), (".ssh/id_old", PEM), ("key.txt", &[])]
    {
        let home = account.known_home();
        home.write(".env", DOTENV);
        let is_ssh = name.starts_with(".ssh");
        let public = if is_ssh { ssh_key(&home, name, "", options) } else { age_key(&home, name) };
        let stranger = age_key(&home, "another.txt");
        let identity = if is_ssh { vec![] } else { vec!["--identity", name] };
        for armor in [&["-a"][..], &[]] {
            let sealing = [armor, &["-r", &stranger, "-r", &public, "-o", "vars.age", ".env"]].concat();
            age(&home, &sealing).run().expect(0);
            let arguments = [&["remember", "env-var", "--from", "vars.age"], identity.as_slice()].concat();
            let said = home.vastenv(&arguments).run().expect(0).hides("hf_hidden");
            said.mentions(&["UNKNOWN is not in the account", "remembered HF_TOKEN"]);
            exports(&home, &json!({"HF_TOKEN": "hf_hidden"}));
            home.ok(&["forget", "env-var", "--all", "-y"]);
        }
    }
}

#[test]
fn an_encrypted_key_asks_whatever_its_cipher_and_only_if_the_file_is_for_it() {
    if !has_tools() {
        return;
    }
    let account = hiding();
    let home = account.known_home();
    home.write(".env", DOTENV);
    // Sealed for none of them: never asked for.
    ssh_key(&home, ".ssh/id_aaa", "another", ED25519);
    for (kind, cipher) in [
        (ED25519, "aes256-ctr"),
        (ED25519, "aes256-cbc"),
        (ED25519, "aes128-ctr"),
        (ED25519, "aes256-gcm@openssh.com"),
        (ED25519, "chacha20-poly1305@openssh.com"),
        (RSA, "aes256-ctr"),
        (RSA, "chacha20-poly1305@openssh.com"),
    ] {
        let public = ssh_key(&home, ".ssh/id_key", "pass word", &[kind, &["-Z", cipher]].concat());
        age(&home, &["-r", &public, "-o", "vars.age", ".env"]).run().expect(0);
        let from = ["remember", "env-var", "--from", "vars.age"];
        home.vastenv(&from).stdin("wrong\n").run().refuses(1, &["~/.ssh/id_key: wrong passphrase"]);
        home.vastenv(&from).stdin("pass word\n").run().expect(0).mentions(&["remembered HF_TOKEN"]);
        exports(&home, &json!({"HF_TOKEN": "hf_hidden"}));
        home.ok(&["forget", "env-var", "--all", "-y"]);
        fs::remove_file(home.path(".ssh/id_key")).expect("removed");
        fs::remove_file(home.path(".ssh/id_key.pub")).expect("removed");
    }
}

#[test]
fn a_passphrase_is_asked_for_on_the_terminal_also_where_stdin_is_the_file() {
    if !has_tools() {
        return;
    }
    let account = hiding();
    let home = account.known_home();
    home.write(".env", DOTENV);
    let public = ssh_key(&home, ".ssh/id_ed25519", "pass word", ED25519);
    age(&home, &["-r", &public, "-o", "vars.age", ".env"]).run().expect(0);
    for from in ["vars.age", "- < vars.age"] {
        let mut terminal = Terminal::open(&home, 80, &format!("vastenv remember env-var --from {from}"));
        terminal.wait_for("passphrase of ~/.ssh/id_ed25519 (not shown): ");
        terminal.type_in("pass word\r");
        let (seen, code) = terminal.end();
        assert_eq!(code, 0, "{seen}");
        assert!(!seen.contains("pass word"), "{seen}");
        exports(&home, &json!({"HF_TOKEN": "hf_hidden"}));
        home.ok(&["forget", "env-var", "--all", "-y"]);
    }
    let sealed = fs::read(home.path("vars.age")).expect("read");
    let said = home.vastenv(&["remember", "env-var", "--from", "-"]).stdin(sealed).run();
    said.refuses(1, &["cannot ask for the passphrase of ~/.ssh/id_ed25519"]);
}

#[test]
fn what_no_key_opens_says_which_were_tried_and_what_to_do() {
    if !has_tools() {
        return;
    }
    let account = hiding();
    let home = knowing(&account);
    let public = age_key(&home, "key.txt");
    let line = ssh_key(&home, "lost", "", ED25519);
    home.ok(&["export", "age", "--to", &public, &line, "--output", "vars.age"]);
    let from = ["remember", "env-var", "--from", "vars.age"];
    let sealed_for = "cannot open vars.age: sealed for 1 Ed25519 SSH key, 1 age key; ";
    home.vastenv(&from).run().refuses(1, &[sealed_for, "no key to try in ~/.ssh", "--identity FILE"]);
    ssh_key(&home, ".ssh/id_ed25519", "", ED25519);
    ssh_key(&home, ".ssh/id_rsa", "locked", RSA);
    ssh_key(&home, ".ssh/id_ecdsa", "", &["-t", "ecdsa"]);
    home.write(".ssh/id_notes", "not a key");
    let tried = "tried ~/.ssh/id_ed25519, ~/.ssh/id_rsa";
    home.vastenv(&from).run().refuses(1, &[sealed_for, tried]).mentions(&["not tried: ~/.ssh/id_ecdsa: age"]);
    let named = [&from[..], &["--identity", ".ssh/id_rsa", "--identity", ".ssh/id_ed25519"]].concat();
    home.vastenv(&named).run().refuses(1, &["tried .ssh/id_rsa, .ssh/id_ed25519"]);
    home.vastenv(&[&named[..], &["--identity", "key.txt"]].concat()).run().expect(0);
}

#[test]
fn another_accounts_file_is_refused_unless_told() {
    if !has_tools() {
        return;
    }
    let (mine, others) = (hiding(), masked(&json!({"HF_TOKEN": "3"})));
    let home = sealed(&mine);
    let other = others.home();
    carry(&home, &other, "vars.age");
    carry(&home, &other, "key.txt");
    let from = ["remember", "env-var", "--from", "vars.age", "--identity", "key.txt"];
    other.vastenv(&from).run().hides("hf_hidden").refuses(1, &["for another account", "--any-account"]);
    exports(&other, &json!({}));
    other.vastenv(&[&from[..], &["--any-account"]].concat()).run().expect(0);
    exports(&other, &json!({"HF_TOKEN": "hf_hidden"}));
}

#[test]
fn one_value_may_be_taken_and_those_the_server_shows_are_left() {
    if !has_tools() {
        return;
    }
    let account = hiding();
    let home = sealed(&account);
    let other = account.known_home();
    carry(&home, &other, "vars.age");
    carry(&home, &other, "key.txt");
    let from = ["--from", "vars.age", "--identity", "key.txt"];
    other.ok(&[&["remember", "env-var", "multi"], &from[..]].concat());
    exports(&other, &json!({"MULTI": HARD}));
    other.ok(&[&["remember"], &from[..]].concat());
    exports(&other, &values());
}

#[test]
fn entries_that_end_in_nul_are_read_sealed_or_not() {
    let account = hiding();
    let home = account.known_home();
    let environment =
        [b"HF_TOKEN=hf_hidden\0MULTI=".as_slice(), HARD.as_bytes(), b"\0PATH=/bin\0X=\xff\0"].concat();
    home.write("environ", &environment);
    let from = ["remember", "env-var", "--from", "environ"];
    home.vastenv(&from).run().hides("hf_hidden").refuses(1, &["not UTF-8"]);
    let said = home.vastenv(&[&from[..], &["--null"]].concat()).run().expect(0).hides("hf_hidden");
    assert!(!said.err.contains("PATH"), "{said:?}");
    exports(&home, &values());
    home.write("environ", "HF_TOKEN=1\0MULTI=2\0");
    home.vastenv(&from).run().refuses(1, &["environ contains NUL bytes", "--null"]);
    if has_tools() {
        home.ok(&["forget", "env-var", "--all", "-y"]);
        let public = age_key(&home, "key.txt");
        home.write("environ", &environment);
        age(&home, &["-r", &public, "-o", "environ.age", "environ"]).run().expect(0);
        home.ok(&["remember", "--null", "--from", "environ.age", "--identity", "key.txt"]);
        exports(&home, &values());
    }
}
