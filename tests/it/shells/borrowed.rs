//! Variables that another tool sets for a while and then puts back as it found them.

use super::account::Account;
use super::follow::each;
use crate::common::process::program;
use crate::pty::{Shell, Terminal};

/// What puts a variable back, as most tools do it: from a copy.
fn put_back(shell: Shell, name: &str) -> String {
    match shell {
        Shell::Fish => format!("set -gx {name} $copy"),
        _ => format!("export {name}=\"$copy\""),
    }
}

fn copy(shell: Shell, name: &str) -> String {
    match shell {
        Shell::Fish => format!("set -g copy ${name}"),
        _ => format!("copy=${name}"),
    }
}

#[test]
fn what_is_put_back_by_hand_is_followed_again() {
    each(|shell| {
        for borrow in [shell.export("HF_TOKEN", "borrowed"), shell.unset("HF_TOKEN")] {
            let account = Account::with(&[("HF_TOKEN", "hf_1"), ("OTHER", "o_1")]);
            account.home.rc(shell, &shell.export("HF_TOKEN", "mine"), "");
            let update = |name: &str, value: &str| {
                account.home.vastenv_ok(&["update", "env-var", name, value]);
            };
            let mut terminal = Terminal::open(&account.home, shell);
            terminal.run(&copy(shell, "HF_TOKEN"));
            terminal.run(&borrow);
            update("OTHER", "o_2");
            terminal.run("");
            assert_ne!(terminal.get("HF_TOKEN"), "hf_1", "{borrow}");
            // Before a rotation, and after one.
            terminal.run(&put_back(shell, "HF_TOKEN"));
            update("HF_TOKEN", "hf_2");
            terminal.run("");
            assert_eq!(terminal.get("HF_TOKEN"), "hf_2", "{borrow}");
            terminal.run(&put_back(shell, "HF_TOKEN"));
            assert_eq!(terminal.get("HF_TOKEN"), "hf_1", "{borrow}");
            update("OTHER", "o_3");
            terminal.run("");
            assert_eq!(terminal.get("HF_TOKEN"), "hf_2", "{borrow}");
            terminal.run(&shell.set("VASTENV_DISABLE", "1"));
            assert_eq!(terminal.get("HF_TOKEN"), "mine", "{borrow}");
        }
    });
}

#[test]
fn what_direnv_puts_back_is_followed_again() {
    if program("direnv").is_none() {
        return;
    }
    each(|shell| {
        let direnv = match shell {
            Shell::Fish => "direnv hook fish | source".to_owned(),
            _ => format!("eval \"$(direnv hook {})\"", shell.name()),
        };
        let mine = shell.export("HF_TOKEN", "mine");
        for (before, after) in [(mine.clone(), direnv.clone()), (format!("{mine}\n{direnv}"), String::new())]
        {
            in_and_out_of_a_folder(shell, &before, &after);
        }
    });
}

fn in_and_out_of_a_folder(shell: Shell, before: &str, after: &str) {
    let mut account = Account::with(&[("HF_TOKEN", "hf_1"), ("OTHER", "o_1"), ("THIRD", "t_1")]);
    account.home.variable("DIRENV_LOG_FORMAT", "");
    account.home.rc(shell, before, after);
    account.home.write("project/.envrc", "export HF_TOKEN=project\nunset THIRD\n");
    let allowed = account.home.command("direnv").args(["allow", "project"]).status().expect("direnv runs");
    assert!(allowed.success());
    let load = |terminal: &mut Terminal, changes: &[(&str, &str)]| {
        for (name, value) in changes {
            account.home.vastenv_ok(&["update", "env-var", name, value]);
        }
        terminal.run("");
    };
    let held = |terminal: &mut Terminal| ["HF_TOKEN", "OTHER", "THIRD"].map(|name| terminal.get(name));

    let mut terminal = Terminal::open(&account.home, shell);
    assert_eq!(held(&mut terminal), ["hf_1", "o_1", "t_1"]);
    terminal.run("cd project");
    load(&mut terminal, &[("OTHER", "o_2")]);
    assert_eq!(held(&mut terminal), ["project", "o_2", "unset"]);
    terminal.run("cd ..");
    load(&mut terminal, &[("HF_TOKEN", "hf_2"), ("THIRD", "t_2")]);
    assert_eq!(held(&mut terminal), ["hf_2", "o_2", "t_2"], "rotated outside");

    terminal.run("cd project");
    load(&mut terminal, &[("HF_TOKEN", "hf_3"), ("THIRD", "t_3")]);
    assert_eq!(held(&mut terminal), ["project", "o_2", "unset"]);
    terminal.run("cd ..");
    load(&mut terminal, &[("OTHER", "o_3")]);
    assert_eq!(held(&mut terminal), ["hf_3", "o_3", "t_3"], "rotated inside");

    terminal.run("cd project");
    terminal.run(&shell.export("VASTENV_DISABLE", "1"));
    assert_eq!(held(&mut terminal), ["project", "unset", "unset"]);
    terminal.run("cd ..");
    // Another value makes the shell look.
    terminal.run(&shell.export("VASTENV_DISABLE", "yes"));
    assert_eq!(held(&mut terminal), ["mine", "unset", "unset"], "unloaded inside");
}
