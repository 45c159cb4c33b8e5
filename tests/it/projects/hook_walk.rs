//! What a shell does at a prompt in another folder: it walks, and starts vastenv only where another project
//! file is the nearest.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::FILE;
use crate::pty::{Shell, Terminal};
use crate::shells::account::Account;
use crate::shells::follow::each;
use crate::shells::trace::Traced;

/// Folders below the home, each with a project file if its name ends in `!`.
fn plant(account: &Account, folders: &[&str]) {
    for folder in folders {
        match folder.strip_suffix('!') {
            Some(folder) => {
                account.home.write(&format!("{folder}/{FILE}"), "");
                dated(&account.home.path(folder).join(FILE), 100);
            }
            None => std::fs::create_dir_all(account.home.path(folder)).expect("a folder"),
        }
    }
}

/// Below 5.0 bash cannot tell changes within one second apart, and asks until it has passed.
fn dated(path: &Path, seconds_ago: u64) {
    let time = std::time::SystemTime::now() - std::time::Duration::from_secs(seconds_ago);
    std::fs::File::open(path).and_then(|file| file.set_modified(time)).expect("dated");
}

fn account() -> Account {
    Account::with(&[("HF_TOKEN", "hf_1")])
}

/// A line that goes to `folder`, whatever its name.
fn cd(shell: Shell, folder: &Path) -> String {
    let dialect = vastenv::shell::parse(shell.name()).expect("a shell");
    let word = String::from_utf8(dialect.quote(folder.as_os_str().as_bytes())).expect("ASCII");
    format!("cd {word}")
}

/// Fails unless the line makes the shell load `loads` times, and prompts after it do not.
#[track_caller]
fn expect(traced: &mut Traced, line: &str, loads: usize) {
    let shell = traced.terminal.shell;
    let count = traced.processes(|terminal| {
        terminal.run(line);
        terminal.run("");
        terminal.run("");
    });
    assert!(count.is_none_or(|count| count == loads), "{shell:?}: {line}: {count:?} loads, not {loads}");
}

#[test]
fn a_cd_starts_a_process_only_where_the_nearest_project_file_is_another() {
    each(|shell| {
        let account = account();
        let deep = "p/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/q/r/s/t";
        plant(&account, &["p!", deep, "p/a/inner!", "p/a/inner/x", "q", "other!"]);
        let mut traced = Traced::open(&account.home, shell);
        for (line, loads) in [
            ("cd q", 0),
            ("cd ..", 0),
            ("cd /", 0),
            ("cd /usr/bin", 0),
            ("cd ~/p", 1),
            ("cd a/b/c", 0),
            (&*format!("cd ~/{deep}"), 0),
            ("cd ~/p", 0),
            ("cd a/inner", 1),
            ("cd x", 0),
            ("cd ../..", 1),
            ("cd ~", 1),
            ("cd p/a", 1),
            // fish's own way back starts a process.
            (if shell == Shell::Fish { "cd" } else { "cd -" }, 1),
            ("cd ~/other", 1),
            ("pushd ~/p/a/inner/x", 1),
            ("popd", 1),
            ("cd ~/p; cd a; cd ~/other", 0),
            ("cd ~/q", 1),
        ] {
            expect(&mut traced, line, loads);
        }
    });
}

#[test]
#[ignore = "slow"]
fn a_thousand_folders_start_no_process() {
    each(|shell| {
        let account = account();
        let names: Vec<String> =
            (0..1000).map(|number| format!("{}/{number}", if number < 500 { "p" } else { "q" })).collect();
        plant(&account, &names.iter().map(String::as_str).collect::<Vec<_>>());
        plant(&account, &["p!"]);
        let mut traced = Traced::open(&account.home, shell);
        traced.terminal.run("cd p");
        let count = traced.processes(|terminal| {
            let lines: Vec<String> = names.iter().map(|name| format!("cd ~/{name}\n")).collect();
            // The terminal holds so much that nobody has read yet.
            for lines in lines.chunks(100) {
                terminal.send(&lines.concat());
                terminal.settle();
            }
        });
        // Half of them are in a project.
        assert!(count.is_none_or(|count| count == 1), "{shell:?}: {count:?}");
    });
}

