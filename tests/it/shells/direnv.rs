//! Beside the real direnv: variables that an `.envrc` sets, and variables of the account in one.

use super::account::Account;
use super::follow::each;
use super::trace::Traced;
use crate::common::process::program;
use crate::pty::{Home, Shell, Terminal};

const PAGE: &str = include_str!("../../../docs/projects-and-profiles.md");

/// The user's function for direnv, as the page has it.
fn snippet() -> &'static str {
    PAGE.lines().find(|line| line.starts_with("use_vastenv()")).expect("a function")
}

/// The line that installs direnv's hook.
pub fn hook(shell: Shell) -> String {
    match shell {
        Shell::Fish => "direnv hook fish | source".to_owned(),
        _ => format!("eval \"$(direnv hook {})\"", shell.name()),
    }
}

/// Runs a scenario in each shell, if direnv is here.
fn each_with_direnv(scenario: impl Fn(Shell)) {
    if program("direnv").is_some() {
        each(scenario);
    }
}

/// An account in whose home `.envrc` of the folder `project` is allowed, and vastenv is found.
fn with_envrc(variables: &[(&str, &str)], envrc: &str) -> Account {
    let mut account = Account::with(variables);
    let folder = account.home.binary.parent().expect("a folder").to_str().expect("a path").to_owned();
    let path = std::env::var("PATH").expect("PATH");
    account.home.variable("PATH", &format!("{folder}:{path}"));
    account.home.variable("DIRENV_LOG_FORMAT", "");
    account.home.write(".config/direnv/direnvrc", snippet());
    allow(&account.home, envrc);
    account
}

/// Each load is a line of `loads`.
fn allow(home: &Home, envrc: &str) {
    home.write("project/.envrc", &format!("echo >>~/loads\n{envrc}\n"));
    let allowed = home.command("direnv").args(["allow", "project"]).status().expect("direnv runs");
    assert!(allowed.success());
}

fn loads(account: &Account) -> usize {
    std::fs::read_to_string(account.home.path("loads")).unwrap_or_default().lines().count()
}

/// The start-up file of a shell with direnv's hook alone.
fn direnv_alone(home: &Home, shell: Shell) {
    home.rc(shell, "", &hook(shell));
    let file = home.read(shell.rc_file()).replace(&shell.hook_line(&home.binary), "");
    home.write(shell.rc_file(), &file);
}

/// The start-up file of a shell with both hooks, direnv's `before` the other or after it.
fn both_hooks(home: &Home, shell: Shell, before: bool) {
    let direnv = hook(shell);
    let [first, last] = if before { [&*direnv, ""] } else { ["", &direnv] };
    home.rc(shell, first, last);
}

fn update(account: &Account, name: &str, value: &str) {
    account.home.vastenv_ok(&["set", "env-var", name, value]);
}

#[test]
fn an_envrc_loads_the_account_and_follows_it_without_the_hook() {
    each_with_direnv(|shell| {
        for line in ["use vastenv --only HF_TOKEN", "eval \"$(vastenv export direnv --only HF_TOKEN)\""] {
            let account = with_envrc(&[("HF_TOKEN", "it's $1"), ("OTHER", "o_1")], line);
            direnv_alone(&account.home, shell);
            let mut terminal = Terminal::open(&account.home, shell);
            assert_eq!(terminal.get("HF_TOKEN"), "unset", "{line}");
            terminal.run("cd project");
            assert_eq!(terminal.inherited("HF_TOKEN"), "it's $1", "{line}");
            assert_eq!(terminal.get("OTHER"), "unset", "{line}");
            update(&account, "HF_TOKEN", "hf_2");
            terminal.run("");
            assert_eq!(terminal.get("HF_TOKEN"), "hf_2", "{line}");
            let before = loads(&account);
            for _ in 0..5 {
                terminal.run("");
            }
            assert_eq!(loads(&account), before, "{shell:?}, {line}: loaded again at an unchanged prompt");
            account.home.write(".config/vastenv/config.toml", "max_age = \"1h\"\n");
            terminal.run("");
            assert_eq!(loads(&account), before + 1, "{shell:?}, {line}: a file came");
            terminal.run("cd ..");
            for name in ["HF_TOKEN", "DIRENV_DIFF"] {
                assert_eq!(terminal.get(name), "unset", "{line}");
            }
        }
    });
}

