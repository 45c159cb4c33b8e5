//! The manual pages, read by those who show them.

use std::fs;
use std::path::Path;

use clap::CommandFactory;
use vastenv::cli::Cli;
use vastenv::cli::groups::leaves;
use vastenv::project::KEYS;

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

/// The first column of a table in the code.
fn table(file: &str, start: &str) -> Vec<String> {
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("a source");
    let (_, table) =
        source.split_once(start).and_then(|(_, after)| after.split_once("= [")).expect("a table");
    let (table, _) = table.split_once("\n];\n").expect("an end");
    let names = table.split("\n    (").skip(1).filter_map(|row| {
        let (name, _) = row.trim_start().split_once(',')?;
        Some(name.trim_matches('"').to_owned())
    });
    names.collect()
}

/// The names of the settings.
fn settings() -> Vec<String> {
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config/settings.rs"));
    let source = source.expect("a source");
    let (_, table) = source.split_once("static SETTINGS: ").expect("a table");
    let rows = table.lines().map(str::trim).filter_map(|line| {
        let starts = ["top(\"", "both(\"", "of_profile(\"", "name: \""];
        let row = starts.into_iter().find_map(|start| line.strip_prefix(start))?;
        Some(row.split('"').next()?.to_owned())
    });
    // The old one is offered nowhere.
    rows.filter(|name| name != "storage").collect()
}

#[test]
fn settings_variables_and_files_are_the_same_in_the_code_the_manual_help_and_documentation() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let home = Home::new();
    let page = home.ok(&["man"]).replace("\\-", "-");
    let help = home.ok(&["help", "settings"]) + &home.ok(&["help", "variables"]);
    let docs =
        fs::read_dir(root.join("docs")).into_iter().flatten().map(|entry| entry.expect("a page").path());
    let pages = docs.chain([root.join("README.md")]).filter_map(|page| fs::read_to_string(page).ok());
    let docs = pages.collect::<Vec<_>>().join("\n");
    let settings = settings();
    let variables = table("src/context/variables.rs", "const TABLE: ");
    assert!(settings.contains(&"max_age".to_owned()) && variables.contains(&"VAST_URL".to_owned()));
    for name in settings.iter().chain(&variables) {
        assert!(page.contains(&format!("\\fB{name}")) && help.contains(&format!("  {name} ")), "{name}");
    }
    for name in settings.iter().chain(variables.iter().filter(|name| name.starts_with("VAST"))) {
        assert!(docs.contains(&format!("`{name}")) || docs.contains(&format!("{name} = ")), "{name}");
    }
    let projects = home.ok(&["help", "projects"]);
    for key in KEYS {
        assert!(page.contains(&format!("\\fB{}", key.name)) && projects.contains(key.name), "{}", key.name);
    }
    for path in table("src/config/paths.rs", "const FILES: ") {
        let below = path.replace("~/.config", "$XDG_CONFIG_HOME").replace("~/.cache", "$XDG_CACHE_HOME");
        let below =
            below.replace("~/.local/share", "$XDG_DATA_HOME").replace("~/.local/state", "$XDG_STATE_HOME");
        let name = path.rsplit('/').find(|part| !part.is_empty()).expect("a name");
        assert!(page.contains(&path), "{path}");
        assert!(
            docs.contains(&path) || docs.contains(&below) || docs.contains(&format!("`{name}`")),
            "{path}"
        );
    }
    // One that is read but is in no table.
    let source = fs::read_to_string(root.join("src/context/variables.rs")).expect("a source");
    let read = source.split('"').skip(1).step_by(2).filter(|name| name.starts_with("VAST"));
    for name in read {
        assert!(variables.iter().any(|known| known == name), "{name}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let home = Home::new();
    home.write("file", "");
    home.vastenv(&["man", "file/man1"]).run().refuses(1, &["cannot write file/man1", "hint: "]);
}
