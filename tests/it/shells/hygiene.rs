//! The hook leaves a shell as if it were not there.

use std::process::Stdio;

use super::account::Account;
use super::follow::each;
use super::trace::Traced;
use crate::pty::{Shell, Terminal};

fn account() -> Account {
    Account::with(&[("HF_TOKEN", "hf_1")])
}

#[test]
fn an_exit_status_is_seen_by_the_next_line() {
    each(|shell| {
        let account = account();
        let mut terminal = Terminal::open(&account.home, shell);
        let status = if shell == Shell::Fish { "echo status:$status." } else { "echo status:$?." };
        for change in [&["create", "env-var", "NEW", "1"][..], &["delete", "env-var", "NEW"]] {
            // The prompt after the first line loads.
            account.home.vastenv_ok(change);
            terminal.send("sh -c 'exit 7'\n");
            terminal.send(&format!("{status}\n"));
            let text = terminal.settle();
            assert!(text.contains("status:7.") && text.contains("NEW\r\n"), "{text}");
            terminal.send("sh -c 'exit 8'\n");
            terminal.send(&format!("{status}\n"));
            assert!(terminal.settle().contains("status:8."));
        }
    });
}

#[test]
fn neighbours_in_bash_see_what_they_always_saw() {
    let shell = Shell::Bash;
    if !shell.is_here() {
        return;
    }
    let see = |name: &str| format!("{name}+=\"<$?:${{PIPESTATUS[*]}}>\"");
    let (a, b) = (see("seen_a"), see("seen_b"));
    // Before 5.1 only a string counts, in which the second sees what the first left behind.
    let has_arrays = shell.knows("((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501))");
    let names = if has_arrays { &["seen_a", "seen_b"][..] } else { &["seen_a"] };
    let add = |what: &str| {
        if has_arrays {
            format!("PROMPT_COMMAND+=('{what}');")
        } else {
            format!("PROMPT_COMMAND=\"${{PROMPT_COMMAND-}}\"$'\\n''{what}';")
        }
    };
    let (add_b, add_both) = (add(&b), add(&a) + &add(&b));
    let rows = [
        ("a string before", format!("PROMPT_COMMAND='{a}'"), add_b.clone()),
        ("a trailing semicolon", format!("PROMPT_COMMAND='{a};'"), add_b.clone()),
        ("a trailing line break", format!("PROMPT_COMMAND='{a}\n'"), add_b.clone()),
        ("an array before", format!("PROMPT_COMMAND=('{a}' '{b}')"), String::new()),
        ("nothing before", "unset PROMPT_COMMAND".into(), add_both.clone()),
        ("an empty one", "PROMPT_COMMAND=".into(), add_both.clone()),
        ("a string put after", String::new(), format!("PROMPT_COMMAND='{a}'; {add_b}")),
        (
            "a string put before what was there",
            String::new(),
            format!("PROMPT_COMMAND=\"true;$PROMPT_COMMAND\"; {add_both}"),
        ),
        ("an exported string", format!("export PROMPT_COMMAND='{a}'"), add_b),
    ];
    for (what, before, after) in rows {
        let account = account();
        account.home.rc(shell, &before, &after);
        let mut terminal = Terminal::open(&account.home, shell);
        terminal.run("true | (exit 4)");
        account.home.vastenv_ok(&["create", "env-var", "NEW", "1"]);
        let text = terminal.run("(exit 5) | (exit 6)");
        assert!(text.contains("vastenv: +NEW"), "{what}: {text}");
        for name in names {
            let seen = terminal.get(name);
            assert!(seen.contains("<4:0 4>") && seen.contains("<6:5 6>"), "{what}: {name} is {seen}");
        }
        assert!(!terminal.text().contains("bash:"), "{what}: {}", terminal.text());
    }
}

#[test]
fn neighbours_in_zsh_see_what_they_always_saw() {
    let shell = Shell::Zsh;
    if !shell.is_here() {
        return;
    }
    let account = account();
    let see = |name: &str| format!("{name}() {{ seen_{name}+=\"<$?:$pipestatus>\" }}");
    let before = format!("{}; precmd_functions=(a)", see("a"));
    let after = format!("{}; precmd_functions+=(b)", see("b"));
    account.home.rc(shell, &before, &after);
    let mut terminal = Terminal::open(&account.home, shell);
    terminal.run("true | (exit 4)");
    account.home.vastenv_ok(&["create", "env-var", "NEW", "1"]);
    terminal.run("(exit 5) | (exit 6)");
    for name in ["seen_a", "seen_b"] {
        let seen = terminal.get(name);
        assert!(seen.contains("<4:0 4>") && seen.contains("<6:5 6>"), "{name} is {seen}");
    }
}

