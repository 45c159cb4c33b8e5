//! The manual pages, read by those who show them.

use std::fs;

use clap::CommandFactory;
use vastenv::cli::Cli;
use vastenv::cli::groups::leaves;

use crate::common::process::program;
use crate::home::Home;

fn page_names() -> Vec<String> {
    let cli = Cli::command();
    let commands =
        leaves(&cli).into_iter().map(|(words, _)| format!("vastenv-{}.1", words.replace(' ', "-")));
    let mut names: Vec<String> = commands.chain(["vastenv.1".to_owned()]).collect();
    names.sort();
    names
}

#[test]
fn there_is_a_page_for_every_command_and_lint_has_nothing_against_them() {
    let home = Home::new();
    let said = home.vastenv(&["man", "new/man1"]).run().expect(0);
    let names = page_names();
    assert!(said.err.contains(&format!("wrote {} pages to new/man1", names.len())), "{said:?}");
    let entries = fs::read_dir(home.path("new/man1")).expect("a folder");
    let mut written: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text")).collect();
    written.sort();
    assert_eq!(written, names);
    if program("mandoc").is_some() {
        for name in &names {
            let path = home.path("new/man1").join(name);
            let words = ["-T", "lint", "-W", "warning"].map(Into::into);
            let said = home.command("mandoc", &[&words[..], &[path.into_os_string()]].concat()).run();
            assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (0, "", ""), "{name}");
        }
    }
    // A second time they are replaced.
    home.ok(&["man", "new/man1", "--quiet"]);
}

#[test]
fn man_shows_each_page() {
    if program("man").is_none() {
        return;
    }
    let mut home = Home::new();
    home.set("LC_ALL", "C.UTF-8");
    home.set("MANWIDTH", "80");
    home.ok(&["man", "pages"]);
    for name in page_names() {
        let path = home.path("pages").join(&name).into_os_string();
        let said = home.command("man", &["-l".into(), path]).run().expect(0);
        let words = name.trim_end_matches(".1");
        assert!(said.out.starts_with(&words.to_uppercase()) && said.err.is_empty(), "{name}: {said:?}");
        assert!(said.out.contains("EXAMPLES\n") && said.out.contains("SYNOPSIS\n"), "{said:?}");
    }
}

#[test]
fn without_a_folder_the_first_page_is_printed() {
    let home = Home::new();
    let page = home.ok(&["man"]);
    home.ok(&["man", "pages"]);
    assert_eq!(page, fs::read_to_string(home.path("pages/vastenv.1")).expect("a page"));
    for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "EXAMPLES", "ENVIRONMENT", "FILES"] {
        assert!(page.contains(&format!(".SH {section}\n")), "{section}: {page}");
    }
    assert!(page.contains(".SH \"EXIT STATUS\"\n"), "{page}");
}

#[test]
fn the_first_page_names_every_variable_that_users_set() {
    let page = Home::new().ok(&["man"]);
    let source = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/context/variables.rs"));
    let source = source.expect("a source");
    let names: Vec<&str> = source.split('"').skip(1).step_by(2).collect();
    assert!(names.contains(&"VAST_API_KEY"));
    for name in names.into_iter().filter(|name| name.starts_with("VAST") || *name == "NO_COLOR") {
        assert!(page.contains(&format!("\\fB{name}\\fR")), "{name}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let home = Home::new();
    home.write("file", "");
    home.vastenv(&["man", "file/man1"]).run().refuses(1, &["cannot write file/man1", "hint: "]);
}
