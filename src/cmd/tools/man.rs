//! `vastenv man`: the manual pages, from the same words as the help texts.

use std::path::Path;

use clap::{Arg, Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::help::TOPICS;
use crate::cli::groups::{GROUPS, about, leaves, notes_and_examples};
use crate::cli::{self, Cli};
use crate::config;
use crate::config::settings::{Place, settings};
use crate::context::{self, variables};
use crate::domain::{Failure, Result, count, format_date};
use crate::files::{make_folder, reason};
use crate::project;
use crate::ui::Ui;

const DESCRIPTION: &str = "vastenv loads the environment variables of a Vast.ai account into the user's \
    shell: loaded when a shell starts, updated at the next prompt, available offline. Without a command, \
    it shows what is set up and the next step.";

const PROJECT_FILE: (&str, &str) = (project::FILE, "What a folder and those below have: PROJECT FILES.");

const EXIT_STATUS: [(&str, &str); 5] = [
    ("0", "Done."),
    ("1", "Failed: the server refused or could not be reached, or a file could not be read or written."),
    ("2", "Usage: invalid arguments."),
    ("4", "Not authenticated: no API key, or one that the server refuses."),
    (
        "126, 127",
        "run: the command cannot be executed, or is not found. Otherwise run ends as the command does.",
    ),
];

/// Prints vastenv(1), or writes a page for every command into a folder.
pub(crate) fn man(arguments: &cli::Man, ui: Ui) -> Result<()> {
    let pages =
        pages().map_err(|error| Failure::failed(format!("cannot make the pages: {}", reason(&error))))?;
    let Some(folder) = &arguments.folder else {
        return pages.first().map_or(Ok(()), |(_, text)| ui.data(text));
    };
    let failed = |path: &Path, error: &std::io::Error| {
        Failure::failed(format!("cannot write {}: {}", path.display(), reason(error)))
            .hint("choose a writable folder: vastenv man ~/.local/share/man/man1")
    };
    make_folder(folder, 0o777).map_err(|error| failed(folder, &error))?;
    for (name, text) in &pages {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| failed(&path, &error))?;
    }
    ui.say(&format!("wrote {} to {}", count(pages.len(), "page"), folder.display()));
    Ok(())
}

/// Every page with its file's name, vastenv(1) first.
fn pages() -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut cli = Cli::command();
    cli.build();
    let mut pages = vec![("vastenv.1".to_owned(), main_page(&cli)?)];
    for (words, command) in leaves(&cli) {
        pages.push((format!("{}.1", page_name(&words)), command_page(&words, command)?));
    }
    Ok(pages)
}

fn main_page(cli: &Command) -> std::io::Result<Vec<u8>> {
    let man = titled("vastenv", cli.clone());
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    let mut body = Roff::new();
    synopsis(&mut body, cli);
    body.control("SH", ["DESCRIPTION"]).text([roman(DESCRIPTION)]);
    body.control("SH", ["COMMANDS"]);
    let known = leaves(cli);
    for group in &GROUPS {
        body.control("SS", [group.title]);
        let in_order = |words: &&&str| known.iter().find(|(known, _)| known == **words);
        for (words, command) in group.commands.iter().filter_map(|words| in_order(&words)) {
            body.control("TP", []).text([bold(page_name(words)), roman("(1)")]);
            body.text([roman(format!("{}.", about(command)))]);
        }
    }
    body.to_writer(&mut page)?;
    man.render_options_section(&mut page)?;
    let mut end = Roff::new();
    list(&mut end, "EXIT STATUS", &EXIT_STATUS);
    end.control("SH", ["SETTINGS"]);
    list_items(&mut end, settings(false).map(|setting| (setting.to_string(), setting.about)));
    end.control("PP", []).text([roman("In [profiles.NAME], beside max_age, allow and run_only:")]);
    let of_profile = settings(true).filter(|setting| setting.place == Place::Profile);
    list_items(&mut end, of_profile.map(|setting| (setting.to_string(), setting.about)));
    end.control("SH", ["PROJECT FILES"]);
    let when = |key: &project::Key| if key.waits { " (when allowed)" } else { "" };
    list_items(&mut end, project::KEYS.iter().map(|key| (format!("{}{}", key.name, when(key)), key.about)));
    list(&mut end, "ENVIRONMENT", &variables::TABLE);
    list(&mut end, "FILES", &[&config::FILES[..], &[PROJECT_FILE]].concat());
    let start = ["vastenv set api-key", "vastenv hook zsh --install", "exec zsh"];
    examples(&mut end, &start.map(str::to_owned));
    end.control("SH", ["SEE ALSO"]).text([roman("Topics:")]);
    list_items(&mut end, TOPICS.iter().map(|topic| (format!("vastenv help {}", topic.name), topic.about)));
    end.to_writer(&mut page)?;
    Ok(page)
}

