//! Others who live in the same prompt: debug traps, `PROMPT_COMMAND` in all its kinds.

use crate::account::Account;
use crate::pty::{Shell, Terminal};

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
    if !Shell::Bash.is_here() || !Shell::Bash.knows("((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501))") {
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
