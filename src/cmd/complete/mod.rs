//! `vastenv __complete`: what the scripts in `completions/` ask at a TAB.
//!
//! Why scripts of our own, and not `clap_complete`'s dynamic engine: in the real shells that engine
//! gives nothing for `--option=value` in bash, quotes the `~` of `~/` in zsh, breaks at paths with
//! spaces in fish, and is switched on by a variable, `COMPLETE`, that an account could hold. Nor does
//! it know which ids stand on the line already, or hand the line behind `run --` to the shell. So
//! the commands are read from clap's own declaration, values from files alone, and all that is a
//! file name or another program's business is left to the shell, which does it best.
//!
//! Whatever is wrong, nothing is printed: a TAB is no place for an error.

mod line;
mod offer;
mod values;
mod words;

use std::ffi::OsString;

use crate::cli::bare;
use crate::context::{self, variables};
use crate::shell::Shell;
use line::{Line, Place};
use offer::Offer;

/// The hidden command: `__complete PROTOCOL SHELL INDEX WIDTH`, with the line in `__vastenv_line`.
///
/// INDEX is that of the word to be completed (but in bash, which passes the line as it is). WIDTH is
/// that of a list in which bash shows descriptions beside the words; 0 for none.
pub const COMPLETE: &str = "__complete";

/// The version of what the scripts and the program say to each other: a script of another one may
/// still be loaded after the program was replaced.
const PROTOCOL: &str = "1";

/// Stands between the words of `__vastenv_line`.
const SEPARATOR: char = '\u{1f}';

/// What to print for a TAB: first what follows (`words`, `files`, `folders`, `command N`), then a
/// word a line, in zsh and fish with its description after a tab. `None` where nothing is to be had.
pub fn complete(arguments: &[OsString]) -> Option<String> {
    let [protocol, shell, index, width] = arguments else { return None };
    if protocol != PROTOCOL {
        return None;
    }
    let (shell, width) = (Shell::parse(shell.to_str()?)?, width.to_str()?);
    let line = context::var(variables::LINE)?;
    let words: Vec<String> = line.to_string_lossy().split(SEPARATOR).map(str::to_owned).collect();
    let question = Question::read(shell, &words, index.to_str()?.parse().ok()?);
    let offer = question.answer();
    Some(offer.text(shell, width.parse().unwrap_or(0)))
}

/// The words of a command line, and which is to be completed.
struct Question {
    words: Vec<String>,
    index: usize,
    /// Where each word begins, in the shell's own count.
    begins: Vec<usize>,
    /// It is the file of a redirection. (zsh and fish complete those themselves.)
    is_target: bool,
}

impl Question {
    fn read(shell: Shell, words: &[String], index: usize) -> Self {
        if shell == Shell::Bash {
            let words::Split { words: before, is_target } =
                words::split(words.first().map_or("", String::as_str));
            let after = words.get(1).map_or("", String::as_str);
            let (begins, mut all): (Vec<_>, Vec<_>) = before.into_iter().unzip();
            let index = all.len() - 1;
            let after = words::split(after).words.into_iter().map(|(_, word)| word);
            all.extend(after.filter(|word| !word.is_empty()));
            return Self { words: all, index, begins, is_target };
        }
        let mut words = words.to_owned();
        if let Some(current) = words.get_mut(index) {
            *current = words::unquoted(current);
        }
        Self { begins: (0..words.len()).collect(), words, index, is_target: false }
    }

    fn answer(&self) -> Offer {
        if self.is_target {
            return Offer::Files;
        }
        let root = bare();
        let line = Line::read(&root, &self.words, self.index);
        match &line.place {
            Place::Command => Offer::commands(&line),
            Place::Option => Offer::options(&line),
            Place::Value { argument, attached } => {
                let typed = line.typed.strip_prefix(attached.as_str()).unwrap_or_default();
                let mut offer = values::of(&line, argument, typed);
                offer.attach(attached);
                offer
            }
            Place::Foreign(begins) => Offer::Command(self.begins.get(*begins).copied().unwrap_or(*begins)),
            Place::Nothing => Offer::nothing(),
        }
    }
}
