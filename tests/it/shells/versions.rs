//! The oldest shells that are claimed: bash 3.2, zsh 5.0, fish 3.1. Nothing that is newer may stand in
//! what they read, and each must parse it (`tests/run --shells` asks the old ones themselves).

use std::path::Path;

use super::account::Account;
use crate::pty::{Shell, Terminal};

/// Words and forms, and the version that brought them.
const NEWER: &[(Shell, &str, &[&str])] = &[
    (Shell::Bash, "4.0", &["|&", "&>>", ";;&", ";&", ",,}", "^^}", "coproc", "mapfile", "readarray"]),
    (Shell::Bash, "4.0", &["declare -A", "local -A", "typeset -A", "declare -l", "declare -u", "compopt"]),
    (
        Shell::Bash,
        "4.0",
        &["BASHPID", "BASH_ALIASES", "BASH_CMDS", "COMP_TYPE", "COMP_KEY", "PROMPT_DIRTRIM"],
    ),
    (Shell::Bash, "4.0", &["globstar", "read -t 0", "read -i", "command_not_found_handle"]),
    (Shell::Bash, "4.1", &["exec {", "read -N", "BASH_XTRACEFD"]),
    (
        Shell::Bash,
        "4.2",
        &["declare -g", "typeset -g", "[[ -v", "test -v", "'%(", "\"%(", "[-1]", "lastpipe"],
    ),
    (Shell::Bash, "4.2", &["$'\\u", "$'\\U"]),
    (
        Shell::Bash,
        "4.3",
        &["declare -n", "local -n", "typeset -n", "unset -n", "[[ -R", "test -R", "wait -n"],
    ),
    (Shell::Bash, "4.4", &["@Q}", "@E}", "@P}", "@A}", "@a}", "local -\n", "local - ", "local -;"]),
    (Shell::Bash, "4.4", &["mapfile -d", "inherit_errexit", "nosort", "PS0"]),
    (Shell::Bash, "5.0", &["EPOCHSECONDS", "EPOCHREALTIME", "BASH_ARGV0", "localvar_inherit", "wait -f"]),
    (Shell::Bash, "5.1", &["@U}", "@u}", "@L}", "@K}", "SRANDOM", "wait -p"]),
    (Shell::Bash, "5.2", &["@k}", "patsub_replacement", "varredir_close"]),
    (Shell::Bash, "5.3", &["${ ", "${|", "GLOBSORT", "BASH_MONOSECONDS", "BASH_TRAPSIG", "compgen -V"]),
    (Shell::Zsh, "5.0.8", &["_describe -V", ":^", "functions -T", "disable -p", "whence -S"]),
    (Shell::Zsh, "5.1", &["sysopen", "append_create"]),
    (Shell::Zsh, "5.2", &["zsh/param/private", "glob_star_short"]),
    (Shell::Zsh, "5.3", &["[[ -v", "print -v", "printf -v", ":P)", ":P}", "add-zle-hook-widget"]),
    (Shell::Zsh, "5.4", &["warn_nested_var", "zmodload -s", "functions -W", "functions_source"]),
    (Shell::Zsh, "5.5", &["=(["]),
    (Shell::Zsh, "5.6", &["procsubstpid", "ZLE_RECURSIVE"]),
    (Shell::Zsh, "5.8", &["zparseopts -F", "_normal -p", "cd_silent", "functions -c", "_pick_variant -b"]),
    (Shell::Zsh, "5.9", &["${(*)", "${(-)", "flock -i", "strftime -n", "clobber_empty", "typeset_to_unset"]),
    (Shell::Zsh, "5.10", &["${ ", "${|", "typeset -n", "nameref", "_as_if"]),
    (Shell::Fish, "3.2", &["string pad", "fish_add_path", "sub --end", "sub -e"]),
    (Shell::Fish, "3.4", &["$(", "--function", "set -f", "--groups-only", "match -g", "match -rg"]),
    (Shell::Fish, "3.4", &["--allow-empty", "--is-valid", "--visible"]),
    // A word that is no builtin is refused where it is parsed, run or not.
    (Shell::Fish, "3.5", &["builtin path", "path mtime", "path resolve", "path filter", "path is"]),
    (Shell::Fish, "3.5", &["path basename", "path dirname", "path normalize", "path sort", "path extension"]),
    (Shell::Fish, "3.6", &["-nt", "-ot", "-ef", "string shorten", "current-commandline", "--regex"]),
    (Shell::Fish, "4.0", &["--tokens-expanded", "commandline -x", "--max-matches", "history append"]),
    (Shell::Fish, "4.1", &["; {", "and {", "or {", "status get-file", "--move-unknown"]),
];

