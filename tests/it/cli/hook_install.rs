//! `hook SHELL --install` and `--remove`: one line of the shell's start-up file, and nothing else of it.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::path::Path;

use crate::common::skip::can;
use crate::home::{Home, Said, VASTENV, chmod, mode};
use crate::pty::Shell;

const LINE: &str = "eval \"$(vastenv hook bash)\"\n";

/// A home with vastenv in `PATH`.
fn home() -> Home {
    let mut home = Home::new();
    fs::create_dir(home.path("bin")).expect("made");
    symlink(VASTENV, home.path("bin/vastenv")).expect("linked");
    let path = std::env::var("PATH").expect("a PATH");
    home.set("PATH", format!("{}:{path}", home.path("bin").display()));
    home.write(".profile", ". ~/.bashrc\n");
    home
}

fn install(home: &Home) -> Said {
    home.vastenv(&["hook", "bash", "--install"]).run()
}

fn remove(home: &Home) -> Said {
    home.vastenv(&["hook", "bash", "--remove"]).run()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("text")
}

#[test]
fn each_shell_loads_what_was_installed_once_and_nothing_once_it_is_removed() {
    for shell in Shell::ALL {
        if !shell.is_here() {
            continue;
        }
        for folder in [None, Some("elsewhere")] {
            let mut home = home();
            let file = match (folder, shell) {
                (Some(_), Shell::Zsh) => "elsewhere/.zshrc",
                (Some(_), Shell::Fish) => "elsewhere/fish/config.fish",
                _ => shell.rc_file(),
            };
            for variable in folder.map_or(&[][..], |_| &["ZDOTDIR", "XDG_CONFIG_HOME"]) {
                home.set(variable, home.path("elsewhere"));
            }
            let has_hook = |home: &Home| {
                home.command(shell.name(), &["-ic", "type __vastenv_hook >/dev/null"]).run().code == 0
            };
            let name = shell.name();
            assert!(!has_hook(&home), "{name}");
            let said = home.vastenv(&["hook", name, "--install"]).run().expect(0);
            said.mentions(&["added to ", file.rsplit('/').next().expect("a name"), &format!("exec {name}")]);
            assert!(has_hook(&home), "{name}");
            let text = read(&home.path(file));
            let said = home.vastenv(&["hook", name, "--install"]).run().expect(0);
            said.mentions(&["loads the hook already, line 1"]);
            assert_eq!(read(&home.path(file)), text);
            home.vastenv(&["hook", name, "--remove"]).run().expect(0).mentions(&["removed from "]);
            assert_eq!(read(&home.path(file)), "");
            home.vastenv(&["hook", name, "--remove"]).run().expect(0).mentions(&["does not load the hook"]);
            assert!(!has_hook(&home), "{name}");
        }
    }
}

#[test]
fn programs_are_told_what_changed() {
    let home = home();
    let file = home.write(".bashrc", "a\n");
    for (option, changed) in [("--install", true), ("--install", false), ("--remove", true)] {
        let said = home.vastenv(&["hook", "bash", option, "--raw"]).run().expect(0);
        assert_eq!(said.err, "");
        let told: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
        assert_eq!((&told["changed"], &told["line"]), (&changed.into(), &LINE.trim().into()), "{told}");
        assert_eq!(told["file"], file.to_str().expect("text"));
    }
    home.vastenv(&["hook", "bash", "--install", "--remove"]).run().refuses(2, &["together"]);
    home.vastenv(&["hook", "tcsh", "--install"]).run().refuses(2, &["tcsh"]);
}

#[test]
fn the_rest_of_the_file_its_mode_and_where_it_really_is_stay() {
    let home = home();
    let real = home.write("dotfiles/bash rc", "\u{e9}\r\nlast");
    fs::write(&real, b"\xe9\r\nlast").expect("written");
    chmod(&real, 0o640);
    symlink("dotfiles/bash rc", home.path(".bashrc")).expect("linked");
    install(&home).expect(0).mentions(&["~/.bashrc (", "dotfiles/bash rc)"]);
    let with = [b"\xe9\r\nlast\n", LINE.as_bytes()].concat();
    assert_eq!(fs::read(&real).expect("read"), with);
    assert!(home.path(".bashrc").is_symlink());
    assert_eq!(mode(&real), 0o640);
    assert_eq!(fs::read_dir(home.path("dotfiles")).expect("listed").count(), 1);
    remove(&home).expect(0);
    assert_eq!(fs::read(&real).expect("read"), b"\xe9\r\nlast\n");
}

