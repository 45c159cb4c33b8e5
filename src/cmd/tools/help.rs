//! `vastenv help`: a command's help, or a topic on one screen.

use clap::builder::StyledStr;

use crate::cli::{self, groups, suggest};
use crate::config::settings::{self as config, Place, Setting};
use crate::context::{self, variables};
use crate::domain::{Failure, Result};
use crate::ui::Ui;

/// A topic: its name, what it is about, and its text.
pub(crate) struct Topic {
    pub name: &'static str,
    pub about: &'static str,
    pub text: fn() -> StyledStr,
}

/// All topics.
pub(crate) const TOPICS: [Topic; 7] = [
    Topic {
        name: "hook",
        about: "how variables come into a shell, and how they leave it",
        text: || include_str!("topics/hook.txt").into(),
    },
    Topic {
        name: "projects",
        about: "fewer variables, or another account, in a folder",
        text: || include_str!("topics/projects.txt").into(),
    },
    Topic {
        name: "masks",
        about: "why a value can be ********, and what vastenv remembers",
        text: || include_str!("topics/masks.txt").into(),
    },
    Topic {
        name: "security",
        about: "where secrets are stored, and who can read them",
        text: || include_str!("topics/security.txt").into(),
    },
    Topic { name: "settings", about: "what config.toml may say", text: settings },
    Topic { name: "variables", about: "environment variables that steer vastenv", text: environment },
    Topic { name: "options", about: "the options of every command", text: options },
];

/// Prints the help of what the words name; all of vastenv's for none.
pub(crate) fn help(arguments: &cli::Help, ui: Ui) -> Result<()> {
    let words: Vec<&str> = arguments.words.iter().map(String::as_str).collect();
    if let [word] = words[..] {
        if let Some(topic) = TOPICS.iter().find(|topic| topic.name == word) {
            return print_help(&(topic.text)(), ui);
        }
        if word == "topics" {
            return list_topics(ui);
        }
    }
    let cli = groups::command();
    if words.iter().try_fold(&cli, |above, word| above.find_subcommand(word)).is_none() {
        return Err(unknown(&words));
    }
    // clap's own answer, so that it is the same text.
    let line = ["vastenv"].iter().chain(&words).chain(&["--help"]);
    match cli.try_get_matches_from(line) {
        Err(answer) => print_help(&answer.render(), ui),
        Ok(_) => Err(unknown(&words)),
    }
}

fn options() -> StyledStr {
    let globals = groups::global_options().ansi().to_string();
    format!("Global options, before or after any command:\n{globals}").into()
}

/// The table of settings.
fn settings() -> StyledStr {
    let mut text = "Settings in ~/.config/vastenv/config.toml, which need not exist\n\n".to_owned();
    let row = |setting: &Setting| format!("  {:23}{}\n", setting.to_string(), setting.about);
    text.extend(config::settings(false).map(row));
    text.push_str("\nIn [profiles.NAME], beside max_age, allow and run_only\n\n");
    text.extend(config::settings(true).filter(|setting| setting.place == Place::Profile).map(row));
    text.push_str("\nShow them with `vastenv config list`, change them with `vastenv config set`.\n");
    text.into()
}

/// The table of variables.
fn environment() -> StyledStr {
    let mut text = "Environment variables that steer vastenv\n\n".to_owned();
    for (name, about) in variables::TABLE {
        text.push_str(&format!("  {name:17}{about}\n"));
    }
    text.push_str("\nWhich of them are in force: `vastenv doctor`. Files: vastenv(1).\n");
    text.into()
}

/// Prints a help text of clap's, in colour where a terminal shows it.
pub(crate) fn print_help(text: &StyledStr, ui: Ui) -> Result<()> {
    let is_seen = ui.color && context::stdout_is_terminal();
    ui.data(if is_seen { text.ansi().to_string() } else { text.to_string() }.as_bytes())
}

fn list_topics(ui: Ui) -> Result<()> {
    ui.line("Topics (vastenv help TOPIC):")?;
    for topic in &TOPICS {
        ui.line(&format!("  {:10}{}", topic.name, topic.about))?;
    }
    Ok(())
}

/// The words may be anything: they are not repeated.
fn unknown(words: &[&str]) -> Failure {
    let mut topics = TOPICS.iter().map(|topic| topic.name).chain(["topics"]);
    let topic = match words {
        [word] => topics.find(|name| suggest::is_close(name, word)),
        _ => None,
    };
    let meant: Vec<String> = topic.map_or_else(
        || suggest::commands(words).iter().map(|line| helped(line)).collect(),
        |name| vec![format!("vastenv help {name}")],
    );
    let question = suggest::question(&meant).map_or(String::new(), |question| format!("{question} "));
    Failure::usage("no such command or topic")
        .hint(format!("{question}see `vastenv help` and `vastenv help topics`"))
}

/// The command line that explains `line`.
fn helped(line: &str) -> String {
    if line.starts_with("vastenv help") {
        line.to_owned()
    } else {
        line.replacen("vastenv", "vastenv help", 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    use crate::cli::Cli;
    use crate::cli::groups::leaves;

    #[test]
    fn a_topic_fits_one_screen() {
        for topic in &TOPICS {
            let text = (topic.text)().to_string();
            assert!(text.lines().count() <= 24, "{}", topic.name);
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "{}: {line}", topic.name);
                assert_eq!(line.trim_end(), line, "{}", topic.name);
            }
            assert!(text.ends_with('\n') && topic.about.len() <= 65, "{}", topic.name);
        }
    }

    #[test]
    fn a_topic_speaks_of_commands_that_exist() {
        let cli = Cli::command();
        let known: Vec<String> = leaves(&cli).into_iter().map(|(words, _)| words).collect();
        for topic in &TOPICS {
            let text = (topic.text)().to_string();
            let commands: Vec<&str> =
                text.split('`').skip(1).step_by(2).filter_map(|code| code.strip_prefix("vastenv ")).collect();
            assert!(!commands.is_empty(), "{}", topic.name);
            for command in commands {
                let exists =
                    known.iter().any(|known| command == known || command.starts_with(&format!("{known} ")));
                assert!(exists, "{}: {command}", topic.name);
            }
        }
    }

    #[test]
    fn the_argument_of_help_lists_every_topic() {
        let mut cli = Cli::command();
        cli.build();
        let text = cli.find_subcommand_mut("help").expect("help").render_long_help().to_string();
        let all = cli.render_long_help().to_string();
        for topic in &TOPICS {
            assert!(text.contains(topic.name) && all.contains(topic.name), "{}", topic.name);
        }
    }
}
