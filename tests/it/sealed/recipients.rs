//! For whom is sealed.

use serde_json::json;
use vastenv::sandbox::Options;

use super::{ED25519, RSA, age, age_key, has_tools, ssh_key};
use crate::cli::account::TestAccount;
use crate::home::Home;
use crate::terminal::Terminal;

/// Whole as a text, but no Ed25519 key has this number.
const OFF_THE_CURVE: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKHEChKtsRnn8LkA4a6sNEcb2HF4RpFVn1FZZq0rIVVN";

/// The account `A` with these SSH keys.
fn account(lines: &[&str]) -> TestAccount {
    let keys: Vec<_> = (12..).zip(lines).map(|(id, line)| json!({"id": id, "public_key": line})).collect();
    TestAccount::of(&json!({"secrets": {"A": "hidden-a"}, "ssh_keys": keys}), Options::default())
}

#[test]
fn the_accounts_keys_are_shown_before_they_are_sealed_for() {
    if !has_tools() {
        return;
    }
    let maker = Home::new();
    let first = ssh_key(&maker, "first", "", ED25519);
    let second = ssh_key(&maker, "second", "", RSA);
    let third = ssh_key(&maker, "third", "", &["-t", "ecdsa"]);
    let account = account(&[&first, &second, &third]);
    let home = account.known_home();
    let seal = ["export", "age", "--to", "account", "--output", "vars.age"];
    home.vastenv(&seal).run().refuses(2, &["cannot ask for confirmation", "SHA256:", "--yes"]);

    for (answer, code) in [("n", 1), ("y", 0)] {
        let mut terminal = Terminal::open(&home, 400, &format!("vastenv {}", seal.join(" ")));
        terminal.wait_for("Seal for 2 SSH keys of the account: ED25519 SHA256:");
        terminal.wait_for("(me@there)? [y/N] ");
        terminal.type_in(&format!("{answer}\r"));
        let (seen, ended) = terminal.end();
        assert_eq!((ended, home.path("vars.age").exists()), (code, code == 0), "{seen}");
        assert!(seen.contains("ECDSA SHA256:") && seen.contains("left out"), "{seen}");
    }
    for key in ["first", "second"] {
        let key = maker.path(key).display().to_string();
        assert!(age(&home, &["-d", "-i", &key, "vars.age"]).run().expect(0).out.contains("hidden-a"));
    }
    let said = home.vastenv(&[&seal[..], &["-y"]].concat()).run().expect(0);
    said.mentions(&["sealing for the account's keys", "SHA256:", "sealed 1 variable for 2 keys"]);
    account.forget();
    home.vastenv(&[&seal[..], &["--curl"]].concat()).run().expect(0);
    assert_eq!(account.requests(), [""; 0]);
}

#[test]
fn an_account_without_keys_that_age_knows_is_told_so() {
    if !has_tools() {
        return;
    }
    let maker = Home::new();
    let line = ssh_key(&maker, "key", "", &["-t", "ecdsa"]);
    for lines in [&[][..], &[line.as_str()]] {
        let account = account(lines);
        let said = account.home().vastenv(&["export", "age", "--to", "account", "-y"]).run();
        said.refuses(1, &["the account has no SSH key to seal for", "vastenv create ssh-key"]);
    }
}

#[test]
fn the_file_of_an_age_key_is_a_recipient_too() {
    if !has_tools() {
        return;
    }
    let account = account(&[]);
    let home = account.known_home();
    let public = age_key(&home, "key.txt");
    home.write("team.pub", format!("# the team's\n{public}\n"));
    home.write("vars.age", home.ok(&["export", "age", "--to", "team.pub"]));
    assert!(age(&home, &["-d", "-i", "key.txt", "vars.age"]).run().expect(0).out.contains("hidden-a"));
}

#[test]
fn what_is_no_public_key_is_refused_and_a_private_one_never_repeated() {
    if !has_tools() {
        return;
    }
    let account = account(&[]);
    let home = account.known_home();
    age_key(&home, "key.txt");
    let identity = std::fs::read_to_string(home.path("key.txt")).expect("read");
    let identity = identity.lines().last().expect("a key").to_owned();
    let line = ssh_key(&home, "id_ed25519", "", ED25519);
    let private = std::fs::read_to_string(home.path("id_ed25519")).expect("read");
    ssh_key(&home, "ec", "", &["-t", "ecdsa"]);
    ssh_key(&home, "weak", "", &["-t", "rsa", "-b", "1024"]);
    home.write("large.pub", vec![b'x'; 1024 * 1024]);
    for (recipient, why) in [
        ("bob", "not a recipient"),
        ("ssh-ed25519", "incomplete SSH public key"),
        (&line[..40], "damaged or of an unknown type"),
        ("age1qqqqqqqqqqqqqqqqqq", "not an age public key"),
        ("age1yubikey1qqqqqqqqqq", "a plugin's"),
        (&identity, "private age key"),
        ("key.txt", "private age key"),
        (&private, "private key"),
        ("id_ed25519", "give id_ed25519.pub instead"),
        ("ec.pub", "only ssh-ed25519 and ssh-rsa keys"),
        ("weak.pub", "under 2048 bits"),
        (OFF_THE_CURVE, "this SSH key is not valid"),
        ("missing.pub", "no such file: missing.pub"),
        ("large.pub", "too large"),
        ("", "not a recipient"),
    ] {
        let said = home.vastenv(&["export", "age", "--to", recipient]).run();
        let code = if recipient == "missing.pub" { 1 } else { 2 };
        let said = said.hides(&identity).hides("hidden-a").refuses(code, &[why]);
        for line in private.lines().filter(|line| !line.starts_with('-')) {
            assert!(!said.err.contains(line), "{said:?}");
        }
        assert!(said.err.lines().count() <= 2, "{said:?}");
    }
}
