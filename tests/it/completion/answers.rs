//! What the scripts are told, whatever is wrong.

use std::os::unix::fs::PermissionsExt;

use super::account::{Account, VALUE};

/// What is wrong, and what makes it so.
type Breakage = (&'static str, fn(&mut Account));

/// Lines of every kind of value.
const LINES: [&[&str]; 5] = [
    &["vastenv", "why", ""],
    &["vastenv", "delete", "ssh-key", ""],
    &["vastenv", "show", "api-key", ""],
    &["vastenv", "--url", "http://127.0.0.1:1", "why", ""],
    &["vastenv", "--api-key", "another", "delete", "api-key", ""],
];

#[test]
fn keys_are_told_with_name_rights_comment_and_short_fingerprint() {
    let account = Account::known();
    assert_eq!(
        account.offers(&["vastenv", "show", "api-key", ""]),
        ["7\tmain  all", "41\tci  user_read", "42\ta\\nb $(touch $HOME/executed)  all", "43\tblind  misc"]
    );
    let keys = account.offers(&["vastenv", "delete", "ssh-key", ""]);
    let (laptop, hostile) = (&keys[0], &keys[1]);
    assert!(
        laptop.starts_with("12\tme@laptop  SHA256:") && laptop.len() == "12\tme@laptop  SHA256:".len() + 12
    );
    assert!(
        hostile.starts_with("130\t-x:a") && !hostile[4..].contains(['\t', '\u{1b}', '\u{202e}']),
        "{hostile:?}"
    );
    assert_eq!(keys.len(), 2);
}

#[test]
fn names_are_offered_once_topics_explained_and_remembered_values_forgotten() {
    let account = Account::known();
    let names = account.offers(&["vastenv", "remember", "env-var", "hf"]);
    assert_eq!(names, ["HF_HOME\taccount variable", "HF_TOKEN\taccount variable"]);
    assert_eq!(account.offers(&["vastenv", "forget", "env-var", ""]), [""; 0]);
    account.home.vastenv_ok(&["remember", "env-var", "HF_HOME", VALUE]);
    account.home.vastenv_ok(&["remember", "env-var", "HF_TOKEN", VALUE]);
    let left = account.offers(&["vastenv", "forget", "env-var", "hf_home", "h"]);
    assert_eq!(left, ["HF_TOKEN\taccount variable"]);
    let words = account.offers(&["vastenv", "help", "h"]);
    assert_eq!(words.len(), 2, "{words:?}");
    assert!(words.contains(&"hook\thow variables come into a shell, and how they leave it".to_owned()));
    assert_eq!(account.offers(&["vastenv", "help", "reset", ""]).len(), 1);
    assert_eq!(account.offers(&["vastenv", "help", "masks", ""]), [""; 0]);
}

#[test]
fn settings_are_offered_by_key_and_then_by_value() {
    let account = Account::known();
    account.home.write(
        ".config/vastenv/config.toml",
        "max_age = \"1h\"\nkeep = [\"A*\", \"B\"]\n[profiles.work]\nurl = \"https://a\"\n",
    );
    let words = |line: &[&str]| -> Vec<String> {
        let offers = account.offers(&[&["vastenv", "config"], line].concat());
        offers.iter().filter_map(|offer| offer.split('\t').next().map(str::to_owned)).collect()
    };
    for verb in ["get", "set"] {
        assert_eq!(words(&[verb, "profiles.work.u"]), ["profiles.work.url"]);
        assert_eq!(words(&[verb, "default"]), ["default_profile"]);
        let all = words(&[verb, ""]);
        assert!(all.len() > 11 && !all.contains(&"storage".to_owned()), "{all:?}");
    }
    assert_eq!(words(&["unset", ""]), ["max_age", "keep", "profiles.work.url"]);
    assert_eq!(
        account.offers(&["vastenv", "config", "set", "sc"]),
        ["scope\tWhere shells load variables (or \"projects\")"]
    );
    assert_eq!(
        account.offers(&["vastenv", "config", "set", "scope", ""]),
        ["everywhere\tin every folder", "projects\tin allowed projects only"]
    );
    for (line, offers) in [
        (&["set", "override", "t"][..], &["true"][..]),
        (&["set", "override", "true", ""], &[]),
        (&["set", "default_profile", ""], &["work"]),
        (&["set", "allow", "hf_t"], &["HF_TOKEN"]),
        (&["set", "keep", "--add", "HF_TOKEN", "hf"], &["HF_HOME"]),
        (&["set", "profiles.work.run_only", "X*,wan"], &["X*,WANDB_API_KEY"]),
        // What can be removed is what is there.
        (&["set", "keep", "--remove", ""], &["A*", "B"]),
        (&["set", "--remove", "keep", "B", ""], &["A*"]),
        (&["set", "allow", "--remove", "hf"], &[]),
        (&["set", "retry", ""], &[]),
        (&["set", "nonsense", ""], &[]),
        (&["get", "max_age", ""], &[]),
    ] {
        assert_eq!(words(line), offers, "{line:?}");
    }
}

#[test]
fn filters_take_names_in_lists_and_after_an_equals_sign() {
    let account = Account::known();
    for command in [&["run"][..], &["export", "json"], &["show", "env-vars"]] {
        for (word, offers) in [
            ("hf_t", &["HF_TOKEN"][..]),
            ("HF_TOKEN,", &["HF_TOKEN,HF_HOME", "HF_TOKEN,WANDB_API_KEY"]),
            ("X*,wan", &["X*,WANDB_API_KEY"]),
        ] {
            for option in ["--only", "--except", "--require"] {
                let line = [&["vastenv"], command, &[option, word]].concat();
                let found = account.offers(&line);
                let words: Vec<&str> = found.iter().filter_map(|offer| offer.split('\t').next()).collect();
                assert_eq!(words, offers, "{line:?}");
            }
        }
        let line = [&["vastenv"], command, &["--rename", "TOKEN=hf_t"]].concat();
        assert_eq!(account.offers(&line), ["TOKEN=HF_TOKEN\taccount variable"]);
        let line = [&["vastenv"], command, &["--rename", "TOK"]].concat();
        assert_eq!(account.offers(&line), [""; 0]);
    }
    assert_eq!(account.offers(&["vastenv", "show", "env-var", "w"]), ["WANDB_API_KEY\taccount variable"]);
    assert_eq!(account.offers(&["vastenv", "show", "env-vars", "HF_HOME", "hf"]).len(), 1);
}

#[test]
fn every_candidate_has_a_description() {
    let account = Account::known();
    for line in [
        "vastenv ",
        "vastenv show ",
        "vastenv -",
        "vastenv create api-key --",
        "vastenv hook ",
        "vastenv export ",
        "vastenv completions ",
        "vastenv create api-key --permission ",
        "vastenv why ",
        "vastenv show api-key ",
        "vastenv delete ssh-key ",
        "vastenv create ssh-key ",
        "vastenv export age --to ",
        "vastenv help ",
    ] {
        let offers = account.offers(&line.split(' ').collect::<Vec<_>>());
        assert!(!offers.is_empty(), "{line}");
        for offer in offers {
            let (word, about) = offer.split_once('\t').expect("a word and its description");
            assert!(!word.is_empty() && !about.trim().is_empty(), "{line}: {offer:?}");
        }
    }
}

#[test]
fn another_key_or_server_shows_nothing_of_this_account() {
    let account = Account::known();
    let before = account.requests();
    for line in [
        ["vastenv", "--url", "http://127.0.0.1:1", "why", ""],
        ["vastenv", "--api-key", "another", "why", ""],
        ["vastenv", "--api-key=another", "delete", "ssh-key", ""],
    ] {
        assert_eq!(account.offers(&line), [""; 0], "{line:?}");
    }
    assert_eq!(account.requests(), before);
}

#[test]
fn a_refused_key_shows_nothing_any_more() {
    let account = Account::known();
    account.home.write(".config/vastai/vast_api_key", "refused");
    assert!(!account.home.vastenv(&["refresh"]).status.success());
    for line in LINES {
        assert_eq!(account.offers(line), [""; 0], "{line:?}");
    }
    // The key of this account, refused from now on.
    let account = Account::known();
    let identities = account.home.path(".local/state/vastenv/identities");
    for entry in std::fs::read_dir(identities).expect("identities") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("text");
        std::fs::write(&path, text.replace("\"refused_at\":null", "\"refused_at\":1")).expect("written");
    }
    for line in LINES {
        assert_eq!(account.offers(line), [""; 0], "{line:?}");
    }
}

