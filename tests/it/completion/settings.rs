//! TABs in shells whose settings are not the usual ones: what other users have in their start-up files.

use super::account::Account;
use super::tabs::{Setup, Tabs};

/// What holds in every shell.
const COMPLETED: [(&str, &str); 6] = [
    ("vastenv sho\t", "|show"),
    ("vastenv create api-key --permission=mis\t", "|create|api-key|--permission=misc"),
    ("vastenv create api-key --permission_file=onl\t", "|create|api-key|--permission_file=only file.json"),
    ("vastenv why hf_t\t", "|why|HF_TOKEN"),
    ("vastenv delete ssh-key 130 \t", "|delete|ssh-key|130|12"),
    ("vastenv run -- printen\t A", "|run|--|printenv|A"),
];

/// A terminal with these settings, in which all of [`COMPLETED`] holds.
fn completes(account: &mut Account, setup: Setup, settings: &str) -> Tabs {
    account.home.write("only file.json", "{}");
    let mut tabs = Tabs::open(account, setup);
    tabs.terminal.run(settings);
    for (keys, expected) in COMPLETED {
        assert_eq!(tabs.arguments(keys), expected, "{settings}: {keys:?}");
    }
    tabs
}

#[test]
fn bash_completes_whatever_its_settings() {
    for settings in [
        "COMP_WORDBREAKS=${COMP_WORDBREAKS//[=:]/}",
        "set -eu -o pipefail -o noclobber",
        "set -f; shopt -s nullglob failglob",
        "set -o posix",
        "IFS=: ; shopt -s nocasematch extglob",
        "bind 'set show-all-if-ambiguous on'",
        "bind 'set completion-ignore-case on'",
        "bind 'set menu-complete-display-prefix on'; bind 'TAB:menu-complete'",
    ] {
        let mut account = Account::known();
        let mut tabs = completes(&mut account, Setup::Bash, settings);
        for (keys, expected) in [
            (
                "vastenv create api-key --permission_file onl\t",
                "|create|api-key|--permission_file|only file.json",
            ),
            ("vastenv nonsense \t", "|nonsense"),
        ] {
            assert_eq!(tabs.arguments(keys), expected, "{settings}: {keys:?}");
        }
        // A menu inserts words: none may have its description with it.
        let words = tabs.arguments("vastenv delete ssh-key \t\t");
        assert!(
            ["|delete|ssh-key|1", "|delete|ssh-key|12", "|delete|ssh-key|130"].contains(&words.as_str()),
            "{settings}: {words}"
        );
    }
}

#[test]
fn zsh_completes_whatever_its_settings() {
    for settings in [
        "setopt ksh_arrays sh_word_split glob_subst",
        "setopt nounset warn_create_global",
        "setopt csh_junkie_quotes no_bare_glob_qual null_glob",
        "setopt complete_in_word always_to_end glob_complete",
        "setopt menu_complete",
        "zstyle ':completion:*' completer _expand _complete _ignored _approximate",
        "zstyle ':completion:*' matcher-list 'm:{a-zA-Z}={A-Za-z}' 'r:|[._-]=* r:|=*'",
        "zstyle ':completion:*' format '%d'; zstyle ':completion:*' group-name ''",
        "alias -g print=broken local=broken command=broken",
        "unfunction _vastenv; source ~/.local/share/zsh/site-functions/_vastenv",
    ] {
        completes(&mut Account::known(), Setup::Zsh, settings);
    }
}