#[test]
fn an_envrc_may_load_what_a_shell_would() {
    each_with_direnv(|shell| {
        let line = "eval \"$(vastenv export bash --only HF_TOKEN)\"";
        let account = with_envrc(&[("HF_TOKEN", "hf_1"), ("OTHER", "o_1")], line);
        direnv_alone(&account.home, shell);
        let mut terminal = Terminal::open(&account.home, shell);
        terminal.run("cd project");
        assert_eq!((terminal.get("HF_TOKEN"), terminal.get("OTHER")), ("hf_1".into(), "unset".into()));
        update(&account, "HF_TOKEN", "hf_2");
        terminal.run("");
        assert_eq!(terminal.get("HF_TOKEN"), "hf_1", "nothing says that it changed");
        terminal.run("cd ..");
        terminal.run("cd project");
        assert_eq!(terminal.get("HF_TOKEN"), "hf_2");
        terminal.run("cd ..");
        assert_eq!(terminal.get("HF_TOKEN"), "unset");
    });
}

#[test]
fn a_change_between_the_answer_and_its_watch_is_not_lost() {
    each_with_direnv(|shell| {
        let envrc = "text=$(vastenv export direnv)
            [[ -e ~/changed ]] || { : >~/changed; vastenv update env-var HF_TOKEN hf_2; }
            eval \"$text\"";
        let account = with_envrc(&[("HF_TOKEN", "hf_1")], envrc);
        direnv_alone(&account.home, shell);
        let mut terminal = Terminal::open(&account.home, shell);
        terminal.run("cd project");
        terminal.run("");
        assert_eq!(terminal.get("HF_TOKEN"), "hf_2");
        let before = loads(&account);
        terminal.run("");
        assert_eq!((loads(&account), before), (2, 2), "{shell:?}");
    });
}

#[test]
fn both_hooks_in_either_order_leave_what_the_account_has() {
    each_with_direnv(|shell| {
        for before in [true, false] {
            let account = with_envrc(
                &[("HF_TOKEN", "hf_1"), ("OTHER", "o_1")],
                "use vastenv --except OTHER\nexport FROM=$HF_TOKEN",
            );
            both_hooks(&account.home, shell, before);
            let mut traced = Traced::open(&account.home, shell);
            let terminal = &mut traced.terminal;
            let held =
                |terminal: &mut Terminal| ["HF_TOKEN", "NEW", "OTHER", "FROM"].map(|name| terminal.get(name));
            assert_eq!(held(terminal), ["hf_1", "unset", "o_1", "unset"]);
            // Not seen yet by any prompt: direnv may be the first to load it.
            update(&account, "NEW", "n_1");
            terminal.run("cd project");
            assert_eq!(held(terminal), ["hf_1", "n_1", "o_1", "hf_1"], "{shell:?} {before}");
            update(&account, "HF_TOKEN", "hf_2");
            update(&account, "NEW", "n_2");
            terminal.run("");
            assert_eq!(held(terminal), ["hf_2", "n_2", "o_1", "hf_2"], "{shell:?} {before}");
            let ledger = terminal.inherited("__vastenv_ledger");
            let dump = terminal.run("direnv show_dump \"$DIRENV_DIFF\"");
            assert!(dump.contains("FROM") && !dump.contains("__vastenv"), "{dump}");
            let before_prompts = loads(&account);
            let runs = traced.runs("/vastenv", |terminal| {
                for _ in 0..5 {
                    terminal.run("");
                }
            });
            assert!(runs.is_none_or(|runs| runs == 0), "{shell:?} {before}: {runs:?}");
            assert_eq!(loads(&account), before_prompts, "{shell:?} {before}");

            let terminal = &mut traced.terminal;
            assert_eq!(terminal.inherited("__vastenv_ledger"), ledger);
            terminal.run("cd ..");
            assert_eq!(held(terminal), ["hf_2", "n_2", "o_1", "unset"], "{shell:?} {before}: left");
            update(&account, "HF_TOKEN", "hf_3");
            account.home.vastenv_ok(&["delete", "env-var", "NEW"]);
            terminal.run("");
            assert_eq!(held(terminal), ["hf_3", "unset", "o_1", "unset"], "{shell:?} {before}: outside");
            terminal.run(&shell.export("VASTENV_DISABLE", "1"));
            assert_eq!(held(terminal), ["unset", "unset", "unset", "unset"], "{shell:?} {before}");
        }
    });
}

