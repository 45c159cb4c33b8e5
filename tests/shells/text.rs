//! The hooks as texts: whether they can be read, and what the linters say.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::pty::find_program;

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
        if find_program(program).is_none() {
            eprintln!("SKIPPED: {program} is not installed");
            continue;
        }
        let output = Command::new(program).args(arguments).arg(file(hook)).output().expect("it runs");
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success() && said.is_empty(), "{program}: {}", String::from_utf8_lossy(&said));
    }
}

#[test]
fn no_line_outgrows_the_page() {
    for hook in ["vastenv.bash", "vastenv.zsh", "vastenv.fish"] {
        let text = std::fs::read_to_string(file(hook)).expect("a hook");
        // The comparison of the steering variables is one word.
        for line in text.lines().filter(|line| !line.contains("VASTENV_DISABLE")) {
            assert!(line.chars().count() <= 110, "{hook}: {line}");
        }
    }
}
