//! TABs in terminals. The command line that a TAB leaves behind is run: `vastenv` is a function there
//! that shows its arguments, while the completion calls the program.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::account::{Account, VALUE};
use crate::common::skip::needs;
use crate::pty::{Shell, Terminal};

const BASH_COMPLETION: &str = "/usr/share/bash-completion/bash_completion";

/// A shell and how its completion is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    Bash,
    /// With the bash-completion package, which loads the script by its name.
    BashCompletion,
    Zsh,
    /// With a menu to select from.
    ZshMenu,
    Fish,
}

impl Setup {
    pub const ALL: [Self; 5] = [Self::Bash, Self::BashCompletion, Self::Zsh, Self::ZshMenu, Self::Fish];

    fn shell(self) -> Shell {
        match self {
            Self::Bash | Self::BashCompletion => Shell::Bash,
            Self::Zsh | Self::ZshMenu => Shell::Zsh,
            Self::Fish => Shell::Fish,
        }
    }

    fn is_here(self) -> bool {
        let lacks = self == Self::BashCompletion && !Path::new(BASH_COMPLETION).exists();
        needs(!lacks, "bash-completion")
            && self.shell().is_here()
            && (self != Self::BashCompletion || Shell::Bash.knows("[[ -v x ]] || :"))
    }

    /// The lines of the start-up file.
    fn lines(self) -> String {
        let aliases = "alias ve=vastenv\nalias vs='vastenv show'";
        let source = ". ~/.local/share/bash-completion/completions/vastenv";
        let zsh = "fpath=(~/.local/share/zsh/site-functions $fpath)\nautoload -Uz compinit && compinit -u -D";
        let shown = "vastenv() { printf '<got'; printf '|%s' \"$@\"; printf '>\\n'; }";
        match self {
            Self::Bash => format!("{aliases}\n{source}\n{shown}"),
            Self::BashCompletion => format!("{aliases}\n. {BASH_COMPLETION}\n{shown}"),
            Self::Zsh => format!("{zsh}\n{aliases}\n{shown}"),
            Self::ZshMenu => format!("{zsh}\nzstyle ':completion:*' menu select\n{aliases}\n{shown}"),
            Self::Fish => "function vastenv; printf '<got'; printf '|%s' $argv; printf '>\\n'; end\n\
                 alias ve=vastenv\nalias vs='vastenv show'"
                .to_owned(),
        }
    }

    /// The keys that show what there is to choose from, where it is more than one thing.
    fn list(self) -> &'static str {
        match self.shell() {
            Shell::Bash => "\t\t\t",
            // fish 3.1 only inserts what all have in common at the first.
            Shell::Zsh | Shell::Fish => "\t\t",
        }
    }
}

/// A terminal in which TAB is set up as `vastenv completions --install` does it.
struct Tabs {
    terminal: Terminal,
    setup: Setup,
}

impl Tabs {
    fn open(account: &mut Account, setup: Setup) -> Self {
        let home = &mut account.home;
        // A terminal that can move its cursor, as menus want.
        home.variable("TERM", "xterm");
        home.vastenv_ok(&["completions", setup.shell().name(), "--install"]);
        home.rc(setup.shell(), "", &setup.lines());
        Self { terminal: Terminal::open(home, setup.shell()), setup }
    }

    /// The arguments that the function gets once `keys` are typed.
    fn arguments(&mut self, keys: &str) -> String {
        let text = self.terminal.run(keys);
        let got = text.rsplit_once("<got").and_then(|(_, rest)| rest.split_once('>'));
        got.unwrap_or_else(|| panic!("{:?}: {keys:?} ran nothing: {text}", self.setup)).0.to_owned()
    }

    /// Types `line` and what lists the candidates; waits for all of `parts` to be shown, and gives
    /// up the line.
    fn lists(&mut self, line: &str, parts: &[&str]) -> String {
        self.terminal.send(&format!("{line}{}", self.setup.list()));
        let mut text = String::new();
        for part in parts {
            if !text.contains(part) {
                text.push_str(&self.terminal.until(part));
            }
        }
        self.terminal.send("\x15");
        text.push_str(&self.terminal.settle());
        text
    }
}

/// Does the same in every set-up, side by side.
fn each(test: impl Fn(&mut Account, Setup) + Sync) {
    std::thread::scope(|scope| {
        for setup in Setup::ALL {
            let test = &test;
            scope.spawn(move || {
                if setup.is_here() {
                    test(&mut Account::known(), setup);
                }
            });
        }
    });
}