#[test]
fn whatever_is_wrong_nothing_is_said_and_no_value_shown() {
    let breakages: [Breakage; 7] = [
        ("no key", |account| {
            std::fs::remove_file(account.home.path(".config/vastai/vast_api_key")).expect("gone");
        }),
        ("a corrupt cache", |account| {
            for name in ["snapshot.json", "api-keys.json", "ssh-keys.json"] {
                std::fs::write(account.cached(name), "{").expect("written");
            }
        }),
        ("a config that is none", |account| account.home.write(".config/vastenv/config.toml", "=")),
        ("no HOME", |account| account.home.without_variable("HOME")),
        ("a HOME that is none", |account| account.home.variable("HOME", "relative")),
        ("a HOME that cannot be used", |account| account.home.variable("HOME", "/dev/null")),
        ("an address that is none", |account| account.home.variable("VAST_URL", "::")),
    ];
    for (what, break_it) in breakages {
        let mut account = Account::known();
        break_it(&mut account);
        for line in LINES {
            let offers = account.offers(line);
            assert!(offers.iter().all(|offer| !offer.contains(VALUE)), "{what}: {offers:?}");
        }
        assert_eq!(account.offers(&["vastenv", "sho"]), ["show\tShow variables or keys"], "{what}");
    }
}

#[test]
fn an_unreadable_home_is_no_reason_to_complain() {
    let account = Account::known();
    let cache = account.home.path(".cache/vastenv");
    std::fs::set_permissions(&cache, std::fs::Permissions::from_mode(0o0)).expect("chmod");
    // The superuser reads it all the same.
    for line in LINES {
        account.offers(line);
    }
    std::fs::set_permissions(&cache, std::fs::Permissions::from_mode(0o700)).expect("chmod");
}

#[test]
fn scripts_of_another_version_and_nonsense_get_silence() {
    let account = Account::known();
    for arguments in [
        &["__complete"][..],
        &["__complete", "2", "fish", "1", "0"],
        &["__complete", "1", "tcsh", "1", "0"],
        &["__complete", "1", "fish", "x", "0"],
        &["__complete", "bash"],
        &["__complete", "1", "fish", "1", "0", "more"],
    ] {
        let mut command = account.home.command(&account.home.binary);
        let output =
            command.env("__vastenv_line", "vastenv\u{1f}").args(arguments).output().expect("it runs");
        assert!(output.status.success(), "{arguments:?}");
        assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{arguments:?}: {output:?}");
    }
}
