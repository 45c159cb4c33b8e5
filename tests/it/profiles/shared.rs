//! Two profiles of one account share what is known of it, and its turn; TAB offers what is the profile's.

use std::time::Duration;

use serde_json::json;
use vastenv::sandbox::Options;

use super::{CONFIG, Two};
use crate::cli::account::{OTHER_KEY, TestAccount};
use crate::home::{Call, Home, said};

const FIRST_KEY: &str = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";

#[test]
fn two_profiles_of_one_account_ask_once() {
    let state = json!({"secrets": {"A": "1"}, "api_keys": [{"key": FIRST_KEY}, {"key": OTHER_KEY}]});
    let options = Options { latency: Duration::from_millis(400), ..Options::default() };
    let account = TestAccount::of(&state, options);
    let home = Home::new();
    let mut text = String::new();
    for (name, key) in [("one", FIRST_KEY), ("two", OTHER_KEY)] {
        home.write(&format!("{name}.key"), key);
        text += &format!(
            "[profiles.{name}]\nurl = \"{}\"\napi_key_file = \"~/{name}.key\"\n",
            account.sandbox.url
        );
    }
    home.write(CONFIG, text);
    home.ok(&["refresh", "--profile", "one"]);
    home.ok(&["refresh", "--profile", "two"]);
    for words in [&["run", "--", "true"][..], &["__refresh"]] {
        // One snapshot: it is one account.
        home.age_snapshot(100_000);
        account.forget();
        let call = |profile: &str| home.vastenv(words).env("VASTENV_PROFILE", profile).spawn();
        for child in [call("one"), call("two")] {
            said(child.wait_with_output().expect("ended")).expect(0);
        }
        let secrets = account.requests().iter().filter(|request| request.contains("/secrets/")).count();
        assert_eq!(secrets, 1, "{words:?}: {:?}", account.requests());
    }
}

fn offers(call: Call) -> Vec<String> {
    let out = call.run().expect(0).out;
    out.lines().skip(1).map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_tab_offers_profiles_and_the_names_of_the_profiles_account() {
    let mut two = Two::new().fetched();
    let tab = |home: &Home, words: &[&str]| {
        let index = (words.len() - 1).to_string();
        let call = home.vastenv(&["__complete", "1", "zsh", &index, "80"]);
        offers(call.env("__vastenv_line", words.join("\u{1f}")))
    };
    let both = ["own", "work"];
    assert_eq!(tab(&two.home, &["vastenv", "--profile", ""]), both);
    assert_eq!(tab(&two.home, &["vastenv", "status", "--profile", "w"]), ["work"]);
    for command in ["use", "remove", "show"] {
        assert_eq!(tab(&two.home, &["vastenv", "profile", command, ""]), both, "{command}");
    }
    assert_eq!(tab(&two.home, &["vastenv", "profile", "add", ""]), [""; 0]);
    assert_eq!(tab(&two.home, &["vastenv", "--profile", "own", "why", ""]), ["OWN", "WHOSE"]);
    two.home.set("VASTENV_PROFILE", "work");
    assert_eq!(tab(&two.home, &["vastenv", "why", ""]), ["WHOSE", "WORK"]);
    two.home.set("VASTENV_PROFILE", "gone");
    assert_eq!(tab(&two.home, &["vastenv", "why", ""]), [""; 0]);
    assert_eq!(tab(&two.home, &["vastenv", "profile", "use", ""]), both);
    assert!(two.work.requests().is_empty() && two.own.requests().is_empty());
}