#[test]
fn folders_may_be_called_anything() {
    each(|shell| {
        let account = account();
        let names: [&[u8]; 13] = [
            b"two words",
            b"line\nbreak",
            b"it's \"quoted\"",
            b"* [ab]?",
            b"[!a]*",
            b"-n",
            b"back\\slash",
            b"@(x|y)!(z)",
            b"$(touch pwned)`x`${HOME}",
            b"~",
            "é ü 日本".as_bytes(),
            b"\xff\xfe raw",
            b"tab\tand trailing ",
        ];
        let mut traced = Traced::open(&account.home, shell);
        for name in names {
            let folder = account.home.path("odd").join(std::ffi::OsStr::from_bytes(name));
            std::fs::create_dir_all(folder.join("sub").join(folder.file_name().expect("a name")))
                .expect("folders");
            std::fs::write(folder.join(FILE), "").expect("written");
            dated(&folder.join(FILE), 100);
            let below = folder.join("sub").join(folder.file_name().expect("a name"));
            let moves = [folder.clone(), folder.join("sub"), below.clone(), folder.clone()];
            let count = traced.processes(|terminal| {
                for folder in &moves {
                    terminal.run(&cd(shell, folder));
                }
                terminal.run("cd ~");
                terminal.run(&cd(shell, &below));
                terminal.run("cd ~");
            });
            assert!(count.is_none_or(|count| count == 4), "{shell:?}: {folder:?}: {count:?} loads, not 4");
        }
        assert!(!account.home.path("pwned").exists());
    });
}

#[test]
fn a_project_file_that_comes_changes_and_goes_is_seen_at_the_next_prompt() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 9] = [
        ("made", |file| {
            std::fs::write(file, "").expect("written");
            dated(file, 100);
        }),
        ("edited", |file| {
            std::fs::write(file, "# edited").expect("written");
            dated(file, 50);
        }),
        ("dated back", |file| dated(file, 1000)),
        ("renamed", |file| std::fs::rename(file, file.with_file_name("away")).expect("renamed")),
        ("renamed back", |file| std::fs::rename(file.with_file_name("away"), file).expect("renamed")),
        ("removed", |file| std::fs::remove_file(file).expect("removed")),
        ("a folder", |file| {
            std::fs::create_dir(file).expect("made");
            dated(file, 100);
        }),
        ("gone again", |file| std::fs::remove_dir(file).expect("removed")),
        ("a link", |file| {
            let target = file.with_file_name("target");
            std::fs::write(&target, "").expect("written");
            dated(&target, 100);
            std::os::unix::fs::symlink(&target, file).expect("linked");
        }),
    ];
    each(|shell| {
        let account = account();
        plant(&account, &["p/sub"]);
        let mut traced = Traced::open(&account.home, shell);
        expect(&mut traced, "cd p", 0);
        for (change, make) in changes {
            make(&account.home.path("p").join(FILE));
            eprintln!("{change}:");
            expect(&mut traced, "", 1);
        }
        // Below it the same, but for one that comes: that is seen from the next folder.
        expect(&mut traced, "cd sub", 0);
        dated(&account.home.path("p/target"), 5000);
        expect(&mut traced, "", 1);
        std::fs::remove_file(account.home.path("p").join(FILE)).expect("removed");
        expect(&mut traced, "", 1);
        changes[0].1(&account.home.path("p").join(FILE));
        expect(&mut traced, "", 0);
        plant(&account, &["p/sub/x"]);
        expect(&mut traced, "cd x", 1);
    });
}

#[test]
fn a_shell_that_starts_in_a_project_knows_where_it_is() {
    each(|shell| {
        let account = account();
        plant(&account, &["p!", "p/sub", "q"]);
        std::os::unix::fs::symlink(account.home.path("p/sub"), account.home.path("q/link")).expect("linked");
        // As a pane of tmux does it; the folder as a link spells it is in another project, or in none.
        for (folder, to_p) in [("p/sub", 0), ("q/link", 1)] {
            let start = format!("cd \"$HOME/{folder}\" && exec \"$@\"");
            let mut traced = Traced::open_with(&account.home, shell, &["sh", "-c", &start, "-"]);
            expect(&mut traced, "cd ~/p", to_p);
            expect(&mut traced, "cd ~/q", 1);
        }
    });
}