#[test]
fn neighbours_in_fish_see_what_they_always_saw() {
    let shell = Shell::Fish;
    if !shell.is_here() {
        return;
    }
    let account = account();
    let see = |name: &str| {
        format!("function {name} --on-event fish_prompt; set -ga seen_{name} \"<$status:$pipestatus>\"; end")
    };
    account.home.rc(shell, &see("a"), &see("b"));
    let mut terminal = Terminal::open(&account.home, shell);
    terminal.run("true | sh -c 'exit 4'");
    account.home.vastenv_ok(&["create", "env-var", "NEW", "1"]);
    terminal.run("sh -c 'exit 5' | sh -c 'exit 6'");
    for name in ["seen_a", "seen_b"] {
        let seen = terminal.get(name);
        assert!(seen.contains("<4:0 4>") && seen.contains("<6:5 6>"), "{name} is {seen}");
    }
}

#[test]
fn sourced_three_times_it_is_there_once() {
    each(|shell| {
        let account = account();
        let hook = shell.hook_line(&account.home.binary);
        account.home.rc(shell, &hook, &hook);
        let mut traced = Traced::open(&account.home, shell);
        let text = traced.terminal.run(match shell {
            Shell::Bash => "echo \"entries:${PROMPT_COMMAND[*]}.\"",
            Shell::Zsh => "echo \"entries:$precmd_functions.\"",
            Shell::Fish => "echo entries:(functions --handlers | string match -a '*__vastenv_hook*').",
        });
        let shown = text.rsplit("entries:").next().expect("entries");
        assert_eq!(shown.matches("__vastenv_hook").count(), 1, "{text}");
        traced.assert_steady(5, "sourced three times");
        account.home.vastenv_ok(&["create", "env-var", "NEW", "1"]);
        let text = traced.terminal.run("");
        assert_eq!(text.matches("vastenv: +NEW").count(), 1, "{text}");
    });
}

/// What users set in their start-up files.
fn settings(shell: Shell) -> &'static [&'static str] {
    match shell {
        Shell::Bash => &[
            "set -eu",
            "set -o pipefail",
            "set -o noclobber",
            "set -a",
            "set -f",
            "set -o posix",
            "set -euaCfET; set -o pipefail",
            "shopt -s extdebug nullglob failglob nocasematch extglob dotglob",
            "set -e; shopt -s inherit_errexit",
            "trap 'echo ERR-TRAP' ERR; set -E",
            "trap 'debugged=1' DEBUG; trap 'echo INT-TRAP' INT; trap 'echo RETURN-TRAP' RETURN",
            "IFS=e",
            "IFS=:",
            "IFS=",
            "unset IFS",
            "set -k",
            "set -ku",
            "alias builtin='echo ALIAS' test='echo ALIAS' set='echo ALIAS' shopt='echo ALIAS' local='echo ALIAS'",
            "SECONDS=1000000",
            "unset SECONDS",
            "unset SECONDS; SECONDS=soon",
            "alias export='echo ALIAS' local='echo ALIAS' unset='echo ALIAS' set='echo ALIAS' declare='echo ALIAS' return='echo ALIAS'",
            "AFTER alias eval='echo ALIAS' builtin='echo ALIAS' export='echo ALIAS'",
            "export() { echo FUNCTION; }; cd() { builtin cd \"$@\"; }; test() { echo FUNCTION; }; printf_() { :; }",
            "set() { echo FUNCTION; }; declare() { echo FUNCTION; }; unset() { builtin unset \"$@\"; }",
            "AFTER set() { echo FUNCTION; }; eval() { echo FUNCTION; }",
            "LC_ALL=C",
        ],
        Shell::Zsh => &[
            "setopt err_exit",
            "setopt err_return",
            "setopt nounset",
            "setopt ksh_arrays",
            "setopt sh_word_split glob_subst",
            "setopt warn_create_global",
            "setopt warn_nested_var",
            "setopt noclobber all_export",
            "setopt csh_junkie_quotes rc_quotes csh_junkie_history",
            "setopt sh_glob ignore_braces no_glob extended_glob",
            "setopt force_float octal_zeroes c_bases",
            "setopt posix_builtins posix_identifiers posix_aliases",
            "setopt err_exit nounset ksh_arrays sh_word_split all_export no_multios pipe_fail",
            "TRAPZERR() { echo ERR-TRAP }",
            "trap 'echo ERR-TRAP' ERR",
            "trap 'echo INT-TRAP' INT; TRAPDEBUG() { debugged=1 }",
            "IFS=e",
            "IFS=",
            "SECONDS=1000000",
            "unset SECONDS",
            "typeset -F SECONDS",
            "alias export='echo ALIAS' local='echo ALIAS' unset='echo ALIAS' builtin='echo ALIAS' typeset='echo ALIAS' case='echo ALIAS'",
            "AFTER alias eval='echo ALIAS' builtin='echo ALIAS'",
            "alias -g k='| cat' emulate='echo ALIAS' no_aliases='echo ALIAS'",
            "export() { echo FUNCTION }; cd() { builtin cd \"$@\" }; test() { echo FUNCTION }",
        ],
        Shell::Fish => &[
            "function cd; builtin cd $argv; end",
            "function math; builtin echo FUNCTION; end; function path; builtin echo FUNCTION; end",
            "function export; command echo FUNCTION; end; function print; command echo FUNCTION; end",
            "set -g slot 1; set -gx file 2; set -g stamp 3; set -g age 4",
            "function on_int --on-signal INT; command echo INT-TRAP; end",
        ],
    }
}

