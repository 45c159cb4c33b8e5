//! Where in a command line the cursor is, told by walking over the commands that clap knows.
//!
//! clap's own parser wants a whole line, and `clap_complete`'s engine neither says what stands on the
//! line already nor where the command of `run -- CMD` begins. The commands are read as declared,
//! unbuilt: building them would take most of the time that a TAB has.

use clap::{Arg, ArgAction, Command};

/// What is to be completed.
pub enum Place<'c> {
    /// The name of a command.
    Command,
    /// An option.
    Option,
    /// A value.
    Value {
        /// Of this argument.
        argument: &'c Arg,
        /// What the word has before it: `--name=`.
        attached: String,
    },
    /// A word of another program's command line, which begins at the word with this number.
    Foreign(usize),
    /// Nothing that could be known.
    Nothing,
}

/// A command line up to the cursor.
pub struct Line<'c> {
    /// What is to be completed.
    pub place: Place<'c>,
    /// The text of it so far.
    pub typed: String,
    /// The innermost command.
    pub command: &'c Command,
    /// The commands' names, without the program's: `["delete", "ssh-key"]`.
    pub path: Vec<&'c str>,
    /// The program.
    pub root: &'c Command,
    given: Vec<(&'c Arg, String)>,
    /// The words after the cursor.
    after: Vec<String>,
    only_values: bool,
    /// No command is called as the line says.
    is_lost: bool,
}

impl<'c> Line<'c> {
    /// Reads `words` (the program's name first), of which the one with the number `index` is to be
    /// completed.
    pub fn read(root: &'c Command, words: &[String], index: usize) -> Self {
        let index = index.min(words.len());
        let mut line = Self {
            place: Place::Nothing,
            typed: words.get(index).cloned().unwrap_or_default(),
            command: root,
            path: Vec::new(),
            root,
            given: Vec::new(),
            after: words.iter().skip(index + 1).cloned().collect(),
            only_values: false,
            is_lost: false,
        };
        let mut awaited = None;
        for (number, word) in words.iter().enumerate().take(index).skip(1) {
            if let Some(argument) = awaited.take() {
                line.given.push((argument, word.clone()));
                continue;
            }
            if line.is_foreign(word) {
                let begins = if word == "--" { number + 1 } else { number };
                line.place = Place::Foreign(begins);
                return line;
            }
            awaited = line.pass(word);
        }
        line.place = line.find(awaited, index);
        line
    }

    /// The value of an option or argument that stands on the line.
    pub fn value_of(&self, id: &str) -> Option<&str> {
        self.values_of(id).last()
    }

    /// All words that stand on the line for an argument that may be given more than once.
    pub fn values_of(&self, id: &str) -> impl Iterator<Item = &str> {
        let before = self.given.iter().filter(move |(given, _)| given.get_id() == id);
        before.map(|(_, value)| value.as_str())
    }

    /// Whether `value` stands on the line already, before the cursor or after it.
    pub fn holds(&self, argument: &Arg, value: &str) -> bool {
        let is_same = |word: &str| word.eq_ignore_ascii_case(value);
        self.values_of(argument.get_id().as_str()).any(is_same) || self.after.iter().any(|word| is_same(word))
    }

