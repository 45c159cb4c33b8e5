//! The binary changes while shells are open.

use std::os::unix::fs::symlink;

use super::account::Account;
use super::follow::each;
use super::trace::Traced;
use crate::pty::{Shell, Terminal};

/// A binary at `below` in the home folder.
fn install(account: &Account, below: &str) -> std::path::PathBuf {
    let path = account.home.path(below);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::copy(env!("CARGO_BIN_EXE_vastenv"), &path).expect("copied");
    path
}

#[test]
fn a_link_that_is_pointed_elsewhere_is_followed() {
    each(|shell| {
        for found_in_path in [true, false] {
            let mut account = Account::with(&[("HF_TOKEN", "hf_1")]);
            let first = install(&account, "Cellar/1.0/bin/vastenv");
            let link = account.home.path("bin/vastenv");
            std::fs::create_dir_all(account.home.path("bin")).expect("a folder");
            symlink(&first, &link).expect("linked");
            let path =
                format!("{}:{}", account.home.path("bin").display(), std::env::var("PATH").expect("PATH"));
            account.home.variable("PATH", &path);
            let original = std::mem::replace(
                &mut account.home.binary,
                if found_in_path { "vastenv".into() } else { link.clone() },
            );
            account.home.rc(shell, "", "");
            account.home.binary = original;
            let mut terminal = Terminal::open(&account.home, shell);
            assert_eq!(terminal.get("HF_TOKEN"), "hf_1");

            let second = install(&account, "Cellar/2.0/bin/vastenv");
            std::fs::remove_file(&link).expect("removed");
            symlink(&second, &link).expect("linked");
            std::fs::remove_dir_all(account.home.path("Cellar/1.0")).expect("removed");
            account.home.vastenv_ok(&["create", "env-var", "NEW", "1"]);
            let text = terminal.run("");
            assert!(text.contains("vastenv: +NEW") && !text.contains("no answer"), "{text}");
        }
    });
}

#[test]
fn a_binary_that_moved_is_looked_up_in_path() {
    each(|shell| {
        let mut account = Account::with(&[("HF_TOKEN", "hf_1")]);
        let first = install(&account, "versions/1.0/vastenv");
        let path = format!("{}:{}", account.home.path("bin").display(), std::env::var("PATH").expect("PATH"));
        account.home.variable("PATH", &path);
        let original = std::mem::replace(&mut account.home.binary, first);
        account.home.rc(shell, "", "");
        account.home.binary = original;
        let mut traced = Traced::open(&account.home, shell);
        install(&account, "bin/vastenv");
        std::fs::remove_dir_all(account.home.path("versions")).expect("removed");
        account.home.vastenv_ok(&["create", "env-var", "NEW", "1"]);
        let text = traced.terminal.run("");
        assert!(text.contains("vastenv: +NEW") && !text.contains("no answer"), "{text}");
        traced.assert_steady(5, "with a binary that moved");
    });
}

#[test]
fn a_hook_of_another_version_is_replaced_in_open_shells() {
    each(|shell| {
        let account = Account::with(&[("HF_TOKEN", "hf_1"), ("UNICODE", "家 it's")]);
        let binary = account.home.binary.display();
        let other = format!("{binary} hook {} | sed 's/--hook=[0-9a-f]* /--hook=0badcafe /'", shell.name());
        let line =
            if shell == Shell::Fish { format!("{other} | source") } else { format!("eval \"$({other})\"") };
        let prompt = if shell == Shell::Fish {
            "function fish_prompt; echo -n 'READY> '; end; set -g fish_greeting"
        } else {
            "PS1='READY> '"
        };
        account.home.write(shell.rc_file(), &format!("{prompt}\n{line}\n"));
        let (mut terminal, said) = Terminal::start(&account.home, shell, &[shell.name(), "-i"]);
        assert!(!said.contains("vastenv"), "{said}");
        assert_eq!(terminal.get("UNICODE"), "家 it's");
        let shown = if shell == Shell::Fish { "functions" } else { "typeset -f" };
        let ask = terminal.run(&format!("{shown} __vastenv_ask"));
        assert!(ask.contains("--hook=") && !ask.contains("0badcafe"), "{ask}");
        account.home.vastenv_ok(&["create", "env-var", "NEW", "1"]);
        assert!(terminal.run("").contains("vastenv: +NEW"));
    });
}
