//! Others who live in the same prompt: debug traps, `PROMPT_COMMAND` in all its kinds.

use super::account::Account;
use super::trace::Traced;
use crate::pty::{Home, Shell, Terminal};

/// Whether `PROMPT_COMMAND` may be an array.
const ARRAYS: &str = "((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501))";

/// Timers and preexec hooks: what runs first after a prompt is noted, whatever arms the trap.
const NEIGHBOURS: [(&str, &str); 5] = [
    (
        "a timer",
        "start() { [[ -n ${timer-} ]] || { timer=1; noted+=\"<$BASH_COMMAND>\"; }; }; stop() { unset timer; }
         trap start DEBUG; PROMPT_COMMAND=stop",
    ),
    (
        "a trap that is armed at the prompt",
        "note() { [[ -z ${at_prompt-} ]] || { at_prompt=; noted+=\"<$BASH_COMMAND>\"; }; }
         arm() { at_prompt=1; trap note DEBUG; }; PROMPT_COMMAND='trap - DEBUG; arm'",
    ),
    (
        "one that knows the commands of PROMPT_COMMAND",
        "note() {
           local command
           for command in \"${PROMPT_COMMAND[@]}\" 'trap - DEBUG' arm; do
             [[ $command != \"$BASH_COMMAND\" ]] || return 0
           done
           [[ -z ${at_prompt-} ]] || { at_prompt=; noted+=\"<$BASH_COMMAND>\"; }
         }
         arm() { at_prompt=1; trap note DEBUG; }; PROMPT_COMMAND='trap - DEBUG; arm'",
    ),
    (
        "an entry of an array",
        "note() { [[ -z ${at_prompt-} ]] || { at_prompt=; noted+=\"<$BASH_COMMAND>\"; }; }
         arm() { at_prompt=1; trap note DEBUG; }; PROMPT_COMMAND+=(arm)",
    ),
    (
        "a string around what is there",
        "note() { [[ -z ${at_prompt-} ]] || { at_prompt=; noted+=\"<$BASH_COMMAND>\"; }; }
         arm() { at_prompt=1; trap note DEBUG; }; PROMPT_COMMAND=\"true; ${PROMPT_COMMAND:+$PROMPT_COMMAND;} arm\"",
    ),
];

/// The lines typed that a neighbour noted. What it notes of prompts themselves differs by a name, unless it
/// knows the commands of prompts.
fn noted(account: &Account, knows: bool) -> Vec<String> {
    let mut terminal = Terminal::open(&account.home, Shell::Bash);
    // The first prompt may be one on which the hook moves.
    terminal.run("");
    terminal.run("noted=");
    for line in ["true one", "", "true two", "(exit 3)"] {
        terminal.send(&format!("{line}\n"));
    }
    terminal.settle();
    account.home.vastenv_ok(&["create", "env-var", "NEW", "1"]);
    terminal.run("true three");
    terminal.run("true four");
    let noted = terminal.get("noted");
    assert!(!(knows && noted.contains("__vastenv")), "{noted}");
    noted.split('<').filter(|entry| entry.starts_with("true ")).map(str::to_owned).collect()
}

#[test]
fn a_debug_trap_of_another_sees_what_it_always_saw() {
    if !Shell::Bash.is_here() || !Shell::Bash.knows(ARRAYS) {
        return;
    }
    for (what, lines) in NEIGHBOURS {
        let without = Account::with(&[]);
        without.home.write(".bashrc", &format!("PS1='READY> '\n{lines}\n"));
        let plain = noted(&without, false);
        assert_eq!(plain, ["true one>", "true two>", "true three>", "true four>"], "{what}");
        for (order, before, after) in [("after", lines, ""), ("before", "", lines)] {
            let account = Account::with(&[("HF_TOKEN", "hf_1")]);
            account.home.rc(Shell::Bash, before, after);
            assert_eq!(noted(&account, what.contains("knows")), plain, "{what}, the hook {order} it");
        }
    }
}

/// As VS Code's shell integration does: entry 0 goes into a function, every first command is marked.
const INTEGRATION: &str = r#"
marks= running=1
ready() { marks+="(${status})" running=; }
__vsc_prompt_cmd() { status=$?; ready; }
__vsc_prompt_cmd_original() { status=$?; eval "$captured"; ready; }
mark() { [[ -n $running ]] || { running=1; [[ $BASH_COMMAND == __vsc_prompt* ]] || marks+="<$BASH_COMMAND>"; }; }
trap mark DEBUG
captured=${PROMPT_COMMAND-}
PROMPT_COMMAND=__vsc_prompt_cmd${captured:+_original}
"#;

#[test]
fn an_integration_that_takes_the_first_entry_marks_what_it_always_marked() {
    if !Shell::Bash.is_here() {
        return;
    }
    let marks = |home: &Home, from: usize| {
        let mut terminal = Terminal::open(home, Shell::Bash);
        for line in ["true one", "", "false", "(exit 3)", "", ""] {
            terminal.send(&format!("{line}\n"));
        }
        terminal.settle();
        let marks = terminal.get("marks");
        assert_eq!(terminal.get("users"), "yes");
        marks.split_inclusive(')').skip(from).collect::<String>()
    };
    for (users, captures) in [("PROMPT_COMMAND='users=yes'", true), ("users=yes", false)] {
        let users = format!("TERM_PROGRAM=vscode\n{users}");
        let without = Account::with(&[]);
        without.home.write(".bashrc", &format!("PS1='READY> '\n{users}\n{INTEGRATION}"));
        let plain = marks(&without.home, 0);
        assert!(plain.contains("<true one>(0)(0)<false>(1)"), "{plain}");
        let account = Account::with(&[("HF_TOKEN", "hf_1")]);
        account.home.rc(Shell::Bash, &users, INTEGRATION);
        assert_eq!(marks(&account.home, 0), plain, "captures: {captures}");
        let mut traced = Traced::open(&account.home, Shell::Bash);
        traced.terminal.run("");
        traced.assert_steady(3, "within the integration's function");
        account.home.vastenv_ok(&["update", "env-var", "HF_TOKEN", "hf_2"]);
        traced.terminal.run("");
        assert_eq!(traced.terminal.get("HF_TOKEN"), "hf_2");
        if !Shell::Bash.knows(ARRAYS) {
            continue;
        }
        // Loaded by hand, in front of the hook: the first prompt is the one on which that moves.
        let account = Account::with(&[("HF_TOKEN", "hf_1")]);
        account.home.rc(Shell::Bash, &format!("{users}\n{INTEGRATION}"), "");
        assert_eq!(marks(&account.home, 1), plain.split_inclusive(')').skip(1).collect::<String>());
    }
    // Without the integration, and with others behind it.
    let account = Account::with(&[("HF_TOKEN", "hf_1")]);
    account.home.rc(
        Shell::Bash,
        "TERM_PROGRAM=vscode",
        "PROMPT_COMMAND=\"$PROMPT_COMMAND; users=${PIPESTATUS[*]}\"",
    );
    let mut traced = Traced::open(&account.home, Shell::Bash);
    traced.terminal.run("");
    traced.assert_steady(3, "no integration came");
    account.home.vastenv_ok(&["update", "env-var", "HF_TOKEN", "hf_2"]);
    traced.terminal.run("");
    assert_eq!(traced.terminal.get("HF_TOKEN"), "hf_2");
}

#[test]
fn a_prompt_command_that_cannot_be_changed_costs_the_updates_alone() {
    if !Shell::Bash.is_here() {
        return;
    }
    for line in [
        "readonly PROMPT_COMMAND=true",
        "readonly PROMPT_COMMAND",
        "declare -A PROMPT_COMMAND=([a]=true)",
        "declare -i PROMPT_COMMAND",
        "declare -u PROMPT_COMMAND",
        "set -e; readonly PROMPT_COMMAND=true",
    ] {
        if !Shell::Bash.knows(line) {
            continue;
        }
        let account = Account::with(&[("HF_TOKEN", "hf_1")]);
        account.home.rc(Shell::Bash, line, "");
        let (mut terminal, said) = Terminal::start(&account.home, Shell::Bash, &["bash", "-i"]);
        assert_eq!(said.matches("vastenv: cannot change PROMPT_COMMAND").count(), 1, "{line}: {said}");
        assert!(!said.contains("bash:"), "{line}: {said}");
        assert_eq!(terminal.inherited("HF_TOKEN"), "hf_1", "{line}");
    }
}
