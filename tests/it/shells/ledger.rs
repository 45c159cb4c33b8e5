//! What was there before comes back, and what the user does to a variable is respected.

use super::account::Account;
use super::follow::each;
use crate::pty::{Shell, Terminal};

fn account() -> Account {
    Account::with(&[("HF_TOKEN", "hf_1"), ("OTHER", "o_1"), ("THIRD", "t_1")])
}

#[test]
fn what_was_there_before_comes_back() {
    each(|shell| {
        let account = account();
        let before =
            [shell.export("HF_TOKEN", "mine"), shell.set("OTHER", "local"), shell.export("THIRD", "")];
        account.home.rc(shell, &before.join("\n"), "");
        let mut terminal = Terminal::open(&account.home, shell);
        for name in ["HF_TOKEN", "OTHER", "THIRD"] {
            assert_eq!(terminal.get(name), terminal.inherited(name), "{name} is exported");
        }
        assert_eq!(terminal.get("OTHER"), "o_1");
        terminal.run(&shell.set("VASTENV_DISABLE", "1"));
        assert_eq!([terminal.get("HF_TOKEN"), terminal.inherited("HF_TOKEN")], ["mine", "mine"]);
        assert_eq!([terminal.get("OTHER"), terminal.inherited("OTHER")], ["local", "unset"]);
        assert_eq!([terminal.get("THIRD"), terminal.inherited("THIRD")], ["", ""]);
        terminal.run(&shell.unset("VASTENV_DISABLE"));
        assert_eq!([terminal.get("OTHER"), terminal.inherited("OTHER")], ["o_1", "o_1"]);
        for name in ["HF_TOKEN", "OTHER", "THIRD"] {
            account.home.vastenv_ok(&["delete", "env-var", name]);
        }
        terminal.run("");
        assert_eq!([terminal.get("HF_TOKEN"), terminal.inherited("HF_TOKEN")], ["mine", "mine"]);
        assert_eq!([terminal.get("OTHER"), terminal.inherited("OTHER")], ["local", "unset"]);
        assert_eq!([terminal.get("THIRD"), terminal.inherited("THIRD")], ["", ""]);
    });
}

#[test]
fn an_update_keeps_what_was_there_before() {
    each(|shell| {
        let account = account();
        account.home.rc(shell, &shell.set("OTHER", "local"), "");
        let mut terminal = Terminal::open(&account.home, shell);
        account.home.vastenv_ok(&["update", "env-var", "OTHER", "o_2"]);
        terminal.run("");
        assert_eq!([terminal.get("OTHER"), terminal.inherited("OTHER")], ["o_2", "o_2"]);
        account.home.vastenv_ok(&["delete", "env-var", "OTHER"]);
        terminal.run("");
        assert_eq!([terminal.get("OTHER"), terminal.inherited("OTHER")], ["local", "unset"]);
    });
}

#[test]
fn what_the_user_edits_or_unsets_is_theirs() {
    each(|shell| {
        let account = account();
        let mut terminal = Terminal::open(&account.home, shell);
        terminal.run(&shell.export("HF_TOKEN", "edited"));
        terminal.run(&shell.unset("OTHER"));
        for value in ["2", "3"] {
            for name in ["HF_TOKEN", "OTHER", "THIRD"] {
                account.home.vastenv_ok(&["update", "env-var", name, value]);
            }
            terminal.run("");
            assert_eq!(
                [terminal.get("HF_TOKEN"), terminal.get("OTHER"), terminal.get("THIRD")],
                ["edited", "unset", value]
            );
        }
        terminal.run(&shell.export("VASTENV_DISABLE", "1"));
        assert_eq!(
            [terminal.get("HF_TOKEN"), terminal.get("OTHER"), terminal.get("THIRD")],
            ["edited", "unset", "unset"]
        );
    });
}