/// Writes all options, traps and aliases of a shell into a file.
fn list(shell: Shell, file: &str) -> String {
    match shell {
        Shell::Bash => {
            format!("{{ \\builtin set +o; \\builtin shopt; \\builtin trap; \\builtin alias; }} >| {file}")
        }
        Shell::Zsh => {
            format!("'builtin' 'set' -o >| {file}; 'builtin' 'trap' >> {file}; 'builtin' 'alias' >> {file}")
        }
        // fish has neither options nor aliases of that kind.
        Shell::Fish => format!("functions --handlers > {file}"),
    }
}

/// What the shell says at its start by itself: fish 4 calls functions that some override.
fn said_without(account: &Account, shell: Shell, setting: &str) -> String {
    if shell != Shell::Fish {
        return String::new();
    }
    let prompt = "function fish_prompt; echo -n 'READY> '; end\nset -g fish_greeting";
    account.home.write(".config/fish/config.fish", &format!("{prompt}\n{setting}\n"));
    let (_terminal, said) = Terminal::start(&account.home, shell, &["fish", "-i"]);
    said.split("READY>").next().expect("text").trim().to_owned()
}

#[test]
fn whatever_the_user_has_set_stays_and_disturbs_nothing() {
    each(|shell| {
        let is_known = |setting: &&&str| shell.knows(setting.trim_start_matches("AFTER "));
        for setting in settings(shell).iter().filter(is_known) {
            eprintln!("with {setting}");
            let account = account();
            let (before, after) = match setting.strip_prefix("AFTER ") {
                Some(after) => (String::new(), format!("{after}\n{}", list(shell, "before"))),
                None => (format!("{setting}\n{}", list(shell, "before")), String::new()),
            };
            account.home.rc(shell, &before, &format!("{after}\n{}", list(shell, "after")));
            let mut traced = Traced::open(&account.home, shell);
            let greeting = traced.terminal.text();
            let said = greeting.split("READY>").next().expect("text");
            assert_eq!(said.trim(), said_without(&account, shell, &before), "{setting}");
            if shell != Shell::Fish {
                assert_eq!(account.home.read("before"), account.home.read("after"), "{setting}");
            }
            assert_eq!(traced.terminal.inherited("HF_TOKEN"), "hf_1", "{setting}");
            traced.assert_steady(3, setting);
            account.home.vastenv_ok(&["create", "env-var", "NEW", "it is new"]);
            let text = traced.terminal.run("");
            let marks = ["vastenv:", "TRAP", "ALIAS", "FUNCTION", "rror"];
            let own = ["string split: FUNCTION: invalid integer"];
            // fish writes spaces and a carriage return before what may have to begin a line.
            let said: Vec<&str> = text
                .split(['\r', '\n'])
                .filter(|line| marks.iter().any(|mark| line.contains(mark)) && !own.contains(line))
                .collect();
            assert_eq!(said, ["vastenv: +NEW"], "{setting}: {text}");
            assert_eq!(traced.terminal.inherited("NEW"), "it is new", "{setting}");
            traced.terminal.run(&list(shell, "later"));
            if shell != Shell::Fish {
                let (before, later) = (account.home.read("before"), account.home.read("later"));
                let changed: Vec<_> = before.lines().zip(later.lines()).filter(|(a, b)| a != b).collect();
                // What shells switch on by themselves after the start-up files; functrace: bash 3.2 to 4.3.
                let own = |line: &str| {
                    ["zle ", "shinstdin "].iter().any(|name| line.starts_with(name))
                        || setting.contains("extdebug") && line == "set +o functrace"
                };
                assert!(changed.iter().all(|(line, _)| own(line)), "{setting}: {changed:?}");
            }
            traced.terminal.run("sh -c env > environment");
            let environment = account.home.read("environment");
            let own: Vec<&str> = environment.lines().filter(|line| line.contains("__vastenv")).collect();
            assert!(own.len() == 1 && own[0].starts_with("__vastenv_ledger="), "{setting}: {own:?}");
            traced.assert_steady(3, setting);
        }
    });
}