    /// The options that may still be given.
    pub fn options(&self) -> impl Iterator<Item = &'c Arg> {
        self.arguments().filter(|argument| {
            let again = matches!(argument.get_action(), ArgAction::Append | ArgAction::Count);
            let is_given = self.given.iter().any(|(given, _)| given.get_id() == argument.get_id());
            !argument.is_positional() && !argument.is_hide_set() && (again || !is_given)
        })
    }

    /// The innermost command's arguments, and those that every command takes.
    fn arguments(&self) -> impl Iterator<Item = &'c Arg> + use<'c> {
        let everywhere = self.root.get_arguments().filter(|argument| argument.is_global_set());
        let is_root = std::ptr::eq(self.root, self.command);
        let own = self.command.get_arguments().filter(move |argument| !is_root || !argument.is_global_set());
        own.chain(everywhere)
    }

    /// The argument that a word without a dash is for.
    fn positional(&self) -> Option<&'c Arg> {
        let is_full = |argument: &&Arg| {
            !matches!(argument.get_action(), ArgAction::Append)
                && self.given.iter().any(|(given, _)| given.get_id() == argument.get_id())
        };
        self.command.get_positionals().find(|argument| !is_full(argument))
    }

    /// Whether `word` is the first of another program's command line, or the `--` before it.
    fn is_foreign(&self, word: &str) -> bool {
        let takes_command = self.positional().is_some_and(Arg::is_trailing_var_arg_set);
        takes_command && (word == "--" || !word.starts_with('-'))
    }

    /// Goes past a whole word. Gives the option whose value comes next.
    fn pass(&mut self, word: &str) -> Option<&'c Arg> {
        if self.only_values || word == "-" || !word.starts_with('-') {
            self.pass_value(word);
            return None;
        }
        if word == "--" {
            self.only_values = true;
            return None;
        }
        if let Some(name) = word.strip_prefix("--") {
            let (name, value) =
                name.split_once('=').map_or((name, None), |(name, value)| (name, Some(value)));
            let argument = self.long(name)?;
            return self.pass_option(argument, value);
        }
        for (at, letter) in word.char_indices().skip(1) {
            let argument = self.arguments().find(|argument| argument.get_short() == Some(letter))?;
            let rest = &word[at + letter.len_utf8()..];
            if argument.get_action().takes_values() {
                return self.pass_option(argument, Some(rest).filter(|rest| !rest.is_empty()));
            }
            self.given.push((argument, String::new()));
        }
        None
    }

    fn pass_value(&mut self, word: &str) {
        if let Some(command) = self.subcommand(word) {
            self.command = command;
            self.path.push(command.get_name());
        } else if let Some(argument) = self.positional() {
            self.given.push((argument, word.to_owned()));
        } else {
            self.is_lost |= self.command.has_subcommands();
        }
    }

    fn subcommand(&self, word: &str) -> Option<&'c Command> {
        let named = |command: &&Command| {
            command.get_name() == word || command.get_all_aliases().any(|alias| alias == word)
        };
        self.command.get_subcommands().filter(|_| !self.only_values).find(named)
    }

    fn pass_option(&mut self, argument: &'c Arg, value: Option<&str>) -> Option<&'c Arg> {
        if argument.get_action().takes_values() && value.is_none() {
            return Some(argument);
        }
        self.given.push((argument, value.unwrap_or_default().to_owned()));
        None
    }

    /// The option called `--name`; any beginning that only one has will do, as in the parser.
    fn long(&self, name: &str) -> Option<&'c Arg> {
        let names = |argument: &Arg| {
            let aliases = argument.get_all_aliases().unwrap_or_default();
            argument.get_long().into_iter().chain(aliases).map(str::to_owned).collect::<Vec<_>>()
        };
        let exact = self.arguments().find(|argument| names(argument).iter().any(|known| known == name));
        exact.or_else(|| {
            let begins = |argument: &&Arg| names(argument).iter().any(|known| known.starts_with(name));
            let mut close = self.arguments().filter(begins);
            close.next().filter(|_| close.next().is_none())
        })
    }

    fn find(&self, awaited: Option<&'c Arg>, index: usize) -> Place<'c> {
        let attached = String::new();
        if let Some(argument) = awaited {
            return Place::Value { argument, attached };
        }
        if !self.only_values && self.typed.starts_with('-') {
            return self.find_option();
        }
        if self.command.has_subcommands() {
            return if self.only_values || self.is_lost { Place::Nothing } else { Place::Command };
        }
        match self.positional() {
            Some(argument) if argument.is_trailing_var_arg_set() => Place::Foreign(index),
            Some(argument) => Place::Value { argument, attached },
            None => Place::Nothing,
        }
    }

    fn find_option(&self) -> Place<'c> {
        let Some((option, _)) = self.typed.split_once('=').filter(|_| self.typed.starts_with("--")) else {
            return Place::Option;
        };
        match self.long(&option[2..]).filter(|argument| argument.get_action().takes_values()) {
            Some(argument) => Place::Value { argument, attached: format!("{option}=") },
            None => Place::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::bare;

    /// The place of the last word, in short.
    fn place(line: &str) -> String {
        let root = bare();
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let line = Line::read(&root, &words, words.len() - 1);
        let path = line.path.join(" ");
        match line.place {
            Place::Command => format!("{path}: command"),
            Place::Option => format!("{path}: option"),
            Place::Value { argument, attached } => format!("{path}: {attached}{}", argument.get_id()),
            Place::Foreign(begins) => format!("{path}: foreign {begins}"),
            Place::Nothing => format!("{path}: nothing"),
        }
    }

    #[test]
    fn the_place_is_found_as_the_parser_would() {
        for (line, expected) in [
            ("vastenv ", ": command"),
            ("vastenv --raw show ss", "show: command"),
            ("vastenv show ssh-keys ", "show ssh-keys: nothing"),
            ("vastenv --retry ", ": retry"),
            ("vastenv --retry 3 del", ": command"),
            ("vastenv --retry=3 del", ": command"),
            ("vastenv --retr 3 del", ": command"),
            ("vastenv --url=", ": --url=url"),
            ("vastenv -qy show ", "show: command"),
            ("vastenv -", ": option"),
            ("vastenv delete ssh-key 1 2 ", "delete ssh-key: ids"),
            ("vastenv delete ssh-key -- ", "delete ssh-key: ids"),
            ("vastenv update ssh-key 1 ", "update ssh-key: key"),
            ("vastenv update ssh-key 1 key ", "update ssh-key: nothing"),
            ("vastenv create ssh-key - ", "create ssh-key: nothing"),
            ("vastenv create api-key --permission=us", "create api-key: --permission=permission"),
            ("vastenv create api-key --permission-file ", "create api-key: permission_file"),
            ("vastenv run ", "run: foreign 2"),
            ("vastenv run -- ", "run: foreign 3"),
            ("vastenv run --preserve-env -- python tr", "run: foreign 4"),
            ("vastenv run python --he", "run: foreign 2"),
            ("vastenv run --", "run: option"),
            ("vastenv sandbox --state ", "sandbox: state"),
            ("vastenv nonsense ", ": nothing"),
        ] {
            assert_eq!(place(line), expected, "{line:?}");
        }
    }

    #[test]
    fn what_stands_on_the_line_is_known() {
        let root = bare();
        let words = ["vastenv", "--api-key", "k", "delete", "ssh-key", "12", "", "15"].map(str::to_owned);
        let line = Line::read(&root, &words, 6);
        let Place::Value { argument, .. } = line.place else { panic!("a value") };
        assert_eq!(line.value_of("api_key"), Some("k"));
        assert!(line.holds(argument, "12") && line.holds(argument, "15") && !line.holds(argument, "1"));
        assert!(line.options().all(|option| option.get_id() != "api_key"));
    }
}
