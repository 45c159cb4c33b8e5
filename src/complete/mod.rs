//! What a TAB wants: pure, from a shell's words to the place of the cursor and what may stand there.
//! `cmd::complete` looks up what only files tell.
//!
//! Why scripts of our own, and not `clap_complete`'s dynamic engine: in the real shells that engine
//! gives nothing for `--option=value` in bash, quotes the `~` of `~/` in zsh, breaks at paths with
//! spaces in fish, and is switched on by a variable, `COMPLETE`, that an account could hold. Nor does
//! it know which ids stand on the line already, or hand the line behind `run --` to the shell. So
//! the commands are read from clap's own declaration, values from files alone, and all that is a
//! file name or another program's business is left to the shell, which does it best.

mod kind;
mod line;
mod offer;
mod words;

use clap::{Arg, Command};

use crate::shell::Tab;
pub use kind::{Kind, kind};
pub use line::{Line, Place};
pub use offer::{Offer, Word};

/// The words of a command line, and which is to be completed.
pub struct Question {
    words: Vec<String>,
    index: usize,
    /// Where each word begins, in the shell's own count.
    begins: Vec<usize>,
    /// It is the file of a redirection. (zsh and fish complete those themselves.)
    is_target: bool,
}

impl Question {
    /// Reads what a shell's script passes.
    pub fn read(tab: Tab, words: &[String], index: usize) -> Self {
        if tab == Tab::Line {
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

    /// What may stand there; `values` tells those of an argument, of which some is typed already.
    pub fn answer(&self, root: &Command, values: impl FnOnce(&Line<'_>, &Arg, &str) -> Offer) -> Offer {
        if self.is_target {
            return Offer::Files;
        }
        let line = Line::read(root, &self.words, self.index);
        match &line.place {
            Place::Command => Offer::commands(&line),
            Place::Option => Offer::options(&line),
            Place::Value { argument, attached } => {
                let typed = line.typed.strip_prefix(attached.as_str()).unwrap_or_default();
                let mut offer = values(&line, argument, typed);
                offer.attach(attached);
                offer
            }
            Place::Foreign(begins) => Offer::Command(self.begins.get(*begins).copied().unwrap_or(*begins)),
            Place::Nothing => Offer::nothing(),
        }
    }
}
