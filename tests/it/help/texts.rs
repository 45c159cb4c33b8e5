//! Help texts: what every command's has, in 80 columns, by each way to it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use clap::CommandFactory;
use vastenv::cli::Cli;
use vastenv::cli::groups::{GROUPS, leaves, notes_and_examples};
use vastenv::{format, shell};

use crate::home::Home;
use crate::terminal::Terminal;

/// The words of every command and of every half of one (`show`), and none for all of vastenv.
pub fn commands() -> Vec<Vec<String>> {
    fn below(command: &clap::Command, words: &[String], found: &mut Vec<Vec<String>>) {
        found.push(words.to_vec());
        for next in command.get_subcommands() {
            below(next, &[words, &[next.get_name().to_owned()]].concat(), found);
        }
    }
    let mut found = Vec::new();
    below(&Cli::command(), &[], &mut found);
    assert!(found.len() > 25, "{found:?}");
    found
}

fn ask(home: &Home, words: &[&str]) -> String {
    let said = home.vastenv(words).run().expect(0);
    assert_eq!(said.err, "", "{words:?}");
    said.out
}

#[test]
fn every_way_to_a_help_text_shows_the_same_in_80_columns_without_escapes() {
    let home = Home::new();
    for command in commands() {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let text = ask(&home, &[&words[..], &["--help"]].concat());
        let short = ask(&home, &[&words[..], &["-h"]].concat());
        assert!(short.ends_with("\n\nGlobal options: vastenv help options\n"), "{words:?}: {short}");
        assert!(short.len() < text.len() && !short.contains("--insecure-http"), "{words:?}: {short}");
        let (_, globals) = text.split_once("\n\nGlobal options:\n").expect("a heading");
        assert!(ask(&home, &["help", "options"]).ends_with(globals), "{words:?}: {globals}");
        if words != ["hook"] {
            assert_eq!(text, ask(&home, &[&["help"], &words[..]].concat()), "{words:?}");
        }
        for line in text.lines().chain(short.lines()) {
            assert!(line.chars().count() <= 80, "{words:?}: {line}");
        }
        assert!(!text.contains("<http"), "{text}");
        assert!(text.contains("Usage: vastenv") && !text.contains('\u{1b}'), "{text}");
    }
}

#[test]
fn a_help_text_has_examples_of_its_command_before_the_global_options() {
    let home = Home::new();
    let cli = Cli::command();
    for (words, command) in leaves(&cli) {
        let (_, examples) = notes_and_examples(command);
        assert!(!examples.is_empty(), "{words} has no example");
        assert!(examples.join("\n").contains(&format!("vastenv {words}")), "{words}: {examples:?}");
        let text = command.get_after_help().expect("a text").to_string();
        // Wrapped by hand, so that no word is left alone in a line.
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{words}: {line}");
        }
        let mut lines = text.lines().rev();
        let heading = lines.find(|line| !line.starts_with("  ")).expect("a heading");
        let wanted =
            if text.matches("\n  ").count() > 1 && examples.len() > 1 { "Examples:" } else { "Example:" };
        assert_eq!(heading, wanted, "{words}");
        // A comment that is wrapped would look like a command.
        let shown = ask(&home, &words.split(' ').chain(["--help"]).collect::<Vec<_>>());
        let (_, shown) = shown.rsplit_once(&format!("\n{heading}\n")).expect("a heading");
        let (shown, _) = shown.split_once("\n\nGlobal options:\n").expect("the global options");
        let shown: Vec<&str> = shown.lines().map(|line| line.strip_prefix("  ").unwrap_or(line)).collect();
        assert_eq!(shown, examples, "{words}");
    }
}

#[test]
fn what_is_written_for_users_names_every_shell_and_format() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs =
        fs::read_dir(root.join("docs")).into_iter().flatten().map(|entry| entry.expect("a page").path());
    let pages = docs.chain([root.join("README.md")]).filter_map(|page| fs::read_to_string(page).ok());
    let text = pages.collect::<Vec<_>>().join("\n").replace("\\|", "|");
    for shell in shell::ALL {
        let row = format!("| `{}` | `{}` |", shell.start_file().usual(), shell.hook_line());
        assert!(
            text.lines()
                .any(|line| line.starts_with(&format!("| {} ", shell.name())) && line.ends_with(&row))
        );
    }
    for completion in shell::completions() {
        assert!(text.contains(&format!("\n| {} | ", completion.shell)), "{}", completion.shell);
    }
    let export = text.lines().find(|line| line.starts_with("| `export FORMAT` |")).expect("a row");
    for format in format::all() {
        assert!(export.contains(&format!("`{}`", format.name())), "{}", format.name());
    }
}

#[test]
fn all_of_the_help_lists_each_group_with_its_commands() {
    let text = ask(&Home::new(), &["--help"]);
    for group in &GROUPS {
        let (_, after) = text.split_once(&format!("\n{}:\n", group.title)).expect("a group");
        let (listed, _) = after.split_once("\n\n").expect("an end");
        let words = listed.lines().map(|line| line.trim_start().split("  ").next().expect("words"));
        assert_eq!(words.collect::<Vec<_>>(), group.rows(), "{}", group.title);
    }
}

#[test]
fn topics_are_explained_and_listed() {
    let home = Home::new();
    let mut screens = String::new();
    for topic in ["hook", "projects", "masks", "security", "settings", "options", "topics"] {
        let text = ask(&home, &["help", topic]);
        assert!(text.lines().count() <= 24, "{topic}");
        writeln!(screens, "{text}").expect("written");
    }
    for part in ["\n  masks     ", "********", "LD_PRELOAD", "VASTENV_DISABLE=1"] {
        assert!(screens.contains(part), "{part}: {screens}");
    }
    let said = home.vastenv(&["help", "mask"]).run();
    said.refuses(2, &["no such command or topic", "did you mean `vastenv help masks`?"]);
    let said = home.vastenv(&["help", "shwo", "env-vars"]).run();
    said.refuses(2, &["did you mean `vastenv help show env-vars`?", "vastenv help topics"]);
    let said = home.vastenv(&["help", "set", "api-key", "hidden-key"]).run();
    said.refuses(2, &["no such command or topic"]).hides("hidden-key");
}

#[test]
fn a_terminal_shows_colours_unless_they_are_refused() {
    let mut home = Home::new();
    for (term, words, escapes) in [
        ("xterm", "--help", true),
        ("xterm", "help show env-vars", true),
        ("xterm", "--no-color --help", false),
        ("xterm", "--help | cat", false),
        ("dumb", "--help", false),
    ] {
        home.set("TERM", term);
        let (seen, code) = Terminal::open(&home, 100, &format!("vastenv {words}")).end();
        assert_eq!((code, seen.contains('\u{1b}')), (0, escapes), "{term} {words}: {seen}");
    }
    home.set("TERM", "xterm");
    home.set("NO_COLOR", "1");
    let (seen, _) = Terminal::open(&home, 100, "vastenv --help; vastenv help create env-var").end();
    assert!(seen.contains("Usage:") && !seen.contains('\u{1b}'), "{seen}");
}
