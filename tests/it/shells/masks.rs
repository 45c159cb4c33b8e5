//! Values that the server hides, as shells see them.

use super::account::Account;
use super::follow::each;
use super::trace::Traced;
use crate::pty::Terminal;

const NOTICE: &str = "2 of 2 variables are hidden by Vast and unknown here: HF_TOKEN, TWO";

#[test]
fn a_hook_tells_once_what_is_hidden_and_how_to_mend_it() {
    each(|shell| {
        let account = Account::masked(&[("HF_TOKEN", "hf_1"), ("TWO", "2")]);
        let (mut terminal, greeting) = Terminal::start(&account.home, shell, &[shell.name(), "-i"]);
        let said = format!("{greeting}{}", terminal.settle());
        assert_eq!(said.matches(NOTICE).count(), 1, "{said}");
        assert!(said.contains("vastenv remember env-var --all"), "{said}");
        assert_eq!((terminal.get("HF_TOKEN").as_str(), terminal.get("TWO").as_str()), ("unset", "unset"));
        account.age_snapshot();
        account.home.vastenv_ok(&["refresh", "--quiet"]);
        let more = terminal.run("");
        let (_, second) = Terminal::start(&account.home, shell, &[shell.name(), "-i"]);
        assert!(!more.contains("hidden by Vast") && !second.contains("hidden by Vast"), "{more} {second}");
    });
}

#[test]
fn shells_follow_what_is_remembered_and_forgotten() {
    each(|shell| {
        let account = Account::masked(&[("HF_TOKEN", "hf_1"), ("TWO", "2")]);
        let mut traced = Traced::open(&account.home, shell);
        for (arguments, value) in [
            (&["remember", "env-var", "HF_TOKEN", "one"][..], "one"),
            (&["update", "env-var", "HF_TOKEN", "two"], "two"),
            (&["refresh", "--quiet"], "two"),
            (&["forget", "env-var", "HF_TOKEN"], "unset"),
            (&["remember", "env-var", "HF_TOKEN", "***"], "***"),
            (&["delete", "env-var", "HF_TOKEN"], "unset"),
            (&["create", "env-var", "HF_TOKEN", "--remembered", "-y"], "***"),
        ] {
            account.home.vastenv_ok(arguments);
            traced.terminal.run("");
            assert_eq!(traced.terminal.get("HF_TOKEN"), value, "after {arguments:?}");
        }
        traced.assert_steady(3, "remembering and forgetting");
    });
}

#[test]
fn a_damaged_file_of_values_changes_nothing_in_a_shell() {
    each(|shell| {
        let account = Account::masked(&[("HF_TOKEN", "hf_1"), ("TWO", "2")]);
        account.home.vastenv_ok(&["remember", "env-var", "HF_TOKEN", "one"]);
        let mut terminal = Terminal::open(&account.home, shell);
        let folders = std::fs::read_dir(account.home.path(".local/share/vastenv")).expect("a folder");
        let path =
            folders.map(|entry| entry.expect("an entry").path().join("values.json")).next().expect("one");
        std::fs::write(&path, "{").expect("written");
        account.age_snapshot();
        account.home.vastenv_ok(&["set", "env-var", "THIRD", "3", "--no-remember"]);
        let said = terminal.run("");
        assert!(said.contains("values.json") && said.contains("damaged"), "{said}");
        assert_eq!(terminal.get("HF_TOKEN"), "one");
        assert!(!said.contains("not yet known here"), "{said}");
    });
}