/// Declarations of `HF_TOKEN` that are not a plain variable, and what it prints as then.
fn attributes(shell: Shell) -> &'static [(&'static str, &'static str)] {
    match shell {
        Shell::Bash => &[
            ("readonly HF_TOKEN=mine", "mine"),
            ("declare -rx HF_TOKEN=mine", "mine"),
            ("declare -i HF_TOKEN=7", "7"),
            ("declare -i HF_TOKEN", "unset"),
            ("declare -ix HF_TOKEN=7", "7"),
            ("HF_TOKEN=(a b)", "a"),
            ("declare -A HF_TOKEN=([0]=a)", "a"),
            ("declare -l HF_TOKEN=mine", "mine"),
            ("target=mine; declare -n HF_TOKEN=target", "mine"),
            ("unset target; declare -n HF_TOKEN=target", "unset"),
        ],
        Shell::Zsh => &[
            ("readonly HF_TOKEN=mine", "mine"),
            ("typeset -rx HF_TOKEN=mine", "mine"),
            ("typeset -i HF_TOKEN=7", "7"),
            ("typeset -ix HF_TOKEN=7", "7"),
            ("typeset -F HF_TOKEN=7", "7.0000000000"),
            ("HF_TOKEN=(mine)", "mine"),
            ("typeset -A HF_TOKEN; HF_TOKEN[a]=mine", "mine"),
            ("typeset -l HF_TOKEN=mine", "mine"),
            ("typeset -T HF_TOKEN hf_token; hf_token=(mine)", "mine"),
        ],
        Shell::Fish => &[("set -g HF_TOKEN a b", "a b"), ("set -gx HF_TOKEN a b", "a b")],
    }
}

#[test]
fn variables_that_are_not_plain_are_left_to_their_owner() {
    each(|shell| {
        let account = Account::unfetched(&[], std::time::Duration::ZERO);
        let pwned = account.home.path("pwned");
        let hostile = format!("x[$(touch {})]", pwned.display());
        account.home.vastenv_ok(&["create", "env-var", "HF_TOKEN", &hostile]);
        account.home.vastenv_ok(&["create", "env-var", "OTHER", "o_1"]);
        account.home.vastenv_ok(&["refresh", "--quiet"]);
        for (declaration, shown) in attributes(shell).iter().filter(|(line, _)| shell.knows(line)) {
            account.home.rc(shell, declaration, "");
            let (mut terminal, text) = Terminal::start(&account.home, shell, &[shell.name(), "-i"]);
            assert_eq!(text.matches("vastenv: kept your own HF_TOKEN").count(), 1, "{declaration}: {text}");
            // In bash 3.2 a declaration gives an empty value.
            let held = terminal.get("HF_TOKEN");
            let shown = if *shown == "unset" && held.is_empty() { "" } else { *shown };
            assert_eq!(held, shown, "{declaration}");
            assert_eq!(terminal.get("OTHER"), "o_1", "{declaration}");
            account.home.vastenv_ok(&["update", "env-var", "HF_TOKEN", &format!("{hostile}2")]);
            account.home.vastenv_ok(&["update", "env-var", "HF_TOKEN", &hostile]);
            let mut text = terminal.run("");
            text += &terminal.run(&shell.set("VASTENV_DISABLE", "1"));
            text += &terminal.run(&shell.unset("VASTENV_DISABLE"));
            assert!(text.matches("kept").count() <= 1, "{declaration}: {text}");
            assert_eq!(terminal.get("HF_TOKEN"), shown, "{declaration}");
            assert_eq!(
                terminal.get("target"),
                if declaration.starts_with("target") { "mine" } else { "unset" }
            );
            assert!(!pwned.exists(), "{declaration}: a value was evaluated");
        }
    });
}

#[test]
fn attributes_given_after_loading_are_respected() {
    each(|shell| {
        let declarations: &[&str] = match shell {
            Shell::Bash => &["readonly HF_TOKEN", "declare -i HF_TOKEN", "declare -u HF_TOKEN"],
            Shell::Zsh => &["readonly HF_TOKEN", "typeset -u HF_TOKEN"],
            Shell::Fish => &["set -g HF_TOKEN hf_1 b"],
        };
        for declaration in declarations.iter().filter(|line| shell.knows(line)) {
            let account = account();
            let pwned = account.home.path("pwned");
            let mut terminal = Terminal::open(&account.home, shell);
            terminal.run(declaration);
            let held = terminal.get("HF_TOKEN");
            let is_loaded = terminal.inherited("HF_TOKEN") == "hf_1";
            account.home.vastenv_ok(&[
                "update",
                "env-var",
                "HF_TOKEN",
                &format!("x[$(touch {})]", pwned.display()),
            ]);
            terminal.run("");
            account.home.vastenv_ok(&["update", "env-var", "OTHER", "o_2"]);
            terminal.run("");
            assert_eq!(
                [terminal.get("HF_TOKEN"), terminal.get("OTHER")],
                [held.as_str(), "o_2"],
                "{declaration}"
            );
            terminal.run(&shell.set("VASTENV_DISABLE", "1"));
            // What still has a value that was loaded goes, where the shell lets it.
            let goes = is_loaded && !declaration.starts_with("readonly");
            let left = if goes { "unset" } else { held.as_str() };
            assert_eq!([terminal.get("HF_TOKEN"), terminal.get("OTHER")], [left, "unset"], "{declaration}");
            assert!(!pwned.exists(), "{declaration}: a value was evaluated");
        }
    });
}

