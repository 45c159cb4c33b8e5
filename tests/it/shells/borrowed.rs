//! Variables that another tool sets for a while and then puts back as it found them.

use super::account::Account;
use super::follow::each;
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