fn command_page(words: &str, command: &Command) -> std::io::Result<Vec<u8>> {
    // The options of every command are explained in one place.
    let own = command.clone().mut_args(|option| {
        let is_global = option.is_global_set();
        with_values_in_help(option).hide(is_global)
    });
    let name = page_name(words);
    let man = titled(&name, own.display_name(name.clone()));
    let (notes, lines) = notes_and_examples(command);
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    let mut body = Roff::new();
    synopsis(&mut body, command);
    body.control("SH", ["DESCRIPTION"]).text([roman(format!("{}.", about(command)))]);
    for note in notes.split("\n\n").filter(|note| !note.is_empty()) {
        paragraph(body.control("PP", []), note);
    }
    body.to_writer(&mut page)?;
    man.render_options_section(&mut page)?;
    let mut end = Roff::new();
    end.control("PP", []).text([
        roman("Options that every command takes are explained in "),
        bold("vastenv"),
        roman("(1)."),
    ]);
    examples(&mut end, &lines);
    see_also(&mut end, words);
    end.to_writer(&mut page)?;
    Ok(page)
}

/// The values that an option may have, in one line of its help rather than in a list.
fn with_values_in_help(option: Arg) -> Arg {
    let values = option.get_possible_values();
    let names: Vec<&str> = values.iter().map(clap::builder::PossibleValue::get_name).collect();
    if names.is_empty() || !option.get_action().takes_values() {
        return option;
    }
    let help = option.get_help().map(ToString::to_string).unwrap_or_default();
    option.help(format!("{help}: {}", names.join(", "))).hide_possible_values(true)
}

/// The page's frame, dated by the commit that vastenv was built from, or else today.
fn titled(name: &str, command: Command) -> Man {
    let day = option_env!("VASTENV_COMMIT_DATE").map_or_else(|| format_date(context::now().0), str::to_owned);
    let version = concat!("vastenv ", env!("CARGO_PKG_VERSION"));
    Man::new(command).title(name.to_uppercase()).date(day).source(version).manual("vastenv")
}

fn page_name(words: &str) -> String {
    format!("vastenv-{}", words.replace(' ', "-"))
}

fn synopsis(roff: &mut Roff, command: &Command) {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.strip_prefix("Usage:").unwrap_or(&usage);
    as_is(roff.control("SH", ["SYNOPSIS"]), usage.lines().map(str::trim));
}

fn list(roff: &mut Roff, heading: &str, items: &[(&str, &str)]) {
    list_items(roff.control("SH", [heading]), items.iter().map(|(term, text)| ((*term).to_owned(), *text)));
}

fn list_items<'a>(roff: &mut Roff, items: impl Iterator<Item = (String, &'a str)>) {
    for (term, text) in items {
        roff.control("TP", []).text([bold(term)]).text([roman(text)]);
    }
}

fn examples<'a>(roff: &mut Roff, lines: impl IntoIterator<Item = &'a String>) {
    as_is(roff.control("SH", ["EXAMPLES"]), lines.into_iter().map(String::as_str));
}

/// Text as it comes, but for its indented lines.
fn paragraph(roff: &mut Roff, text: &str) {
    let (indented, running): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with(' '));
    for line in running {
        roff.text([roman(line)]);
    }
    if !indented.is_empty() {
        as_is(roff, indented.into_iter());
    }
}

/// Lines that are not filled.
fn as_is<'a>(roff: &mut Roff, lines: impl Iterator<Item = &'a str>) {
    roff.control("nf", []);
    for line in lines {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}

/// The other commands of its group.
fn see_also(roff: &mut Roff, words: &str) {
    let group = GROUPS.iter().find(|group| group.commands.contains(&words));
    let others = group.map_or(&[][..], |group| group.commands).iter().filter(|other| **other != words);
    let mut text = vec![bold("vastenv"), roman("(1)")];
    for other in others {
        text.extend([roman(", "), bold(page_name(other)), roman("(1)")]);
    }
    roff.control("SH", ["SEE ALSO"]).text(text);
}
