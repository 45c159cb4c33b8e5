//! The scripts: the committed files, and where `--install` puts them.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use vastenv::shell::{ALL, completions};

use crate::pty::Home;

/// The committed scripts, without the one that is made of the commands.
fn written_by_hand() -> Vec<String> {
    let folder = std::fs::read_dir(folder()).expect("a folder");
    let paths = folder.map(|entry| entry.expect("an entry").path()).filter(|path| !path.ends_with(MADE));
    paths.map(|path| std::fs::read_to_string(path).expect("a script")).collect()
}

/// The script for a shell whose hook is planned.
const MADE: &str = "vastenv.elv";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("completions")
}

#[test]
fn the_committed_scripts_are_what_the_program_prints() {
    let home = Home::new();
    let print = |shell: &str| home.vastenv_ok(&["completions", shell]);
    let mut printed = ALL.map(|shell| print(shell.name()));
    let mut committed = written_by_hand();
    printed.sort();
    committed.sort();
    assert!(printed == committed[..], "a script in completions/ belongs to no shell, or not to its own");
    // VASTENV_REWRITE=1 cargo test --test completion scripts
    if std::env::var_os("VASTENV_REWRITE").is_some() {
        std::fs::write(folder().join(MADE), print("elvish")).expect("written");
    }
    let made = std::fs::read_to_string(folder().join(MADE)).unwrap_or_default();
    assert!(made == print("elvish"), "{MADE} is old: VASTENV_REWRITE=1 cargo test --test completion scripts");
}

#[test]
fn each_completion_has_its_own_name_file_and_mark() {
    let home = Home::new();
    for completion in completions() {
        let script = home.vastenv_ok(&["completions", completion.shell]);
        let marked = script.lines().take(10).filter(|line| line.starts_with(completion.mark)).count();
        assert_eq!(marked, 1, "{}", completion.shell);
        assert!(completion.text.is_none() || script.contains(&format!("completions {}", completion.shell)));
    }
}

fn installed(home: &Home, arguments: &[&str]) -> (PathBuf, String) {
    let output = home.vastenv(&[&["completions"], arguments].concat());
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(output.status.success() && output.stdout.is_empty(), "{said}");
    let path = said.lines().next().and_then(|line| line.strip_prefix("installed ")).expect("a path");
    let path = path.strip_prefix("~/").map_or_else(|| PathBuf::from(path), |below| home.path(below));
    (path, said)
}

#[test]
fn scripts_are_put_where_each_shell_looks_and_the_place_is_said() {
    let home = Home::new();
    for (shell, place) in [
        ("bash", ".local/share/bash-completion/completions/vastenv"),
        ("zsh", ".local/share/zsh/site-functions/_vastenv"),
        ("fish", ".config/fish/completions/vastenv.fish"),
        ("elvish", ".config/elvish/lib/vastenv.elv"),
        ("powershell", ".config/powershell/_vastenv.ps1"),
    ] {
        for _ in 0..2 {
            let (path, said) = installed(&home, &[shell, "--install"]);
            assert_eq!(path, home.path(place), "{shell}");
            assert_eq!(said.lines().count(), 2, "{said}");
            assert_eq!(
                std::fs::read_to_string(&path).expect("a script"),
                home.vastenv_ok(&["completions", shell])
            );
            assert_eq!(std::fs::metadata(&path).expect("a file").permissions().mode() & 0o700, 0o600);
        }
        let folder = home.path(place).parent().expect("a folder").to_owned();
        assert_eq!(std::fs::read_dir(folder).expect("a folder").count(), 1, "nothing else is left behind");
    }
}

#[test]
fn the_users_own_places_are_respected() {
    let mut home = Home::new();
    let data = home.path("data").display().to_string();
    home.variable("XDG_DATA_HOME", &data);
    assert_eq!(
        installed(&home, &["bash", "--install"]).0,
        home.path("data/bash-completion/completions/vastenv")
    );
    let own = format!("{}:/nowhere", home.path("bc").display());
    home.variable("BASH_COMPLETION_USER_DIR", &own);
    assert_eq!(installed(&home, &["bash", "--install"]).0, home.path("bc/completions/vastenv"));
    std::fs::create_dir(home.path(".zfunc")).expect("a folder");
    let (path, said) = installed(&home, &["zsh", "--install"]);
    assert_eq!(path, home.path(".zfunc/_vastenv"));
    assert!(said.contains("fpath=("), "{said}");
    let elsewhere = tempfile::tempdir().expect("a folder");
    let folder = elsewhere.path().join("a b").display().to_string();
    let (path, _) = installed(&home, &["fish", "--install", "--dir", &folder]);
    assert_eq!(path, elsewhere.path().join("a b/vastenv.fish"));
}

#[test]
fn a_file_of_somebody_elses_is_replaced_only_where_that_is_asked_for() {
    let home = Home::new();
    for (shell, place, earlier) in [
        ("bash", "bc/vastenv", "# shellcheck shell=bash\n# TAB completion of vastenv for bash (3.2)\nold\n"),
        ("zsh", "bc/_vastenv", "#compdef vastenv\n# TAB completion of vastenv for zsh (4)\n"),
        ("elvish", "bc/vastenv.elv", "\nuse str;\nset edit:completion:arg-completer[vastenv] = {}\n"),
        (
            "powershell",
            "bc/_vastenv.ps1",
            "\nRegister-ArgumentCompleter -Native -CommandName 'vastenv' -X {\n",
        ),
        ("fish", "bc/vastenv.fish", ""),
    ] {
        let folder = home.path("bc").display().to_string();
        let arguments = ["completions", shell, "--install", "--dir", &folder];
        home.write(place, "complete -c vastenv # mine\n");
        let output = home.vastenv(&arguments);
        let said = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("is not vastenv's") && said.contains("--yes"), "{said}");
        assert_eq!(home.read(place), "complete -c vastenv # mine\n");
        let script = home.vastenv_ok(&["completions", shell]);
        home.vastenv_ok(&[&arguments[..], &["-y"]].concat());
        assert_eq!(home.read(place), script, "{shell}");
        home.write(place, earlier);
        home.vastenv_ok(&arguments);
        assert_eq!(home.read(place), script, "{shell}");
    }
}

#[test]
fn nothing_is_put_outside_the_home_without_being_told() {
    let elsewhere = tempfile::tempdir().expect("a folder");
    let outside = elsewhere.path().display().to_string();
    let refused = |home: &Home, shell: &str| {
        let output = home.vastenv(&["completions", shell, "--install"]);
        let said = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("--dir"), "{said}");
        assert_eq!(std::fs::read_dir(elsewhere.path()).expect("a folder").count(), 0);
    };
    let mut home = Home::new();
    home.variable("XDG_DATA_HOME", &outside);
    refused(&home, "bash");
    home.without_variable("XDG_DATA_HOME");
    std::fs::remove_dir_all(home.path(".config/fish")).expect("removed");
    symlink(elsewhere.path(), home.path(".config/fish")).expect("a link");
    refused(&home, "fish");
    home.without_variable("HOME");
    refused(&home, "zsh");
}