#[test]
fn a_folder_of_direnvs_costs_a_load_only_if_something_was_loaded_inside() {
    each_with_direnv(|shell| {
        for before in [true, false] {
            let account =
                with_envrc(&[("HF_TOKEN", "hf_1"), ("OTHER", "o_1")], "export HF_TOKEN=project\nunset OTHER");
            both_hooks(&account.home, shell, before);
            let mut traced = Traced::open(&account.home, shell);
            traced.terminal.run("");
            let held = |terminal: &mut Terminal| ["HF_TOKEN", "OTHER"].map(|name| terminal.get(name));
            let visit = |terminal: &mut Terminal| {
                terminal.run("cd project");
                terminal.run("");
                assert_eq!(held(terminal), ["project", "unset"], "{shell:?} {before}");
                terminal.run("cd ..");
                terminal.run("");
            };
            let runs = traced.runs("/vastenv", visit);
            assert!(runs.is_none_or(|runs| runs == 0), "{shell:?} {before}: {runs:?}");
            assert_eq!(held(&mut traced.terminal), ["hf_1", "o_1"], "{shell:?} {before}");

            traced.terminal.run("cd project");
            for name in ["HF_TOKEN", "OTHER"] {
                update(&account, name, "new");
            }
            traced.terminal.run("");
            let runs = traced.runs("/vastenv", |terminal| {
                terminal.run("cd ..");
                terminal.run("");
            });
            assert!(runs.is_none_or(|runs| runs == 1), "{shell:?} {before}: {runs:?}");
            assert_eq!(held(&mut traced.terminal), ["new", "new"], "{shell:?} {before}: rotated inside");
        }
    });
}

#[test]
fn both_files_in_one_folder_count() {
    each_with_direnv(|shell| {
        for before in [true, false] {
            let account =
                with_envrc(&[("HF_TOKEN", "hf_1"), ("OTHER", "o_1"), ("THIRD", "t_1")], "export OTHER=envrc");
            account
                .home
                .write("project/.vastenv.toml", "except = ['THIRD']\n[set]\nOTHER = 'set'\nADDED = 'a'\n");
            account.home.vastenv_ok(&["allow", "project"]);
            both_hooks(&account.home, shell, before);
            let mut traced = Traced::open(&account.home, shell);
            let held = |terminal: &mut Terminal| {
                ["HF_TOKEN", "OTHER", "THIRD", "ADDED"].map(|name| terminal.get(name))
            };
            traced.terminal.run("");
            for _ in 0..2 {
                let runs = traced.runs("/vastenv", |terminal| {
                    terminal.run("cd project");
                    terminal.run("");
                    terminal.run("");
                });
                assert!(runs.is_none_or(|runs| runs == 1), "{shell:?} {before}: {runs:?}");
                let terminal = &mut traced.terminal;
                assert_eq!(held(terminal), ["hf_1", "envrc", "unset", "a"], "{shell:?} {before}");
                terminal.run("cd ..");
                terminal.run("");
                assert_eq!(held(terminal), ["hf_1", "o_1", "t_1", "unset"], "{shell:?} {before}");
            }
        }
    });
}