#[test]
fn nothing_is_said_at_a_start_and_nothing_on_stdout_ever() {
    each(|shell| {
        let mut account = account();
        account.home.without_variable("TERM");
        for (line, expected) in [(":", ""), ("printf %s $HF_TOKEN", "hf_1")] {
            let output = account
                .home
                .command(shell.name())
                .args(["-i", "-c", line])
                .stdin(Stdio::null())
                .output()
                .expect("the shell runs");
            assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
            assert!(!String::from_utf8_lossy(&output.stderr).contains("vastenv"), "{output:?}");
        }
        // A change is told on stderr alone.
        account.home.variable("TERM", "dumb");
        let mut terminal = Terminal::open(&account.home, shell);
        account.home.vastenv_ok(&["create", "env-var", "NEW", "1"]);
        let text = terminal.run("__vastenv_hook > stdout");
        assert!(text.contains("vastenv: +NEW"), "{text}");
        assert_eq!(account.home.read("stdout"), "");
    });
}

#[test]
fn ctrl_c_during_a_load_leaves_a_working_shell() {
    each(|shell| {
        let mut account = account();
        let installed = account.home.path("vastenv");
        let original = std::mem::replace(&mut account.home.binary, installed.clone());
        std::fs::copy(&original, &installed).expect("copied");
        account.home.rc(shell, if shell == Shell::Bash { "set -uv" } else { "" }, "");
        let mut terminal = Terminal::open(&account.home, shell);
        account.home.binary = original.clone();

        // From now on a load says that it began, and does not end.
        account.home.write("slow", "#!/bin/sh\necho load-began >&2\nexec sleep 1000\n");
        make_executable(&account.home.path("slow"));
        std::fs::rename(account.home.path("slow"), &installed).expect("moved");
        account.home.vastenv_ok(&["create", "env-var", "NEW", "1"]);
        terminal.send("\n");
        terminal.until("load-began");
        std::fs::copy(&original, account.home.path("copy")).expect("copied");
        std::fs::rename(account.home.path("copy"), &installed).expect("moved");
        terminal.send("\u{3}");
        terminal.until("READY> ");
        terminal.settle();
        assert_eq!(terminal.get("NEW"), "1");
        assert_eq!(terminal.get("HF_TOKEN"), "hf_1");
        if shell == Shell::Bash {
            let text = terminal.run("echo flags:$-.");
            let flags = text.rsplit("flags:").next().expect("flags");
            assert!(flags.contains('u') && flags.contains('v'), "{text}");
        }
    });
}

pub fn make_executable(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("a mode");
}

#[test]
fn an_installation_path_may_hold_anything() {
    each(|shell| {
        let mut account = account();
        let folder = account.home.path("it is \"quoted\" $(touch pwned) `x` & é");
        std::fs::create_dir(&folder).expect("a folder");
        let installed = folder.join("vastenv");
        let original = std::mem::replace(&mut account.home.binary, installed.clone());
        std::fs::copy(&original, &installed).expect("copied");
        account.home.rc(shell, "", "");
        let mut terminal = Terminal::open(&account.home, shell);
        assert_eq!(terminal.get("HF_TOKEN"), "hf_1");
        assert!(!account.home.path("pwned").exists());
    });
}
