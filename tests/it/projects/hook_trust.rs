//! What a project adds follows `allow` and `deny` in every open shell, at its next prompt.

use std::os::unix::fs::PermissionsExt;

use super::FILE;
use crate::pty::{Shell, Terminal};
use crate::shells::account::Account;
use crate::shells::follow::each;
use crate::shells::trace::Traced;

const ADDS: &str =
    "only = [\"HF_*\"]\nrename = { HUB = \"HF_TOKEN\" }\n[set]\nGREETING = \"it's ${OTHER}\"\n";

fn account() -> Account {
    let account = Account::with(&[("HF_TOKEN", "hf_1"), ("OTHER", "o_1")]);
    account.home.write(&format!("p/{FILE}"), ADDS);
    account
}

fn held(terminal: &mut Terminal) -> [String; 4] {
    ["HF_TOKEN", "HUB", "GREETING", "OTHER"].map(|name| terminal.get(name))
}

const OUTSIDE: [&str; 4] = ["hf_1", "unset", "unset", "o_1"];
const NARROWED: [&str; 4] = ["hf_1", "unset", "unset", "unset"];
const ALLOWED: [&str; 4] = ["unset", "hf_1", "it's o_1", "unset"];

/// As in another terminal, in the project's folder.
fn decide(account: &Account, word: &str) {
    let folder = account.home.path("p").to_str().expect("a path").to_owned();
    account.home.vastenv_ok(&[word, &folder]);
}

#[test]
fn what_is_allowed_loads_and_what_is_denied_is_no_project() {
    each(|shell| {
        let account = account();
        let mut traced = Traced::open(&account.home, shell);
        let mut second = Terminal::open(&account.home, shell);
        traced.terminal.run("cd p");
        assert_eq!(held(&mut traced.terminal), NARROWED, "{shell:?}");
        for _ in 0..2 {
            decide(&account, "allow");
            traced.terminal.run("");
            assert_eq!(held(&mut traced.terminal), ALLOWED, "{shell:?}");
            second.run("cd p");
            assert_eq!(held(&mut second), ALLOWED, "{shell:?}");
            traced.assert_steady(3, "allowed");
            decide(&account, "deny");
            traced.terminal.run("");
            assert_eq!(held(&mut traced.terminal), OUTSIDE, "{shell:?}");
            second.run("cd");
            assert_eq!(held(&mut second), OUTSIDE, "{shell:?}");
            traced.assert_steady(3, "denied");
        }
        // What is added goes with the folder; what it replaced comes back.
        decide(&account, "allow");
        traced.terminal.run("cd");
        assert_eq!(held(&mut traced.terminal), OUTSIDE, "{shell:?}");
        traced.terminal.run(&shell.export("HUB", "mine"));
        traced.terminal.run("cd p");
        assert_eq!(held(&mut traced.terminal), ALLOWED, "{shell:?}");
        traced.terminal.run("cd");
        assert_eq!(traced.terminal.get("HUB"), "mine", "{shell:?}");
    });
}

#[test]
fn an_edit_of_an_allowed_file_waits_again() {
    each(|shell| {
        let account = account();
        decide(&account, "allow");
        let mut terminal = Terminal::open(&account.home, shell);
        terminal.run("cd p");
        assert_eq!(held(&mut terminal), ALLOWED, "{shell:?}");
        account.home.write(&format!("p/{FILE}"), &format!("{ADDS}# edited\n"));
        let text = terminal.run("");
        assert!(text.contains("rename, set count once allowed"), "{shell:?}: {text}");
        assert_eq!(held(&mut terminal), NARROWED, "{shell:?}");
        account.home.write(&format!("p/{FILE}"), ADDS);
        terminal.run("");
        assert_eq!(held(&mut terminal), ALLOWED, "{shell:?}: as it was allowed");
    });
}

#[test]
fn a_project_chooses_the_profile_of_its_folder() {
    each(|shell| {
        let account = account();
        let url =
            account.home.variables.iter().find(|(name, _)| name == "VAST_URL").expect("a url").1.clone();
        let key = account.home.read(crate::shells::account::KEY_FILE);
        account.home.write("work.key", &key);
        let file = account.home.path("work.key");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("a mode");
        let file = file.to_str().expect("a path").to_owned();
        let config =
            format!("[profiles.work]\nurl = \"{url}\"\nrun_only = [\"HF_*\"]\napi_key_file = \"{file}\"\n");
        account.home.write(".config/vastenv/config.toml", &config);
        account.home.write(&format!("p/{FILE}"), "profile = \"work\"\n");
        account.home.write(&format!("q/{FILE}"), "profile = \"nobody\"\n");
        decide(&account, "allow");
        let folder = account.home.path("q").to_str().expect("a path").to_owned();
        account.home.vastenv_ok(&["allow", &folder]);
        let mut terminal = Terminal::open(&account.home, shell);
        terminal.run("cd p");
        assert_eq!(held(&mut terminal), ["unset", "unset", "unset", "o_1"], "{shell:?}");
        let text = terminal.run("cd ../q") + &terminal.run("");
        assert_eq!(text.matches("there is no profile nobody").count(), 1, "{shell:?}: {text}");
        assert_eq!(
            held(&mut terminal),
            ["unset", "unset", "unset", "o_1"],
            "{shell:?}: it keeps what it has"
        );
        terminal.run("cd");
        assert_eq!(held(&mut terminal), OUTSIDE, "{shell:?}");
    });
}

#[test]
fn only_an_allowed_file_makes_a_project_where_shells_are_for_projects() {
    each(|shell| {
        let account = account();
        account.home.write(".config/vastenv/config.toml", "scope = \"projects\"\n");
        let mut terminal = Terminal::open(&account.home, shell);
        terminal.run("cd p");
        assert_eq!(held(&mut terminal), ["unset"; 4], "{shell:?}");
        decide(&account, "allow");
        terminal.run("");
        assert_eq!(held(&mut terminal), ALLOWED, "{shell:?}");
        terminal.run("cd");
        assert_eq!(held(&mut terminal), ["unset"; 4], "{shell:?}");
    });
}

#[test]
fn no_value_of_a_project_is_traced_or_left_behind() {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish].into_iter().filter(|shell| shell.is_here()) {
        let account = account();
        account.home.write(&format!("p/{FILE}"), "[set]\nGREETING = \"planted-${OTHER}\"\n");
        decide(&account, "allow");
        let (on, list) = match shell {
            Shell::Fish => ("set -g fish_trace 1", "set -g > ~/list; functions -a >> ~/list"),
            Shell::Zsh => ("set -x", "typeset > ~/list; functions >> ~/list"),
            Shell::Bash => ("set -x", "set > ~/list"),
        };
        let mut terminal = Terminal::open(&account.home, shell);
        let text = [on, "cd p", "", "cd", "cd p"].map(|line| terminal.run(line)).concat();
        assert!(!text.contains("planted"), "{shell:?}: {text}");
        terminal.run("cd");
        terminal.run(list);
        assert!(!account.home.read("list").contains("planted"), "{shell:?}");
    }
}