#[test]
fn a_line_that_was_written_by_hand_counts_and_is_left_to_its_writer() {
    let home = home();
    let own = "[ -t 0 ] && eval \"$(/opt/vastenv hook bash)\"\n";
    let file = home.write(".bashrc", format!("a\n{own}"));
    install(&home).expect(0).mentions(&["loads the hook already, line 2"]);
    remove(&home).refuses(1, &["still loads the hook", "line 2", "hint: "]);
    assert_eq!(read(&file), format!("a\n{own}"));
    fs::write(&file, format!("{LINE}{own}")).expect("written");
    remove(&home).refuses(1, &["line 1"]);
    assert_eq!(read(&file), own);
}

#[test]
fn what_cannot_or_should_not_be_changed_gets_one_line_and_is_left_alone() {
    type Spoil = fn(&Path);
    let cases: [(&str, Spoil, &[&str]); 4] = [
        ("read-only", |file| chmod(file, 0o400), &["is read-only", "chmod u+w"]),
        (
            "dangling",
            |file| {
                fs::remove_file(file).expect("removed");
                symlink("gone/bashrc", file).expect("linked");
            },
            &["is a link to ", "/gone/bashrc, which does not exist"],
        ),
        (
            "pipe",
            |file| {
                fs::remove_file(file).expect("removed");
                nix::unistd::mkfifo(file, nix::sys::stat::Mode::S_IRWXU).expect("made");
            },
            &["is not a plain file"],
        ),
        (
            "folder",
            |file| {
                fs::remove_file(file).expect("removed");
                fs::create_dir(file).expect("made");
            },
            &["is not a plain file"],
        ),
    ];
    for (name, spoil, parts) in cases {
        let home = home();
        let file = home.write(".bashrc", "a\n");
        spoil(&file);
        let before = file.symlink_metadata().expect("there");
        for said in [install(&home), remove(&home)] {
            assert_eq!(said.err.lines().count(), 2, "{name}: {said:?}");
            said.refuses(1, &[&[".bashrc", "hint: "], parts].concat());
        }
        let after = file.symlink_metadata().expect("there");
        assert_eq!((before.ino(), before.mode()), (after.ino(), after.mode()), "{name}");
    }
    let home = home();
    home.vastenv(&["hook", "bash", "--install"])
        .without("HOME")
        .run()
        .refuses(1, &["HOME is not set", "hint: "]);
}

#[test]
fn the_owner_stays_and_a_file_of_somebody_else_is_left_alone() {
    if !can(nix::unistd::geteuid().is_root(), "only root can give files away") {
        return;
    }
    let home = home();
    let file = home.write(".bashrc", "a\n");
    chown(&file, None, Some(2345)).expect("given");
    install(&home).expect(0);
    let found = file.metadata().expect("there");
    assert_eq!(((found.uid(), found.gid()), read(&file)), ((0, 2345), format!("a\n{LINE}")));
    // Another user's file in one's own home, and another user's home.
    chown(&file, Some(1234), None).expect("given");
    remove(&home).refuses(1, &["belongs to another user", "hint: "]);
    chown(home.path(""), Some(1234), Some(1234)).expect("given");
    remove(&home).refuses(1, &["belongs to another user", "hint: "]);
    chown(&file, Some(0), Some(0)).expect("given");
    chmod(&file, 0o644);
    home.vastenv_as(1234, &["hook", "bash", "--remove"])
        .run()
        .refuses(1, &[".bashrc belongs to another user", "sudo chown"]);
    assert_eq!(read(&file), format!("a\n{LINE}"));
}

#[test]
fn a_line_that_no_shell_could_follow_is_warned_of() {
    let mut home = home();
    home.set("PATH", "/usr/bin:/bin");
    install(&home).expect(0).mentions(&["added to ~/.bashrc", "vastenv is not in PATH"]);
}

#[test]
fn a_login_shell_that_would_not_load_it_is_warned_of() {
    let read_by_logins = |file: &str, text: Option<&str>| {
        let home = home();
        fs::remove_file(home.path(".profile")).expect("removed");
        if let Some(text) = text {
            home.write(file, text);
        }
        let warning = format!("do not load ~/.bashrc: add to ~/{file}: ");
        for _ in ["installed", "there already"] {
            let said = install(&home).expect(0);
            assert_eq!(said.err.contains("login shells"), said.err.contains(&warning), "{said:?}");
            if let Some((_, line)) = said.err.split_once(&warning) {
                home.write(file, format!("{}{line}", text.unwrap_or_default()));
            }
        }
        // With what was told, or without, a login loads it.
        let login = format!(". ~/{file}; type __vastenv_hook >/dev/null");
        assert_eq!(home.command("bash", &["--norc", "-ic", &login]).run().code, 0, "{file}: {text:?}");
        !install(&home).expect(0).err.contains("login shells")
    };
    for (file, text) in [
        (".profile", Some("[ -z \"$BASH\" ] || . ~/.bashrc\n")),
        (".profile", Some("A=1\n")),
        (".bash_login", Some("A=1\n")),
        (".bash_profile", None),
    ] {
        assert!(read_by_logins(file, text), "{file}: {text:?}");
    }
}