#[test]
fn a_working_folder_that_is_no_more_changes_nothing() {
    each(|shell| {
        let account = account();
        plant(&account, &["p!", "p/gone/deep"]);
        let mut traced = Traced::open(&account.home, shell);
        expect(&mut traced, "cd p/gone/deep", 1);
        std::fs::remove_dir_all(account.home.path("p/gone")).expect("removed");
        expect(&mut traced, "", 0);
        account.home.vastenv_ok(&["create", "env-var", "NEW", "1"]);
        expect(&mut traced, "", 1);
        expect(&mut traced, "", 0);
        expect(&mut traced, "cd ~/p", 0);
    });
}

#[test]
fn whatever_is_done_to_pwd_a_prompt_at_rest_starts_nothing() {
    for shell in [Shell::Bash, Shell::Zsh] {
        if !shell.is_here() {
            continue;
        }
        for done in [
            "unset PWD",
            "PWD=/nowhere/at/all",
            "PWD=relative",
            "PWD=",
            "export -n PWD 2>/dev/null || typeset +x PWD",
            "readonly PWD",
            "set -u; unset PWD",
        ] {
            let account = account();
            plant(&account, &["p!", "p/sub", "q"]);
            let mut traced = Traced::open(&account.home, shell);
            expect(&mut traced, "cd p/sub", 1);
            traced.terminal.run(done);
            traced.terminal.run("");
            traced.assert_steady(3, done);
            account.home.vastenv_ok(&["create", "env-var", "NEW", "1"]);
            traced.terminal.run("");
            assert_eq!(traced.terminal.get("NEW"), "1", "{shell:?}: {done}");
            traced.assert_steady(3, done);
            traced.terminal.run("cd ~/q");
            traced.assert_steady(3, done);
            let text = traced.terminal.text();
            assert!(!text.contains("unbound") && !text.contains("__vastenv"), "{shell:?}: {done}: {text}");
        }
    }
}

#[test]
fn folders_whose_names_differ_in_case_alone_are_two() {
    each(|shell| {
        let account = account();
        plant(&account, &["p!", "P!", "p/sub", "p/SUB"]);
        if shell == Shell::Bash {
            account.home.rc(shell, "shopt -s nocasematch", "");
        }
        let mut traced = Traced::open(&account.home, shell);
        for (line, loads) in
            [("cd ~/p", 1), ("cd ~/P", 1), ("cd ~/p/sub", 1), ("cd ../SUB", 0), ("cd ../../P", 1)]
        {
            expect(&mut traced, line, loads);
        }
    });
}

#[test]
fn a_walk_is_neither_traced_nor_seen_by_traps() {
    each(|shell| {
        let account = account();
        plant(&account, &["p!", "p/sub", "q/r"]);
        let (on, off) = match shell {
            Shell::Fish => ("set -g fish_trace 1", "set -e fish_trace"),
            _ => ("set -x", "set +x"),
        };
        let mut terminal = Terminal::open(&account.home, shell);
        terminal.run("cd p");
        if shell == Shell::Bash {
            terminal.run("trap 'case $BASH_COMMAND in *vastenv_n*) echo TRAPPED;; esac' DEBUG; set -T");
        }
        terminal.run(on);
        let text = ["cd sub", "cd ../../q/r", "cd ..", "cd ../p"].map(|line| terminal.run(line)).concat();
        terminal.run(off);
        // What is compared may be shown, but none of the files on the way.
        for wrong in ["sub/.vastenv.toml", "q/.vastenv.toml", "r/.vastenv.toml", "TRAPPED\r"] {
            assert!(!text.contains(wrong), "{shell:?}: {wrong} in {text}");
        }
    });
}
