//! `vastenv` alone: what is set up, what is not, and the next step, whatever is wrong.

use std::fs;

use serde_json::json;
use vastenv::sandbox::Options;

use crate::cli::account::TestAccount;
use crate::home::{Call, Home, VASTENV};

/// What is printed to somebody who types `vastenv`; it never fails and is never long.
#[track_caller]
fn greeting(call: Call) -> String {
    let said = call.run().expect(0);
    assert_eq!(said.err, "", "{said:?}");
    let lines = said.out.lines().count();
    assert!((5..=15).contains(&lines), "{lines}: {}", said.out);
    assert!(said.out.starts_with("vastenv ") && !said.out.contains('\u{1b}'), "{}", said.out);
    assert_eq!(said.out.matches("\nnext: ").count(), 1, "{}", said.out);
    said.out
}

#[track_caller]
fn check(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in {text}");
    }
}

#[test]
fn somebody_new_is_told_to_set_the_key() {
    let home = Home::new();
    let text = greeting(home.vastenv(&[]));
    check(
        &text,
        &["[ ] key        no API key", "[ ] hook       not active", "\nnext: vastenv set api-key\n"],
    );
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(!home.path(".local").exists() && !home.path(".config").exists());
    // Options alone are no command either.
    assert_eq!(greeting(home.vastenv(&["--no-color", "--quiet"])), text);
}

#[test]
fn each_step_leads_to_the_next_and_the_network_is_not_asked() {
    let account = TestAccount::with(&json!({"HF_TOKEN": "hidden-v", "PATH": "/hidden-v"}));
    let mut home = account.home();
    home.set("SHELL", "/usr/bin/zsh");
    let key = account.sandbox.key.expose();
    let next = "\nnext: vastenv hook zsh --install && exec zsh\n";
    let text = greeting(home.vastenv(&[]));
    check(
        &text,
        &[
            "[x] key        …",
            "from VAST_API_KEY",
            "[ ] variables  not known yet",
            "\nnext: vastenv refresh\n",
        ],
    );
    assert_eq!(account.requests(), [""; 0]);

    home.ok(&["refresh", "--quiet"]);
    account.forget();
    let text = greeting(home.vastenv(&[]));
    check(&text, &["you@sandbox.invalid, …", "[x] variables  1 to load, 1 refused (cached ", next]);
    home.write(".zshrc", "eval \"$(vastenv hook zsh)\"\n");
    let text = greeting(home.vastenv(&[]));
    check(&text, &["not active in this shell, but in ~/.zshrc", "\nnext: exec zsh\n"]);

    let script = format!("eval \"$('{VASTENV}' hook bash)\"; '{VASTENV}'; :");
    let text = greeting(home.command("bash", &["-c", &script]));
    check(
        &text,
        &["[x] hook       active in this shell: 1 variable loaded", "\nnext: vastenv show env-vars\n"],
    );
    let text = greeting(home.vastenv(&[]).env("VASTENV_DISABLE", "1"));
    check(&text, &["[ ] hook       disabled by VASTENV_DISABLE", "\nnext: unset VASTENV_DISABLE\n"]);
    assert!(!text.contains("hidden-v") && !text.contains(key), "{text}");
    assert_eq!(account.requests(), [""; 0]);
}

#[test]
fn the_hook_goes_where_the_shell_reads_it() {
    let account = TestAccount::with(&json!({}));
    let mut home = account.known_home();
    for (shell, variable, shown, file, line) in [
        ("zsh", "ZDOTDIR", "$ZDOTDIR/.zshrc", "elsewhere/.zshrc", "eval \"$(vastenv hook zsh)\""),
        (
            "fish",
            "XDG_CONFIG_HOME",
            "$XDG_CONFIG_HOME/fish/config.fish",
            "elsewhere/fish/config.fish",
            "vastenv hook fish | source",
        ),
    ] {
        home.set("SHELL", format!("/usr/bin/{shell}"));
        let folder = home.path("elsewhere");
        let text = greeting(home.vastenv(&[]).env(variable, &folder));
        check(&text, &[&format!("\nnext: vastenv hook {shell} --install && exec {shell}\n")]);
        home.write(file, line);
        let text = greeting(home.vastenv(&[]).env(variable, &folder));
        check(&text, &[&format!("but in {shown}\n"), &format!("\nnext: exec {shell}\n")]);
    }
}

