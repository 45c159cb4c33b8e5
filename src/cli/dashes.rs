//! Values that begin with a dash, told from options as argparse does for the official client: a negative
//! number is a value, and so is what holds a space, unless it begins with the name of an option.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use clap::builder::{OsStringValueParser, StringValueParser, TypedValueParser};
use clap::{Command, CommandFactory};

use super::Cli;
use crate::domain::Secret;

/// Stands before a word that clap shall take for no option. No argument can hold it.
const MARK: u8 = 0;

/// What creates or changes something with a value.
const VERBS: [&str; 4] = ["create", "update", "set", "remember"];
const NOUNS: [&str; 2] = ["env-var", "api-key"];

/// `arguments` with the values marked that begin with a dash; `text`, `secret` and `os_text` take the
/// mark off.
pub fn mark_values(arguments: &[OsString]) -> Vec<OsString> {
    let mut marked = arguments.to_vec();
    let find = |words: &[&str], from: usize| {
        let is_one = |word: &OsString| words.iter().any(|known| word == known);
        arguments.iter().skip(from).position(is_one).map(|at| from + at)
    };
    let Some(verb) = find(&VERBS, 1) else { return marked };
    let Some(noun) = find(&NOUNS, verb + 1) else { return marked };
    // The words of another command are not ours to change.
    let is_command = |word: &OsString| word == "--" || Cli::command().find_subcommand(word).is_some();
    if arguments[1..verb].iter().any(is_command) {
        return marked;
    }
    for word in marked.iter_mut().skip(noun + 1).take_while(|word| *word != "--") {
        if word.to_str().is_some_and(|text| is_value(text, &arguments[verb], &arguments[noun])) {
            *word = OsString::from_vec([&[MARK], word.as_bytes()].concat());
        }
    }
    marked
}

fn is_value(text: &str, verb: &OsStr, noun: &OsStr) -> bool {
    if !text.starts_with('-') || text.len() == 1 {
        return false;
    }
    is_negative_number(text) || text.contains(' ') && !begins_with_option(text, verb, noun)
}

/// As in argparse: `-1`, `-.5`, `-1.5`, but neither `-1.` nor `-1e5`.
fn is_negative_number(text: &str) -> bool {
    let number = text.strip_prefix('-').unwrap_or_default();
    let (whole, fraction) = number.split_once('.').unwrap_or(("", number));
    let are_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    are_digits(whole) && are_digits(fraction) && !fraction.is_empty()
}

/// `--url=http://a b` and `--ur=…`, which argparse takes for an option, and the help.
fn begins_with_option(text: &str, verb: &OsStr, noun: &OsStr) -> bool {
    let Some(long) = text.strip_prefix("--") else { return text.starts_with("-h") };
    let name = long.split('=').next().unwrap_or_default();
    let cli = Cli::command();
    let below = |above: &Command, word: &OsStr| above.find_subcommand(word).cloned();
    let leaf = below(&cli, verb).and_then(|verb| below(&verb, noun));
    cli.get_arguments()
        .chain(leaf.iter().flat_map(Command::get_arguments))
        .filter_map(clap::Arg::get_long_and_visible_aliases)
        .flatten()
        .any(|known| known.starts_with(name))
}

/// The parser of an argument that is text.
pub(super) fn text() -> impl TypedValueParser<Value = String> {
    StringValueParser::new().map(|text| match text.strip_prefix(char::from(MARK)) {
        Some(text) => text.to_owned(),
        None => text,
    })
}

/// The parser of an argument that is secret.
pub(super) fn secret() -> impl TypedValueParser<Value = Secret> {
    text().map(Secret::new)
}

/// The parser of an argument that need not be UTF-8.
pub(super) fn os_text() -> impl TypedValueParser<Value = OsString> {
    OsStringValueParser::new().map(|text| match text.as_bytes().strip_prefix(&[MARK]) {
        Some(text) => OsStr::from_bytes(text).to_owned(),
        None => text,
    })
}
