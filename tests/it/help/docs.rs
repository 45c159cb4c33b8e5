//! README.md and the other pages: links lead somewhere, and what they name exists.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use serde_json::Value;
use vastenv::cli::Cli;
use vastenv::cli::groups::leaves;
use vastenv::context::variables::AGENT_MARKERS;

use crate::home::Home;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a page.
pub fn page(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// README.md and docs/: what users read.
fn users_pages() -> Vec<PathBuf> {
    let docs =
        fs::read_dir(root().join("docs")).expect("a folder").map(|entry| entry.expect("a page").path());
    let pages: Vec<PathBuf> = docs.chain([root().join("README.md")]).collect();
    assert!(pages.len() > 3, "{pages:?}");
    pages
}

/// Each heading as it is linked to.
fn anchors(text: &str) -> Vec<String> {
    let is_kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-"))
        .map(|heading| heading.chars().filter(is_kept).collect())
        .collect()
}

#[test]
fn the_front_page_is_short() {
    let lines = page("README.md").lines().count();
    assert!(lines <= 180, "README.md has {lines} lines: what is long goes to docs/");
}

#[test]
fn every_link_leads_somewhere() {
    let others = ["CONTRIBUTING.md", "CHANGELOG.md", "benches/README.md"].map(|path| root().join(path));
    for path in users_pages().into_iter().chain(others) {
        let text = page(&path);
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.starts_with("https://")) {
            let (file, anchor) = link.split_once('#').map_or((link, None), |(file, at)| (file, Some(at)));
            let target = if file.is_empty() { path.clone() } else { path.with_file_name(file) };
            assert!(target.exists(), "{}: {link}", path.display());
            if let Some(anchor) = anchor {
                assert!(
                    anchors(&page(target)).iter().any(|known| known == anchor),
                    "{}: {link}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn every_page_is_linked_from_the_front_page() {
    let front = page("README.md");
    for path in users_pages() {
        let name = path.strip_prefix(root()).expect("below the root").display().to_string();
        assert!(name == "README.md" || front.contains(&format!("({name})")), "{name}");
    }
}

/// The command lines of vastenv in code spans and blocks.
fn command_lines(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_block = false;
    for line in text.lines() {
        if line.starts_with("```") {
            in_block = !in_block;
        } else if in_block {
            let typed = line.rsplit_once("$ ").map_or(line, |(_, typed)| typed);
            found.extend(typed.starts_with("vastenv ").then(|| typed.to_owned()));
        } else {
            let spans = line.split('`').skip(1).step_by(2);
            found.extend(spans.filter(|span| span.starts_with("vastenv ")).map(str::to_owned));
        }
    }
    found
}

#[test]
fn every_command_line_is_one() {
    let mut checked = 0;
    for path in users_pages() {
        for line in command_lines(&page(&path)) {
            let line = line.replace("\\|", "|");
            let words = line.split([' ', '"']).filter(|word| !word.is_empty());
            let typed = words.take_while(|word| !matches!(*word, "#" | "|" | "||" | "<" | ">" | "&&"));
            // A mention of a command may leave out its arguments.
            let is_wrong = |error: &clap::Error| {
                error.use_stderr() && error.kind() != ErrorKind::MissingRequiredArgument
            };
            let refused = Cli::try_parse_from(typed).err().filter(is_wrong);
            assert!(refused.is_none(), "{}: {line}: {}", path.display(), refused.expect("an error"));
            checked += 1;
        }
    }
    assert!(checked > 30, "{checked}");
}

#[test]
fn every_command_is_in_the_table_and_every_option_exists() {
    let table = page("docs/commands.md");
    let rows: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .filter_map(|line| line.split(" | ").next())
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    let cli = Cli::command();
    let mut options: BTreeSet<String> = ["--help", "--version"].map(str::to_owned).into();
    for (words, command) in leaves(&cli) {
        let is_row = |row: &&&str| **row == words || row.starts_with(&format!("{words} "));
        assert!(rows.iter().find(is_row).is_some(), "{words} is not in docs/commands.md");
        for argument in command.get_arguments().chain(cli.get_arguments()) {
            let names = argument.get_long_and_visible_aliases().into_iter().flatten();
            options.extend(
                names.chain(argument.get_all_aliases().into_iter().flatten()).map(|n| format!("--{n}")),
            );
        }
    }
    let named = table.split('`').skip(1).step_by(2).flat_map(str::split_whitespace);
    for word in named.filter(|word| word.starts_with("--") && word.len() > 2 && !word.contains("max-model")) {
        let option: String =
            word.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
        assert!(options.contains(&option), "{option} is no option");
    }
}

#[test]
fn every_setting_and_variable_is_explained() {
    let text = page("docs/configuration.md");
    let blocks: Vec<&str> =
        text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let [defaults, profile] = blocks[..] else { panic!("{blocks:?}") };
    let home = Home::new();
    let listed = |key: &str| -> BTreeMap<String, Value> {
        let rows: Value = serde_json::from_str(&home.ok(&["--raw", "config", "list"])).expect("JSON");
        let rows = rows.as_array().expect("rows").iter();
        rows.map(|row| (row["key"].as_str().expect("a key").to_owned(), row[key].clone())).collect()
    };
    let known = listed("default");
    home.write(".config/vastenv/config.toml", defaults);
    assert_eq!(listed("value"), known);
    let keys = |block: &str| -> BTreeSet<String> {
        let lines =
            block.lines().map(|line| line.trim_start_matches("# ")).filter(|line| !line.starts_with('['));
        lines.filter_map(|line| Some(line.split_once(" = ")?.0.to_owned())).collect()
    };
    assert_eq!(keys(defaults), known.into_keys().collect());
    // Those of a profile are the settings that no other place has, and what the block itself sets.
    home.write(".config/vastenv/config.toml", profile);
    home.ok(&["config", "list"]);
    let source = page("src/config/settings.rs");
    let rows = source.lines().map(str::trim).filter_map(|line| {
        let row = line.strip_prefix("of_profile(\"").or_else(|| line.strip_prefix("both(\""))?;
        Some(row.split('"').next()?.to_owned())
    });
    assert_eq!(keys(profile), rows.collect());

    let source = page("src/context/variables.rs");
    for name in source.split('"').skip(1).step_by(2).filter(|name| name.starts_with("VAST")) {
        assert!(text.contains(&format!("| `{name}")), "{name}");
    }
    let security = page("docs/security.md");
    for marker in AGENT_MARKERS {
        assert!(security.contains(&format!("`{marker}`")), "{marker}");
    }
}