/// What stands there all the same.
const HARMLESS: &[(&str, &str, &str)] = &[
    ("shell/vastenv.bash", "@a}", "in a string that only newer ones evaluate"),
    ("shell/vastenv.bash", "test -R", "asked for by version"),
    // This hook needs fish 3.6.
    ("shell/vastenv.fish", "builtin path", "true"),
    ("shell/vastenv.fish", "path mtime", "true"),
    ("completions/vastenv.bash", "BASH_ALIASES", "asked for by version"),
    ("completions/vastenv.bash", "COMP_TYPE", "unset in older ones, which list without descriptions"),
    ("completions/vastenv.bash", "compopt", "its failure is heeded"),
    ("completions/vastenv.bash", "nosort", "its failure is heeded"),
    ("completions/_vastenv", "_normal -p", "older ones take no notice of it"),
];

const SCRIPTS: [(Shell, &str); 6] = [
    (Shell::Bash, "shell/vastenv.bash"),
    (Shell::Zsh, "shell/vastenv.zsh"),
    (Shell::Fish, "shell/vastenv.fish"),
    (Shell::Bash, "completions/vastenv.bash"),
    (Shell::Zsh, "completions/_vastenv"),
    (Shell::Fish, "completions/vastenv.fish"),
];

/// A script without its comments.
fn code(script: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
    let text = std::fs::read_to_string(path).expect("a script");
    let uncommented = text.lines().map(|line| if line.trim_start().starts_with('#') { "" } else { line });
    uncommented.collect::<Vec<_>>().join("\n") + "\n"
}

/// The lines that hold `form` as a word of its own.
fn lines_with(code: &str, form: &str) -> Vec<usize> {
    let is_word = |character: Option<char>| character.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let is_whole = |at: usize| {
        let (before, after) = (&code[..at], &code[at + form.len()..]);
        let joins_before = is_word(form.chars().next()) && is_word(before.chars().next_back());
        let joins_after = is_word(form.chars().next_back()) && is_word(after.chars().next());
        !joins_before && !joins_after
    };
    let found = code.match_indices(form).filter(|(at, _)| is_whole(*at));
    found.map(|(at, _)| code[..at].matches('\n').count() + 1).collect()
}

#[test]
fn nothing_newer_than_the_oldest_shells_stands_in_a_script() {
    let mut newer = Vec::new();
    let mut unneeded = HARMLESS.to_vec();
    for (shell, script) in SCRIPTS {
        let code = code(script);
        for (_, since, forms) in NEWER.iter().filter(|(of, ..)| *of == shell) {
            for form in *forms {
                let lines = lines_with(&code, form);
                if lines.is_empty() {
                    continue;
                }
                let needed = unneeded.iter().position(|(file, known, _)| (*file, *known) == (script, *form));
                if let Some(row) = needed {
                    unneeded.swap_remove(row);
                } else {
                    newer.push(format!("{script}:{lines:?}: {form:?} ({} {since})", shell.name()));
                }
            }
        }
        // zsh 5.1 made `local` and its like reserved words, which take arrays.
        let declares = |line: &&str| {
            let first = line.trim_start().trim_start_matches("builtin ").split(' ').next().unwrap_or("");
            ["local", "typeset", "export", "readonly"].contains(&first)
        };
        for line in code.lines().filter(declares).filter(|line| shell == Shell::Zsh && line.contains("=(")) {
            newer.push(format!("{script}: {line:?} (zsh 5.1)"));
        }
    }
    assert!(newer.is_empty(), "newer than what is claimed:\n{}", newer.join("\n"));
    assert!(unneeded.is_empty(), "no longer needed in HARMLESS: {unneeded:?}");
}

#[test]
fn a_form_is_told_from_a_part_of_a_word() {
    for (line, form, is_there) in [
        ("a |& b", "|&", true),
        ("mapfile x", "mapfile", true),
        ("my_mapfile x", "mapfile", false),
        ("x='mapfiles'", "mapfile", false),
        ("test a -nt b", "-nt", true),
        ("test a -ntx b", "-nt", false),
        ("local -a x", "local - ", false),
        ("local -", "local -\n", true),
    ] {
        assert_eq!(lines_with(&format!("\n{line}\n"), form) == [2], is_there, "{line:?} {form:?}");
    }
}

#[test]
fn a_fish_that_is_too_old_is_told_so_in_one_line() {
    let shell = Shell::Fish;
    if !shell.is_here() {
        return;
    }
    let account = Account::with(&[("HF_TOKEN", "hf_1")]);
    let (mut terminal, said) = Terminal::start(&account.home, shell, &["fish", "-i"]);
    let version = terminal.run("echo \"version:$version:\"");
    let version =
        version.rsplit("version:").next().and_then(|rest| rest.split(':').next()).expect("a version");
    let number: Vec<u32> = version.split('.').take(2).map(|part| part.parse().expect("a number")).collect();
    let is_old = number < vec![3, 6];
    let told = format!("vastenv: fish {version} is too old for the hook, which needs 3.6 or later");
    assert_eq!(said.contains(&told), is_old, "{said}");
    assert_eq!(said.matches("fish").count(), usize::from(is_old), "{said}");
    assert_eq!(terminal.get("HF_TOKEN"), if is_old { "unset" } else { "hf_1" });
}