#[test]
fn shells_and_programs_inside_go_on_from_there() {
    each_with_direnv(|shell| {
        let account = with_envrc(&[("HF_TOKEN", "hf_1")], "use vastenv --prefix MY_");
        account.home.rc(shell, &hook(shell), "");
        let mut terminal = Terminal::open(&account.home, shell);
        let held = |terminal: &mut Terminal| ["HF_TOKEN", "MY_HF_TOKEN"].map(|name| terminal.get(name));
        let shown = "sh -c 'printf \"<%s>\\n\" \"$HF_TOKEN/$MY_HF_TOKEN\"'";
        assert!(terminal.run(&format!("direnv exec project {shown}")).contains("<hf_1/hf_1>"));
        assert_eq!(held(&mut terminal), ["hf_1", "unset"]);
        terminal.run("cd project");
        assert_eq!(held(&mut terminal), ["hf_1", "hf_1"]);
        terminal.run(&format!("{} -i", shell.name()));
        assert_eq!(held(&mut terminal), ["hf_1", "hf_1"]);
        update(&account, "HF_TOKEN", "hf_2");
        terminal.run("");
        assert_eq!(held(&mut terminal), ["hf_2", "hf_2"]);
        terminal.run("cd ..");
        assert_eq!(held(&mut terminal), ["hf_2", "unset"]);
        terminal.run("exit");
        assert_eq!(held(&mut terminal), ["hf_2", "hf_2"]);
        terminal.run("cd ..");
        assert_eq!(held(&mut terminal), ["hf_2", "unset"]);
    });
}

#[test]
fn an_envrc_that_fails_is_an_error_and_takes_nothing_from_the_shell() {
    each_with_direnv(|shell| {
        for line in ["use vastenv --require NOPE", "eval \"$(vastenv export direnv --require NOPE)\""] {
            let account = with_envrc(&[("HF_TOKEN", "hf_1")], &format!("{line}\nexport AFTER=1"));
            account.home.rc(shell, &hook(shell), "");
            let mut terminal = Terminal::open(&account.home, shell);
            let text = terminal.run("cd project");
            assert!(text.contains("vastenv: ") && text.contains("NOPE"), "{line}: {text}");
            assert!(text.contains("direnv: error exit status 1"), "{line}: {text}");
            assert_eq!((terminal.get("HF_TOKEN"), terminal.get("AFTER")), ("hf_1".into(), "unset".into()));
            update(&account, "NOPE", "1");
            // `direnv reload` says it with a time in whole seconds.
            terminal.run("cd ..");
            terminal.run("cd project");
            assert_eq!((terminal.get("NOPE"), terminal.get("AFTER")), ("1".into(), "1".into()));
        }
        // The function fails where there is no vastenv; a shell that somebody types in is not closed.
        let account = with_envrc(&[("HF_TOKEN", "hf_1")], "PATH=/usr/bin:/bin\nuse vastenv");
        account.home.rc(shell, "", &hook(shell));
        let mut terminal = Terminal::open(&account.home, shell);
        let text = terminal.run("cd project");
        assert!(text.contains("direnv: error exit status 1"), "{text}");
        if shell != Shell::Fish {
            terminal.run("eval \"$(vastenv export direnv --require NOPE)\"");
        }
        assert_eq!(terminal.get("HF_TOKEN"), "hf_1");
    });
}

#[test]
fn the_hook_refuses_to_be_loaded_by_an_envrc() {
    each_with_direnv(|shell| {
        let account = with_envrc(&[("HF_TOKEN", "hf_1")], "eval \"$(vastenv hook bash)\"\nexport AFTER=1");
        account.home.rc(shell, &hook(shell), "");
        let mut terminal = Terminal::open(&account.home, shell);
        let ledger = terminal.inherited("__vastenv_ledger");
        let text = terminal.run("cd project");
        assert!(text.contains("vastenv: the hook does not work in .envrc"), "{text}");
        assert_eq!((terminal.get("AFTER"), terminal.get("HF_TOKEN")), ("1".into(), "hf_1".into()));
        assert_eq!(terminal.inherited("__vastenv_ledger"), ledger);
    });
}

#[test]
fn what_direnv_puts_back_is_followed_again() {
    each_with_direnv(|shell| {
        let direnv = hook(shell);
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
