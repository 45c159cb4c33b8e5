//! Sealed files: what vastenv seals, Debian's age opens, and the other way round.

mod bad;
mod export;
mod open;
mod passphrases;
mod recipients;

use std::fs;

use serde_json::{Value, json};

use crate::cli::account::TestAccount;
use crate::cli::masks::masked;
use crate::common::process::{find_program, program};
use crate::common::skip::needs;
use crate::home::{Call, Home};

/// A value that no simple format holds as it is.
const HARD: &str = "a\nb'\"\\$ \u{1b} é🦀\n";

/// An account that hides its values.
fn hiding() -> TestAccount {
    masked(&json!({"HF_TOKEN": "1", "MULTI": "2"}))
}

/// The values of [`hiding`] that a machine knows.
fn values() -> Value {
    json!({"HF_TOKEN": "hf_hidden", "MULTI": HARD})
}

/// A machine that knows all values of the account.
fn knowing(account: &TestAccount) -> Home {
    let home = account.known_home();
    home.ok(&["remember", "env-var", "HF_TOKEN", "hf_hidden"]);
    home.ok(&["remember", "env-var", "MULTI", HARD]);
    home
}

/// Whether the programs are here that these tests compare with.
fn has_tools() -> bool {
    ["age", "age-keygen", "ssh-keygen"].into_iter().all(|tool| needs(find_program(tool).is_some(), tool))
}

/// A call of age in the home.
fn age(home: &Home, arguments: &[&str]) -> Call {
    home.command(program("age").expect("age"), arguments)
}

/// Makes an SSH key in the home, with a passphrase or without; gives the line of its public half.
fn ssh_key(home: &Home, name: &str, passphrase: &str, options: &[&str]) -> String {
    let keygen = program("ssh-keygen").expect("ssh-keygen");
    fs::create_dir_all(home.path(name).parent().expect("a folder")).expect("a folder");
    home.command(keygen, &[&["-q", "-N", passphrase, "-C", "me@there", "-f", name], options].concat())
        .run()
        .expect(0);
    fs::read_to_string(home.path(&format!("{name}.pub"))).expect("read").trim_end().to_owned()
}

const ED25519: &[&str] = &["-t", "ed25519"];
const RSA: &[&str] = &["-t", "rsa", "-b", "2048"];
/// As OpenSSH wrote RSA keys before 2018.
const PEM: &[&str] = &["-t", "rsa", "-b", "2048", "-m", "PEM"];

/// Makes an age key in the home; gives its public half.
fn age_key(home: &Home, name: &str) -> String {
    let keygen = program("age-keygen").expect("age-keygen");
    home.command(&keygen, &["-o", name]).run().expect(0);
    home.command(&keygen, &["-y", name]).run().expect(0).out.trim_end().to_owned()
}

/// A machine that knows all values, and has them in `vars.age`, sealed for `key.txt`.
fn sealed(account: &TestAccount) -> Home {
    let home = knowing(account);
    let public = age_key(&home, "key.txt");
    home.ok(&["export", "age", "--to", &public, "--output", "vars.age"]);
    home
}

/// Copies a file from one home to another.
fn carry(from: &Home, to: &Home, name: &str) {
    to.write(name, fs::read(from.path(name)).expect("read"));
}