#[test]
fn what_is_typed_is_completed() {
    each(|account, setup| {
        account.home.write("some file.json", "{}");
        account.home.write("col:on.json", "{}");
        account.home.write("a folder/inner", "");
        account.home.write(".ssh/work key.pub", "");
        account.home.write(".ssh/h$(touch executed)'; `x`.pub", "");
        account.home.write("hostile $(touch executed)'; `x`", "");
        let before = account.requests();
        let home = account.home.path("").display().to_string();
        let home = home.trim_end_matches('/');
        let mut tabs = Tabs::open(account, setup);
        for (keys, expected) in [
            // Commands and options.
            ("vastenv sho\t", "|show"),
            ("vastenv show s\t", "|show|ssh-keys"),
            ("vastenv --no-c\tstatus", "|--no-color|status"),
            ("vastenv status --ra\t", "|status|--raw"),
            // Values, behind a space and behind =.
            ("vastenv export do\t", "|export|dotenv"),
            ("vastenv show env-vars --only HF_H\t", "|show|env-vars|--only|HF_HOME"),
            ("vastenv run --except=HF_HOME,WA\t", "|run|--except=HF_HOME,WANDB_API_KEY"),
            ("vastenv run --rename N=WA\t", "|run|--rename|N=WANDB_API_KEY"),
            ("vastenv completions po\t", "|completions|powershell"),
            ("vastenv create api-key --permission user_r\t", "|create|api-key|--permission|user_read"),
            ("vastenv create api-key --permission=mis\t", "|create|api-key|--permission=misc"),
            // What the account has: letters of any case, ids that are not on the line yet.
            ("vastenv why hf_t\t", "|why|HF_TOKEN"),
            ("vastenv delete env-var Wandb\t", "|delete|env-var|WANDB_API_KEY"),
            // No shell takes it, and it can be deleted like others.
            ("vastenv delete env-var HF_TOKEN 9\t", "|delete|env-var|HF_TOKEN|9-A $(touch $HOME/executed)"),
            ("vastenv why 9\t", "|why|9"),
            ("vastenv delete ssh-key 13\t", "|delete|ssh-key|130"),
            ("vastenv delete ssh-key 130 \t", "|delete|ssh-key|130|12"),
            ("vastenv delete api-key 41 42 43 \t", "|delete|api-key|41|42|43|7"),
            ("vastenv delete ssh-key -- 13\t", "|delete|ssh-key|--|130"),
            ("vastenv delete ssh-key 12 130 \t", "|delete|ssh-key|12|130"),
            // Files: spaces, colons, the home, after =.
            (
                "vastenv create api-key --permission_file so\t",
                "|create|api-key|--permission_file|some file.json",
            ),
            (
                "vastenv create api-key --permission_file=so\t",
                "|create|api-key|--permission_file=some file.json",
            ),
            (
                "vastenv create api-key --permission_file some\\ f\t",
                "|create|api-key|--permission_file|some file.json",
            ),
            (
                "vastenv create api-key --permission_file col\t",
                "|create|api-key|--permission_file|col:on.json",
            ),
            ("vastenv completions zsh --install --dir a\t", "|completions|zsh|--install|--dir|a folder"),
            ("vastenv allow a\t", "|allow|a folder"),
            ("vastenv deny a\t", "|deny|a folder"),
            ("vastenv init --only HF_H\t", "|init|--only|HF_HOME"),
            ("vastenv init a\t", "|init|a folder"),
            (
                "vastenv create api-key --permission_file ~/so\t",
                "|create|api-key|--permission_file|~/some file.json",
            ),
            ("vastenv create ssh-key ~/.ssh/wo\t", "|create|ssh-key|~/.ssh/work key.pub"),
            ("vastenv update ssh-key 12 ~/.ssh/w\t", "|update|ssh-key|12|~/.ssh/work key.pub"),
            ("vastenv create ssh-key ~/.ssh/h\t", "|create|ssh-key|~/.ssh/h$(touch executed)'; `x`.pub"),
            ("vastenv sandbox --state ho\t", "|sandbox|--state|hostile $(touch executed)'; `x`"),
            // Another program's command line.
            ("vastenv run -- cat so\t", "|run|--|cat|some file.json"),
            ("vastenv run -- printen\t A", "|run|--|printenv|A"),
            ("vastenv sandbox -- printen\t A", "|sandbox|--|printenv|A"),
            // In the middle of a line.
            ("vastenv sho env-vars\x02\x02\x02\x02\x02\x02\x02\x02\x02\t", "|show|env-vars"),
            // Nothing to offer: nothing happens.
            ("vastenv status \t", "|status"),
            ("vastenv nonsense \t", "|nonsense"),
            ("vastenv create env-var h\t", "|create|env-var|h"),
            ("vastenv set api-key \t", "|set|api-key"),
        ] {
            let expected = expected.replace('~', home);
            // zsh takes the slash behind a folder away again.
            let arguments = tabs.arguments(keys);
            assert_eq!(arguments.trim_end_matches('/'), expected, "{setup:?}: {keys:?}");
        }
        drop(tabs);
        assert!(!account.home.path("executed").exists(), "{setup:?}");
        assert_eq!(account.requests(), before, "{setup:?}: a TAB asked the server");
    });
}

