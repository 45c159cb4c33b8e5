//! The hooks as texts: whether they can be read, and what the linters say.

use std::path::{Path, PathBuf};

use crate::common::process::{command, program as find};
use crate::common::screen::visible;
use crate::pty::Shell;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("shell").join(name)
}

#[test]
fn every_shell_can_parse_its_scripts_and_the_linter_is_content() {
    let checks: [(&str, &[&str], &str); 7] = [
        ("bash", &["-n"], "vastenv.bash"),
        ("zsh", &["-n"], "vastenv.zsh"),
        ("fish", &["--no-execute"], "vastenv.fish"),
        ("bash", &["-n"], "../completions/vastenv.bash"),
        ("zsh", &["-n"], "../completions/_vastenv"),
        ("fish", &["--no-execute"], "../completions/vastenv.fish"),
        ("shellcheck", &["--severity=style"], "vastenv.bash"),
    ];
    for (program, arguments, hook) in checks {
        let Some(program) = find(program) else { continue };
        let home = tempfile::tempdir().expect("a home");
        let mut command = command(&program);
        let output =
            command.args(arguments).arg(file(hook)).env("HOME", home.path()).output().expect("it runs");
        let said = [output.stdout, output.stderr].concat();
        assert!(
            output.status.success() && said.is_empty(),
            "{}: {}",
            program.display(),
            String::from_utf8_lossy(&said)
        );
    }
}

#[test]
fn every_scenario_knows_every_shell() {
    let tested = Shell::ALL.map(|shell| (shell.name(), format!("~/{}", shell.rc_file())));
    assert_eq!(tested, vastenv::shell::ALL.map(|shell| (shell.name(), shell.start_file().usual())));
}

#[test]
fn no_line_outgrows_the_page() {
    for shell in vastenv::shell::ALL {
        let (hook, text) = (shell.name(), shell.template());
        // fish takes the list of watched variables in one line.
        for line in text.lines().filter(|line| !line.contains("--on-variable")) {
            assert!(line.chars().count() <= 110, "{hook}: {line}");
        }
    }
}

#[test]
fn what_only_the_terminal_reads_is_not_seen() {
    for (written, seen) in [
        ("\u{1b}[?2004lone\u{1b}[38;5;1m two\u{1b}[>5u", "one two"),
        ("\u{1b}]0;title\u{7}one\u{1b}]7;file://host/~\u{1b}\\ two", "one two"),
        ("\u{1b}P+q696e\u{1b}\\one\u{1b}_G\u{1b}\\ two", "one two"),
        ("\u{1b}=one\u{1b}(B\u{1b}7 two\u{1b}8", "one two"),
        ("one\n two\u{1b}]0;cut off", "one\n two"),
    ] {
        assert_eq!(visible(written), seen);
    }
}
