//! README's first command: `tests/demo` in each shell, and the part of what it prints that README shows.

use std::fs;
use std::path::{Path, PathBuf};

use super::docs::page;
use crate::common::skip::can;
use crate::home::{Home, Said, VASTENV, chmod};
use crate::pty::Shell;

/// The demo with a vastenv that is built already; what it leaves behind is in `tmp`.
fn demo(home: &Home, shell: Shell, binaries: &Path) -> Said {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/demo");
    let tmp = home.path("tmp");
    fs::create_dir_all(&tmp).expect("a folder");
    let call = home.command(demo, &[shell.name()]).env("DEMO_BINARIES", binaries).env("TMPDIR", &tmp);
    let said = call.run();
    assert_eq!(fs::read_dir(&tmp).expect("a folder").count(), 0, "{said:?}");
    said
}

/// The folder of the program.
fn built() -> &'static Path {
    Path::new(VASTENV).parent().expect("a folder")
}

#[track_caller]
fn ends_well(text: &str, checks: usize, shell: Shell) {
    let closing = format!("── {checks} checks, all passed in {}\n", shell.name());
    assert!(text.ends_with(&closing) && text.matches('✓').count() == checks, "{text}");
}

/// A folder with one program, a line of sh.
fn folder_with(home: &Home, program: &str, line: &str) -> PathBuf {
    let path = home.write(&format!("{program}-of-ours/{program}"), format!("#!/bin/sh\n{line}\n"));
    chmod(&path, 0o755);
    path.parent().expect("a folder").to_owned()
}

#[test]
fn the_demo_runs_in_every_shell_and_readme_shows_a_part_of_it() {
    let page = page("README.md");
    let shown = page.split("```console\n").find(|block| block.starts_with("── ")).expect("a part");
    let shown = shown.split("```").next().expect("an end");
    for shell in Shell::ALL.into_iter().filter(|shell| shell.is_here()) {
        let text = demo(&Home::new(), shell, built()).expect(0).out;
        if can(!text.contains("none can be made here"), "the demo can make no instance") {
            ends_well(&text, 11, shell);
            // The page shows it in zsh.
            assert!(text.contains(&shown.replace("zsh", shell.name())), "{text}");
        }
    }
}

#[test]
fn where_no_instance_can_be_made_the_demo_says_so_and_shows_the_rest() {
    let mut home = Home::new();
    let unshare = folder_with(&home, "unshare", "echo unshare: not permitted >&2; exit 1");
    let path = std::env::var("PATH").expect("a PATH");
    home.set("PATH", format!("{}:{path}", unshare.display()));
    let text = demo(&home, Shell::Bash, built()).expect(0).out;
    assert!(text.contains("none can be made here (unshare: not permitted): the .env has all"), "{text}");
    ends_well(&text, 10, Shell::Bash);
}

#[test]
fn what_is_not_as_it_should_be_fails_the_demo() {
    let home = Home::new();
    let line = format!("case \" $* \" in *' --from '*) exit 0 ;; esac; exec '{VASTENV}' \"$@\"");
    let said = demo(&home, Shell::Bash, &folder_with(&home, "vastenv", &line)).expect(1);
    assert!(said.out.contains("demo: unknown here: "), "{said:?}");
}
