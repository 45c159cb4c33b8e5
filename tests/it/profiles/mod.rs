//! Accounts by name: where their keys are, who chooses them, and that they never mix.

mod bad;
mod chosen;
mod command;
mod commands;
mod keys;
mod shared;
mod shells;

use std::path::PathBuf;

use serde_json::json;

use crate::cli::account::TestAccount;
use crate::home::{Home, chmod};

/// Two accounts on servers of their own, and a home that knows them as the profiles `work` and `own`.
pub struct Two {
    pub work: TestAccount,
    pub own: TestAccount,
    pub home: Home,
}

pub const CONFIG: &str = ".config/vastenv/config.toml";

impl Two {
    pub fn new() -> Self {
        let account = |value: &str| TestAccount::with(&json!({"WHOSE": value, value: "1"}));
        let two = Self { work: account("WORK"), own: account("OWN"), home: Home::new() };
        two.home.write("work.key", two.work.sandbox.key.expose());
        two.home.write("own.key", two.own.sandbox.key.expose());
        two.config("");
        two
    }

    /// Writes the settings: `text`, and then the profiles.
    pub fn config(&self, text: &str) {
        self.home.write(CONFIG, format!("{text}\n{}", profiles(&self.work, &self.own)));
    }

    /// Has both accounts fetched.
    pub fn fetched(self) -> Self {
        for name in ["work", "own"] {
            self.home.ok(&["refresh", "--profile", name, "--quiet"]);
        }
        self.work.forget();
        self.own.forget();
        self
    }

    /// What a program gets as WHOSE, with these words of the command line.
    #[track_caller]
    pub fn whose(&self, words: &[&str]) -> String {
        let out = self.home.ok(&[words, &["show", "env-var", "WHOSE"]].concat());
        out.trim_end().to_owned()
    }
}

/// The settings of the profiles `work` and `own`.
pub fn profiles(work: &TestAccount, own: &TestAccount) -> String {
    let profile = |name: &str, account: &TestAccount| {
        format!("[profiles.{name}]\nurl = \"{}\"\napi_key_file = \"~/{name}.key\"\n", account.sandbox.url)
    };
    profile("work", work) + &profile("own", own)
}

/// An executable script below the home.
pub fn script(home: &Home, name: &str, text: &str) -> PathBuf {
    let path = home.write(name, format!("#!/bin/sh\n{text}\n"));
    chmod(&path, 0o700);
    path
}

/// A profile `work` whose key `words` prints.
pub fn with_command(home: &Home, account: &TestAccount, words: &[&str]) {
    let words = json!(words);
    let text = format!("[profiles.work]\nurl = \"{}\"\napi_key_command = {words}\n", account.sandbox.url);
    home.write(CONFIG, text);
}