#[test]
fn shells_in_shells_follow_and_give_back() {
    if !Shell::ALL.into_iter().all(Shell::is_here) {
        return;
    }
    let account = account();
    for shell in Shell::ALL {
        account.home.rc(shell, &shell.export("HF_TOKEN", "mine"), "");
    }
    let mut terminal = Terminal::open(&account.home, Shell::Fish);
    for shell in [Shell::Zsh, Shell::Bash, Shell::Fish] {
        terminal.shell = shell;
        let text = terminal.run(shell.name());
        assert!(!text.contains("vastenv:"), "{text}");
        assert_eq!([terminal.get("HF_TOKEN"), terminal.get("OTHER")], ["hf_1", "o_1"], "{shell:?}");
    }
    account.home.vastenv_ok(&["delete", "env-var", "HF_TOKEN"]);
    // From the innermost shell outwards.
    for (shell, is_last) in
        [(Shell::Fish, false), (Shell::Bash, false), (Shell::Zsh, false), (Shell::Fish, true)]
    {
        terminal.shell = shell;
        terminal.run("");
        assert_eq!(terminal.get("HF_TOKEN"), "mine", "{shell:?}");
        if !is_last {
            terminal.run("exit");
        }
    }
}

#[test]
fn a_shell_that_replaces_itself_keeps_the_way_back() {
    each(|shell| {
        let account = account();
        let before = [shell.export("HF_TOKEN", "mine"), shell.set("OTHER", "local")];
        account.home.rc(shell, &before.join("\n"), "");
        let mut terminal = Terminal::open(&account.home, shell);
        account.home.rc(shell, "", "");
        terminal.run(&format!("exec {}", shell.name()));
        assert_eq!([terminal.get("HF_TOKEN"), terminal.get("OTHER")], ["hf_1", "o_1"]);
        terminal.run(&shell.set("VASTENV_DISABLE", "1"));
        // What was not exported ended with the shell that held it.
        assert_eq!([terminal.get("HF_TOKEN"), terminal.get("OTHER")], ["mine", "unset"]);
    });
}

#[test]
fn a_fresh_environment_is_loaded_anew() {
    each(|shell| {
        let account = account();
        let mut terminal = Terminal::open(&account.home, shell);
        let url = account.home.variables.iter().find(|(name, _)| name == "VAST_URL").expect("set").1.clone();
        let home = account.home.path("").display().to_string();
        terminal.run(&format!("env -i HOME={home} VAST_URL={url} TERM=dumb PATH=\"$PATH\" {}", shell.name()));
        assert_eq!(terminal.get("HF_TOKEN"), "hf_1");
        terminal.run("exit");
        terminal.run(&format!("env -u HF_TOKEN {}", shell.name()));
        assert_eq!(terminal.get("HF_TOKEN"), "hf_1");
        terminal.run("exit");
        terminal.run(&format!("env HF_TOKEN=given {}", shell.name()));
        assert_eq!(terminal.get("HF_TOKEN"), "given");
        terminal.run(&shell.set("VASTENV_DISABLE", "1"));
        assert_eq!(terminal.get("HF_TOKEN"), "given");
        terminal.run("exit");
        assert_eq!(terminal.get("HF_TOKEN"), "hf_1");
    });
}

#[test]
fn a_nested_shell_may_be_for_another_account() {
    each(|shell| {
        let one = account();
        let other = Account::with(&[("HF_TOKEN", "theirs"), ("ELSE", "e_1")]);
        // The first account's home learns of the second: its server differs.
        let url = |account: &Account| {
            account.home.variables.iter().find(|(name, _)| name == "VAST_URL").expect("set").1.clone()
        };
        let there = format!("VAST_URL={}", url(&other));
        let mut command = one.home.command(&one.home.binary);
        command.env("VAST_URL", url(&other)).arg("refresh");
        assert!(command.output().expect("run").status.success());
        let mut terminal = Terminal::open(&one.home, shell);
        terminal.run(&format!("env {there} {}", shell.name()));
        assert_eq!(
            [terminal.get("HF_TOKEN"), terminal.get("ELSE"), terminal.get("OTHER")],
            ["theirs", "e_1", "unset"]
        );
        terminal.run("exit");
        terminal.run("");
        assert_eq!([terminal.get("HF_TOKEN"), terminal.get("OTHER")], ["hf_1", "o_1"]);
    });
}