#[test]
fn values_that_are_masked_are_counted_and_explained() {
    let options = Options { mask: true, ..Options::default() };
    let account = TestAccount::serving(&json!({"A": "hidden-v", "B": "hidden-v"}), options);
    let mut home = account.known_home();
    home.set("VASTENV_LOG", "off");
    let script = format!("eval \"$('{VASTENV}' hook bash)\"; '{VASTENV}'; :");
    let text = greeting(home.command("bash", &["-c", &script]));
    check(&text, &["[ ] variables  0 to load, 2 hidden by Vast", "\nnext: vastenv remember env-var --all\n"]);
}

#[test]
fn a_refused_key_is_told() {
    let account = TestAccount::with(&json!({}));
    let mut home = account.home();
    home.set("VAST_API_KEY", "wrong-key-wrong-key");
    home.vastenv(&["refresh"]).run().expect(4);
    let text = greeting(home.vastenv(&[]));
    check(
        &text,
        &[
            "[x] key        …",
            "[ ] variables  the server refused the API key",
            "\nnext: change or unset VAST_API_KEY\n",
        ],
    );
    assert!(!text.contains("wrong-key"), "{text}");
}

#[test]
fn whatever_is_wrong_is_a_line_of_the_greeting() {
    let account = TestAccount::with(&json!({"A": "1"}));
    let home = account.home();
    let text = greeting(home.vastenv(&[]).without("HOME"));
    check(&text, &["[ ] settings   HOME is not set", "\nnext: "]);
    let text = greeting(home.vastenv(&[]).env("HOME", "relative"));
    check(&text, &["HOME is not set"]);
    let text = greeting(home.vastenv(&[]).env("VAST_URL", "ftp://nowhere"));
    check(&text, &["[ ] server     ", "\nnext: "]);
    let clear = Home::new();
    let text = greeting(clear.vastenv(&[]).env("VAST_URL", "http://example.com"));
    let next = "\nnext: use https://, or --insecure-http";
    check(&text, &["[ ] server     the key would travel in clear text to http://example.com", next]);
    let text = greeting(clear.vastenv(&["--insecure-http"]).env("VAST_URL", "http://example.com"));
    check(&text, &["[x] server     http://example.com"]);
    let text = greeting(home.vastenv(&[]).env("VAST_API_KEY", "two words"));
    check(
        &text,
        &[
            "[ ] key        the key from VAST_API_KEY has white space",
            "\nnext: change or unset VAST_API_KEY\n",
        ],
    );

    home.write(".local/state/vastenv", "a file in the folder's place");
    let text = greeting(home.vastenv(&[]));
    check(&text, &["[ ] hook       not active", "[ ] variables  "]);
    assert!(!text.contains("next: echo"), "what is broken comes first: {text}");
    fs::remove_file(home.path(".local/state/vastenv")).expect("removed");

    fs::create_dir_all(home.path(".config/vastai/vast_api_key")).expect("a folder");
    check(&greeting(home.vastenv(&[]).without("VAST_API_KEY")), &["[ ] key        ", "is not a plain file"]);

    home.ok(&["refresh", "--quiet"]);
    fs::write(home.snapshot().expect("a snapshot"), "{garbage").expect("written");
    let said = home.vastenv(&[]).run().expect(0);
    check(&said.out, &["[ ] variables  ", "\nnext: "]);

    home.write(".config/vastenv/config.toml", "max_age = \"soon\"\n");
    check(&greeting(home.vastenv(&[])), &["[ ] settings   ", "max_age", "\nnext: "]);
}

#[test]
fn a_program_that_forgot_its_command_is_told_so() {
    let said = Home::new().vastenv(&["--raw"]).run().expect(2);
    assert_eq!(said.out, "");
    assert!(said.err.contains("\"msg\": \"no command given\""), "{said:?}");
}
