//! What a TAB offers, and how a shell is told.

use clap::{Arg, Command};
use unicode_width::UnicodeWidthChar;

use super::line::Line;
use crate::domain::printable;
use crate::shell::Tab;

/// The narrowest room in which a description is shown beside its word, in columns.
const LEAST_ROOM: usize = 12;

/// What can stand at the cursor.
pub enum Offer {
    /// Words.
    Words {
        /// What each has before it: `--name=`.
        attached: String,
        /// They.
        words: Vec<Word>,
    },
    /// A file, which the shell knows best.
    Files,
    /// A folder.
    Folders,
    /// Another program's command line, which begins there.
    Command(usize),
}

/// One word that may stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word.
    pub text: String,
    /// What it is.
    pub about: String,
}

impl Word {
    /// A word, and what it is; both are shown as they are, but for what could disturb a terminal.
    pub fn new(text: impl Into<String>, about: &str) -> Self {
        Self { text: text.into(), about: printable(about) }
    }
}

impl Offer {
    /// None at all.
    pub fn nothing() -> Self {
        Self::words(Vec::new())
    }

    /// These words.
    pub fn words(words: Vec<Word>) -> Self {
        Self::Words { attached: String::new(), words }
    }

    /// The commands that begin like what is typed.
    pub fn commands(line: &Line<'_>) -> Self {
        let is_offered =
            |command: &&Command| !command.is_hide_set() && command.get_name().starts_with(&line.typed);
        let word = |command: &Command| Word::new(command.get_name(), &first_line(command.get_about()));
        Self::words(line.command.get_subcommands().filter(is_offered).map(word).collect())
    }

    /// The options that begin like what is typed, and are not given yet.
    pub fn options(line: &Line<'_>) -> Self {
        let mut words: Vec<Word> = line.options().flat_map(spellings).collect();
        if line.path.is_empty() {
            words.push(Word::new("--version", "Print the version"));
        }
        words.push(Word::new("--help", "Print help"));
        words.retain(|word| word.text.starts_with(&line.typed));
        Self::words(words)
    }

    /// Puts `attached` (`--option=`) before each word.
    pub fn attach(&mut self, before: &str) {
        if let Self::Words { attached, .. } = self {
            before.clone_into(attached);
        }
    }

    /// What the shell's script reads: a line that says what this is, then a word a line. A list that
    /// the shell does not lay out may take `width` columns; 0 for words that are to be inserted.
    pub fn text(&self, tab: Tab, width: usize) -> String {
        let (attached, words) = match self {
            Self::Files => return "files\n".to_owned(),
            Self::Folders => return "folders\n".to_owned(),
            Self::Command(begins) => return format!("command {begins}\n"),
            Self::Words { attached, words } => (attached.as_str(), words),
        };
        let attached = if tab == (Tab::Words { with_option: false }) { "" } else { attached };
        let widest = words.iter().map(|word| columns(&word.text)).max().unwrap_or(0) + columns(attached);
        let room = width.saturating_sub(widest + "  ()".len() + 1);
        let mut text = "words\n".to_owned();
        for Word { text: word, about } in words {
            text.push_str(attached);
            match tab {
                Tab::Words { .. } => text.push_str(&format!("{word}\t{about}")),
                Tab::Line => text.push_str(&escaped(word)),
            }
            if tab == Tab::Line && words.len() > 1 && room >= LEAST_ROOM && !about.is_empty() {
                let gap = widest.saturating_sub(columns(word) + columns(attached)) + 2;
                text.push_str(&format!("{:gap$}({})", "", cut(about, room)));
            }
            text.push('\n');
        }
        text
    }
}

/// The first line of a help text.
fn first_line(text: Option<&clap::builder::StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default().lines().next().unwrap_or_default().to_owned()
}

/// An option's names, each with its help text.
fn spellings(option: &Arg) -> Vec<Word> {
    let about = first_line(option.get_help());
    let aliases = option.get_visible_aliases().unwrap_or_default();
    let long = option.get_long().into_iter().chain(aliases).map(|name| format!("--{name}"));
    let short = option.get_short().map(|letter| format!("-{letter}"));
    long.chain(short).map(|text| Word::new(text, &about)).collect()
}

/// A word as bash reads it, which inserts it as it is. The `~` of `~/` stays one.
fn escaped(word: &str) -> String {
    let home = if word.starts_with("~/") { "~/" } else { "" };
    let mut escaped = home.to_owned();
    for character in word[home.len()..].chars() {
        if character.is_ascii() && !character.is_ascii_alphanumeric() && !"_-./,+@%^=".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

fn columns(text: &str) -> usize {
    text.chars().map(|character| character.width().unwrap_or(0)).sum()
}

/// `text` in at most `room` columns.
fn cut(text: &str, room: usize) -> String {
    if columns(text) <= room {
        return text.to_owned();
    }
    let mut left = room.saturating_sub(1);
    let fits = |character: &char| match left.checked_sub(character.width().unwrap_or(0)) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    };
    let kept: String = text.chars().take_while(fits).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shell_is_told_in_its_own_way() {
        let with = |with_option| Tab::Words { with_option };
        let mut offer = Offer::words(vec![Word::new("user_read", "a\nb"), Word::new("misc", "")]);
        assert_eq!(offer.text(with(true), 0), "words\nuser_read\ta\\nb\nmisc\t\n");
        offer.attach("--permission=");
        assert_eq!(offer.text(with(false), 0), "words\nuser_read\ta\\nb\nmisc\t\n");
        assert_eq!(offer.text(Tab::Line, 0), "words\n--permission=user_read\n--permission=misc\n");
        assert_eq!(Offer::Command(3).text(Tab::Line, 0), "command 3\n");
    }

    #[test]
    fn what_is_inserted_as_it_is_is_escaped() {
        assert_eq!(escaped("~/.ssh/a b$(x)~é.pub"), r"~/.ssh/a\ b\$\(x\)\~é.pub");
        assert_eq!(escaped("-"), "-");
    }

    #[test]
    fn descriptions_are_shown_where_there_is_room() {
        let offer = Offer::words(vec![Word::new("1", "laptop 家 and more"), Word::new("22", "desk")]);
        assert_eq!(offer.text(Tab::Line, 80), "words\n1   (laptop 家 and more)\n22  (desk)\n");
        assert_eq!(offer.text(Tab::Line, 19), "words\n1   (laptop 家 a…)\n22  (desk)\n");
        assert_eq!(offer.text(Tab::Line, 15), "words\n1\n22\n");
    }
}
