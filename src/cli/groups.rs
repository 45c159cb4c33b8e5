//! The commands as `vastenv --help` and vastenv(1) list them: by what they are about, and with
//! all words that a user types. clap itself knows of no such groups.

use clap::builder::{StyledStr, Styles};
use clap::{Args, CommandFactory, Subcommand};

use super::{Cli, Command, Global};

/// Commands about the same thing.
#[derive(Debug)]
pub struct Group {
    /// What they are about.
    pub title: &'static str,
    /// Their words after `vastenv`.
    pub commands: &'static [&'static str],
}

/// Every command, once.
pub const GROUPS: [Group; 6] = [
    Group {
        title: "Load variables into shells and programs",
        commands: &["hook", "run", "export", "refresh", "watch", "status", "why"],
    },
    Group {
        title: "The account's variables",
        commands: &[
            "show env-vars",
            "show env-var",
            "create env-var",
            "update env-var",
            "set env-var",
            "delete env-var",
            "remember env-var",
            "forget env-var",
            "import",
            "diff",
        ],
    },
    Group {
        title: "Projects and profiles",
        commands: &[
            "init",
            "allow",
            "deny",
            "profile list",
            "profile add",
            "profile remove",
            "profile use",
            "profile show",
        ],
    },
    Group {
        title: "API keys",
        commands: &[
            "set api-key",
            "show api-keys",
            "show api-key",
            "create api-key",
            "delete api-key",
            "reset api-key",
        ],
    },
    Group {
        title: "SSH keys",
        commands: &["show ssh-keys", "create ssh-key", "update ssh-key", "delete ssh-key"],
    },
    Group {
        title: "Tools",
        commands: &[
            "doctor",
            "config list",
            "config get",
            "config set",
            "config unset",
            "config edit",
            "config path",
            "storage",
            "sandbox",
            "completions",
            "man",
            "help",
        ],
    },
];

/// Commands of which `vastenv --help` has one row, so that all fit a screen.
const IN_ONE_ROW: [&str; 2] = ["profile", "config"];

impl Group {
    /// The words of its rows in `vastenv --help`.
    pub fn rows(&self) -> Vec<&'static str> {
        let row = |words: &&'static str| {
            let first = words.split(' ').next().unwrap_or(words);
            if IN_ONE_ROW.contains(&first) { first } else { words }
        };
        let mut rows: Vec<&str> = self.commands.iter().map(row).collect();
        rows.dedup();
        rows
    }
}

/// Every command below `above` that does something itself, with the words that lead to it.
pub fn leaves(above: &clap::Command) -> Vec<(String, &clap::Command)> {
    let mut found = Vec::new();
    for command in above.get_subcommands().filter(|command| !command.is_hide_set()) {
        if command.has_subcommands() {
            let below = leaves(command).into_iter();
            found.extend(below.map(|(words, leaf)| (format!("{} {words}", command.get_name()), leaf)));
        } else {
            found.push((command.get_name().to_owned(), command));
        }
    }
    found
}

/// The first sentence of a command's help.
pub fn about(command: &clap::Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// What a command's help says after its options: notes, and the lines of its examples.
pub fn notes_and_examples(command: &clap::Command) -> (String, Vec<String>) {
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let is_heading = |line: &&str| matches!(*line, "Example:" | "Examples:");
    let at = lines.iter().position(is_heading).unwrap_or(lines.len());
    let examples = lines.iter().skip(at + 1).map(|line| line.strip_prefix("  ").unwrap_or(line).to_owned());
    (lines[..at].join("\n").trim_end().to_owned(), examples.collect())
}

/// The form of `vastenv --help`.
pub(super) fn template() -> String {
    let commands = Command::augment_subcommands(clap::Command::new("vastenv"));
    let known = |words: &str| words.split(' ').try_fold(&commands, |above, word| above.find_subcommand(word));
    let width = GROUPS.iter().flat_map(Group::rows).map(str::len).max().unwrap_or(0);
    let styles = Styles::styled();
    let (header, literal) = (styles.get_header(), styles.get_literal());
    let mut text = "{about-with-newline}\n{usage-heading} {usage}\n".to_owned();
    for group in &GROUPS {
        text.push_str(&format!("\n{header}{}:{header:#}\n", group.title));
        for words in group.rows() {
            if let Some(command) = known(words) {
                let gap = " ".repeat(width - words.len() + 2);
                text.push_str(&format!("  {literal}{words}{literal:#}{gap}{}\n", about(command)));
            }
        }
    }
    text.push_str(&format!("\n{header}Options:{header:#}\n{{options}}{{after-help}}"));
    text
}

/// The command line with its help texts: `-h` shows what is a command's own, `--help` also its notes and
/// examples, and then the options of every command.
pub fn command() -> clap::Command {
    let hide = |option: clap::Arg| {
        let is_global = option.is_global_set();
        option.hide_short_help(is_global).hide_long_help(is_global)
    };
    with_ends(Cli::command().mut_args(hide), &global_options().ansi().to_string())
}

fn with_ends(command: clap::Command, globals: &str) -> clap::Command {
    let header = Styles::styled();
    let header = header.get_header();
    let own = command.get_after_help().map_or(String::new(), |own| format!("{}\n\n", own.ansi()));
    command
        .after_help("Global options: vastenv help options")
        .after_long_help(StyledStr::from(format!("{own}{header}Global options:{header:#}\n{globals}")))
        .mut_subcommands(|below| with_ends(below, globals))
}

/// The options of every command.
pub fn global_options() -> StyledStr {
    let globals = Global::augment_args(clap::Command::new("vastenv")).disable_help_flag(true);
    globals.term_width(80).help_template("{options}").render_help()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn every_command_is_in_exactly_one_group() {
        let cli = Cli::command();
        let mut known: Vec<String> = leaves(&cli).into_iter().map(|(words, _)| words).collect();
        let mut grouped: Vec<&str> = GROUPS.iter().flat_map(|group| group.commands).copied().collect();
        known.sort_unstable();
        grouped.sort_unstable();
        assert_eq!(known, grouped);
    }

    #[test]
    fn the_template_lets_every_line_fit_and_holds_no_other_placeholder() {
        let text = StyledStr::from(template()).to_string();
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "too long (shorten the command's about): {line}");
            let placeholders = ["{about-with-newline}", "{usage-heading} {usage}", "{options}{after-help}"];
            assert!(!line.contains(['{', '}']) || placeholders.contains(&line), "{line}");
        }
    }
}