#[test]
fn behind_a_redirection_files_are_completed() {
    each(|account, setup| {
        account.home.write("tok en", "");
        let mut tabs = Tabs::open(account, setup);
        for (keys, expected) in [
            ("vastenv create env-var X < tok\t", "|create|env-var|X"),
            ("vastenv delete ssh-key 12 2> tok\t", "|delete|ssh-key|12"),
            ("vastenv 2>tok\\ en delete ssh-key 13\t", "|delete|ssh-key|130"),
        ] {
            assert_eq!(tabs.arguments(keys), expected, "{setup:?}: {keys:?}");
        }
        tabs.terminal.run("vastenv export dotenv >tok\t");
        assert_eq!(account.home.read("tok en"), "<got|export|dotenv>\n", "{setup:?}");
        assert!(!account.home.path("tok").exists(), "{setup:?}");
    });
}

#[test]
fn another_programs_own_completion_goes_on_behind_run() {
    each(|account, setup| {
        let mut tabs = Tabs::open(account, setup);
        let lines: &[&str] = match setup.shell() {
            Shell::Bash => &[
                "_frob() { COMPREPLY=($(compgen -W 'alpha beta' -- \"$2\")); }; complete -F _frob frob",
                "complete -W 'alpha beta' nicate",
            ],
            Shell::Zsh => &["_frob() { compadd alpha beta; }; compdef _frob frob nicate"],
            Shell::Fish => &["complete -c frob -f -a 'alpha beta'", "complete -c nicate -f -a 'alpha beta'"],
        };
        for line in lines {
            tabs.terminal.run(line);
        }
        for (keys, expected) in [
            ("vastenv run -- frob al\t", "|run|--|frob|alpha"),
            ("vastenv run --preserve-env -- frob x:y al\t", "|run|--preserve-env|--|frob|x:y|alpha"),
            ("vastenv --url=x run nicate al\t", "|--url=x|run|nicate|alpha"),
            ("vastenv sandbox --port=3 -- frob al\t", "|sandbox|--port=3|--|frob|alpha"),
        ] {
            assert_eq!(tabs.arguments(keys), expected, "{setup:?}: {keys:?}");
        }
    });
}

#[test]
fn what_is_selected_in_a_menu_is_inserted_alone() {
    each(|account, setup| {
        if matches!(setup, Setup::ZshMenu | Setup::Fish) {
            let mut tabs = Tabs::open(account, setup);
            assert_eq!(tabs.arguments("vastenv show \t\t\n"), "|show|env-vars", "{setup:?}");
            let id = tabs.arguments("vastenv delete ssh-key \t\t\t\n");
            assert!(["|delete|ssh-key|12", "|delete|ssh-key|130"].contains(&id.as_str()), "{setup:?}: {id}");
        }
    });
}

#[test]
fn an_alias_is_completed_like_what_it_stands_for() {
    each(|account, setup| {
        let mut tabs = Tabs::open(account, setup);
        if setup == Setup::BashCompletion {
            // The package loads the script at the first TAB after its own name.
            assert_eq!(tabs.arguments("ve sho\t"), "|sho");
            assert_eq!(tabs.arguments("vastenv sho\t"), "|show");
        }
        assert_eq!(tabs.arguments("ve delete ssh-key 13\t"), "|delete|ssh-key|130", "{setup:?}");
        assert_eq!(tabs.arguments("vs ssh\t"), "|show|ssh-keys", "{setup:?}");
        assert_eq!(tabs.arguments("ve run -- printen\t A"), "|run|--|printenv|A", "{setup:?}");
    });
}

