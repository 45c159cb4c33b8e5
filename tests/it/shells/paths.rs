//! fish splits variables named `*PATH` into lists, and joins them again for others.

use super::account::Account;
use crate::pty::{Shell, Terminal};

#[test]
fn a_variable_that_fish_makes_a_list_of_is_followed_like_any_other() {
    let shell = Shell::Fish;
    if !shell.is_here() {
        return;
    }
    for (before, given_back, count) in
        [("", "unset", "0"), ("set -gx MY_PATH /mine /other", "/mine:/other", "2")]
    {
        let account = Account::with(&[("MY_PATH", "/a:/b"), ("OTHER_PATH", "/x")]);
        account.home.rc(shell, before, "");
        let (mut terminal, said) = Terminal::start(&account.home, shell, &["fish", "-i"]);
        assert!(!said.contains("vastenv"), "{said}");
        assert_eq!(terminal.inherited("MY_PATH"), "/a:/b");
        account.home.vastenv_ok(&["update", "env-var", "MY_PATH", "/c:/d:/e"]);
        let text = terminal.run("");
        assert!(text.contains("vastenv: ~MY_PATH") && !text.contains("kept"), "{text}");
        assert_eq!(terminal.inherited("MY_PATH"), "/c:/d:/e");
        account.home.vastenv_ok(&["delete", "env-var", "OTHER_PATH"]);
        terminal.run("");
        assert_eq!(terminal.inherited("OTHER_PATH"), "unset");
        terminal.run(&shell.set("VASTENV_DISABLE", "1"));
        assert_eq!(terminal.inherited("MY_PATH"), given_back);
        let counted = terminal.run("printf '<%s elements>\\n' (count $MY_PATH)");
        assert!(counted.contains(&format!("<{count} elements>")), "{counted}");
    }
}