#[test]
fn candidates_have_their_descriptions_and_nothing_in_them_acts() {
    each(|account, setup| {
        let mut tabs = Tabs::open(account, setup);
        let keys = tabs.lists("vastenv delete ssh-key ", &["me@laptop", "$(touch"]);
        assert!(keys.contains("SHA256:") && keys.contains("\\u{1b}[2J"), "{setup:?}: {keys}");
        let api_keys = tabs.lists("vastenv show api-key ", &["main", "user_read", "$(touch"]);
        let commands = tabs.lists("vastenv ", &["Show variables or keys"]);
        let names = tabs.lists("vastenv why HF_", &["HOME", "TOKEN"]);
        for text in [keys, api_keys, commands, names] {
            assert!(!text.contains(VALUE), "{setup:?}: {text}");
            assert!(!text.contains(['\u{202e}']), "{setup:?}: {text}");
        }
        assert!(!account.home.path("executed").exists(), "{setup:?}");
    });
}

#[test]
fn without_the_program_a_tab_is_silent() {
    each(|account, setup| {
        let mut tabs = Tabs::open(account, setup);
        let gone = match setup.shell() {
            Shell::Fish => "set -gx PATH /usr/bin /bin",
            _ => "PATH=/usr/bin:/bin; hash -r",
        };
        tabs.terminal.run(gone);
        let text = tabs.terminal.run("vastenv delete ssh-key \t");
        assert!(text.contains("<got|delete|ssh-key>"), "{setup:?}: {text}");
        assert!(!text.contains("not found") && !text.contains("Unknown"), "{setup:?}: {text}");
    });
}

#[test]
fn what_is_typed_is_no_argument_of_any_process() {
    each(|account, setup| {
        account.home.write("fake/vastenv", "#!/bin/sh\necho \"$@\" >>\"$HOME/arguments\"\n");
        let fake = account.home.path("fake/vastenv");
        std::fs::set_permissions(fake, std::fs::Permissions::from_mode(0o755)).expect("chmod");
        let mut tabs = Tabs::open(account, setup);
        tabs.terminal.run(match setup.shell() {
            Shell::Fish => "set -gx PATH ~/fake $PATH",
            _ => "PATH=~/fake:$PATH; hash -r",
        });
        tabs.arguments("vastenv set api-key s3cret\t");
        let seen = account.home.read("arguments");
        assert!(seen.contains("__complete 1 ") && !seen.contains("s3cret"), "{setup:?}: {seen}");
    });
}

/// What other users have in their `~/.bashrc`.
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
        account.home.write("only file.json", "{}");
        let mut tabs = Tabs::open(&mut account, Setup::Bash);
        tabs.terminal.run(settings);
        for (keys, expected) in [
            ("vastenv sho\t", "|show"),
            ("vastenv create api-key --permission=mis\t", "|create|api-key|--permission=misc"),
            (
                "vastenv create api-key --permission_file=onl\t",
                "|create|api-key|--permission_file=only file.json",
            ),
            (
                "vastenv create api-key --permission_file onl\t",
                "|create|api-key|--permission_file|only file.json",
            ),
            ("vastenv why hf_t\t", "|why|HF_TOKEN"),
            ("vastenv delete ssh-key 130 \t", "|delete|ssh-key|130|12"),
            ("vastenv run -- printen\t A", "|run|--|printenv|A"),
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

/// What other users have in their `~/.zshrc`.
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
        let mut account = Account::known();
        account.home.write("only file.json", "{}");
        let mut tabs = Tabs::open(&mut account, Setup::Zsh);
        tabs.terminal.run(settings);
        for (keys, expected) in [
            ("vastenv sho\t", "|show"),
            ("vastenv create api-key --permission=mis\t", "|create|api-key|--permission=misc"),
            (
                "vastenv create api-key --permission_file=onl\t",
                "|create|api-key|--permission_file=only file.json",
            ),
            ("vastenv why hf_t\t", "|why|HF_TOKEN"),
            ("vastenv delete ssh-key 130 \t", "|delete|ssh-key|130|12"),
            ("vastenv run -- printen\t A", "|run|--|printenv|A"),
        ] {
            assert_eq!(tabs.arguments(keys), expected, "{settings}: {keys:?}");
        }
    }
}
