//! `vastenv __complete`: what the scripts in `completions/` ask at a TAB, answered from files alone.
//!
//! Whatever is wrong, nothing is printed: a TAB is not the place for an error.

use std::ffi::OsString;
use std::path::Path;

use clap::Arg;

use super::complete_settings::{self, Values};
use super::help::TOPICS;
use crate::account::{Account, Known};
use crate::cli::groups::about;
use crate::cli::{Global, bare};
use crate::cmd::app::App;
use crate::cmd::background;
use crate::complete::{Kind, Line, Offer, Question, Word, kind};
use crate::config::Profile;
use crate::context::{self, variables};
use crate::domain::{CATEGORIES, EnvName, ListEntry, ListKind, Secret, ServerUrl, printable};
use crate::environment::Filters;
use crate::shell;
use crate::ui::Ui;

/// The hidden command: `__complete PROTOCOL SHELL INDEX WIDTH`, with the line in `__vastenv_line`.
///
/// INDEX is that of the word to be completed (but in bash, which passes the line as it is). WIDTH is
/// that of a list in which bash shows descriptions beside the words; 0 for none.
pub(crate) const COMPLETE: &str = "__complete";

/// The version of what the scripts and the program say to each other: a script of another one may
/// still be loaded after the program was replaced.
const PROTOCOL: &str = "1";

/// Stands between the words of `__vastenv_line`.
const SEPARATOR: char = '\u{1f}';

/// How much of a fingerprint tells keys apart: `SHA256:` and 12 characters.
const SHORT_FINGERPRINT: usize = "SHA256:".len() + 12;

/// What to print for a TAB: first what follows (`words`, `files`, `folders`, `command N`), then a
/// word a line, in zsh and fish with its description after a tab. `None` where there is nothing.
pub(crate) fn complete(arguments: &[OsString]) -> Option<String> {
    let [protocol, shell, index, width] = arguments else { return None };
    if protocol != PROTOCOL {
        return None;
    }
    let (tab, width) = (shell::parse(shell.to_str()?)?.tab(), width.to_str()?);
    let line = context::var(variables::LINE)?;
    let words: Vec<String> = line.to_string_lossy().split(SEPARATOR).map(str::to_owned).collect();
    let question = Question::read(tab, &words, index.to_str()?.parse().ok()?);
    Some(question.answer(&bare(), values).text(tab, width.parse().unwrap_or(0)))
}

/// What may stand for `argument`, of which `typed` stands there already.
fn values(line: &Line<'_>, argument: &Arg, typed: &str) -> Offer {
    let mut words: Vec<Word> = match kind(line, argument) {
        Kind::Listed(words) => words,
        Kind::EnvName => return Offer::words(names(line, argument, typed, known_names(line))),
        Kind::EnvNames => return Offer::words(names_after(',', line, argument, typed)),
        Kind::Renaming if !typed.contains('=') => return Offer::nothing(),
        Kind::Renaming => return Offer::words(names_after('=', line, argument, typed)),
        Kind::RememberedName => {
            return Offer::words(names(line, argument, typed, remembered_names(line)));
        }
        Kind::HelpWord => help_words(line),
        Kind::ApiKeyId => ids(line, ListKind::ApiKeys),
        Kind::SshKeyId => ids(line, ListKind::SshKeys),
        Kind::InstanceId => ids(line, ListKind::Instances),
        Kind::PublicKey => return public_keys(typed, Word::new("-", "read the key from stdin")),
        Kind::Recipient => return public_keys(typed, Word::new("account", "the account's SSH keys")),
        Kind::Profile => profiles(),
        Kind::Category => {
            CATEGORIES.iter().map(|category| Word::new(*category, &allowed(category))).collect()
        }
        Kind::SettingKey { written } => complete_settings::keys(written),
        Kind::SettingValue => return setting_values(line, argument, typed),
        Kind::Files => return Offer::Files,
        Kind::Folders => return Offer::Folders,
        Kind::Unknown => Vec::new(),
    };
    words.retain(|word| word.text.starts_with(typed) && !line.holds(argument, &word.text));
    Offer::words(words)
}

fn setting_values(line: &Line<'_>, argument: &Arg, typed: &str) -> Offer {
    let key = line.value_of("key").unwrap_or_default();
    let values = match line.value_of("remove") {
        Some(_) => complete_settings::written(key),
        None => complete_settings::values(key, line.values_of("values").count()),
    };
    match values {
        Values::Words(mut words) => {
            words.retain(|word| word.text.starts_with(typed) && !line.holds(argument, &word.text));
            Offer::words(words)
        }
        Values::Names => Offer::words(names_after(',', line, argument, typed)),
        Values::Files => Offer::Files,
    }
}

/// The profiles, each with its server.
fn profiles() -> Vec<Word> {
    let Ok(app) = App::without_trouble(Global { no_project: true, ..Global::default() }, Ui::default())
    else {
        return Vec::new();
    };
    let about = |profile: &Profile| profile.url.clone().unwrap_or_else(|| ServerUrl::default().to_string());
    app.config.profiles.iter().map(|(name, profile)| Word::new(name, &printable(&about(profile)))).collect()
}

/// What a permission category allows, in words.
fn allowed(category: &str) -> String {
    match category.split_once('_') {
        Some((what, verb)) => format!("may {verb}: {what}"),
        None => "may do the rest".to_owned(),
    }
}

/// Those of `all` that begin like `typed`, in letters of any case, and do not stand on the line yet.
fn names(line: &Line<'_>, argument: &Arg, typed: &str, all: Vec<String>) -> Vec<Word> {
    // What the account lists can be deleted, if it can be shown as it is; else a name that no shell takes is
    // none that a command takes.
    let is_taken = |name: &str| match line.path.as_slice() {
        ["delete", _] => !name.starts_with('-') && printable(name) == name,
        _ => EnvName::parse(name).is_ok(),
    };
    let begins =
        |name: &str| name.get(..typed.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(typed));
    all.into_iter()
        .filter(|name| begins(name) && is_taken(name))
        .filter(|name| !line.holds(argument, name))
        .map(|name| Word::new(name, "account variable"))
        .collect()
}

/// The names that may stand behind the last `mark` of a word, each as the whole word.
fn names_after(mark: char, line: &Line<'_>, argument: &Arg, typed: &str) -> Vec<Word> {
    let (before, typed) = typed.split_at(typed.rfind(mark).map_or(0, |at| at + mark.len_utf8()));
    let given: Vec<&str> = before.split(mark).collect();
    names(line, argument, typed, known_names(line))
        .into_iter()
        .filter(|word| !given.contains(&word.text.as_str()))
        .map(|word| Word::new(format!("{before}{}", word.text), &word.about))
        .collect()
}

/// The names of the variables: what loads them knows those that the project makes, what manages them the
/// account's.
fn known_names(line: &Line<'_>) -> Vec<String> {
    let names = with_account(line, |account| match account.known() {
        Ok(Known::Variables(known)) => {
            refresh_unless(line, account, account.is_fresh(&known));
            let loads = matches!(line.path.as_slice(), ["run" | "export" | "why"] | ["show", _]);
            if loads && account.machine.selection.project.in_force().is_some() {
                let chosen = account.choose(&known, false, &Filters::default()).unwrap_or_default();
                return chosen.names().into_iter().map(str::to_owned).collect();
            }
            known.snapshot.variables.into_keys().collect()
        }
        Ok(Known::Refused(_)) => Vec::new(),
        Ok(Known::Nothing) | Err(_) => {
            refresh_unless(line, account, false);
            Vec::new()
        }
    });
    names.unwrap_or_default()
}

/// The names whose values are remembered here.
fn remembered_names(line: &Line<'_>) -> Vec<String> {
    let names = with_account(line, |account| match account.known() {
        Ok(Known::Refused(_)) => None,
        _ => Some(account.remembered().ok()?.into_keys().collect()),
    });
    names.flatten().unwrap_or_default()
}

/// The topics, and the words of commands.
fn help_words(line: &Line<'_>) -> Vec<Word> {
    let given: Vec<&str> = line.values_of("words").collect();
    let Some(above) = given.iter().try_fold(line.root, |above, word| above.find_subcommand(word)) else {
        return Vec::new();
    };
    let commands = above.get_subcommands().filter(|command| !command.is_hide_set());
    let mut words: Vec<Word> =
        commands.map(|command| Word::new(command.get_name(), &about(command))).collect();
    if given.is_empty() {
        // A topic that is called like a command is the one that `help` explains.
        words.retain(|word| TOPICS.iter().all(|topic| topic.name != word.text));
        words.extend(TOPICS.iter().map(|topic| Word::new(topic.name, topic.about)));
        words.push(Word::new("topics", "all topics"));
    }
    words
}

/// The numbers of the account's keys or instances.
fn ids(line: &Line<'_>, kind: ListKind) -> Vec<Word> {
    let entries = with_account(line, |account| {
        let known = account.cached_list(kind);
        if account.should_fetch(kind, known.as_ref()) && !names_account(line) {
            background::start_list(&account.machine.selection, kind);
        }
        known.map(|list| list.entries)
    });
    entries
        .flatten()
        .unwrap_or_default()
        .iter()
        .map(|entry| Word::new(entry.id.to_string(), &about_entry(entry, kind)))
        .collect()
}

/// A key's name or comment with its rights or the beginning of its fingerprint; an instance's label with its
/// GPUs and status.
fn about_entry(entry: &ListEntry, kind: ListKind) -> String {
    let detail = match kind {
        ListKind::SshKeys => entry.detail.get(..SHORT_FINGERPRINT).unwrap_or(&entry.detail),
        ListKind::ApiKeys | ListKind::Instances => entry.detail.as_str(),
    };
    let parts = [entry.name.as_str(), detail, entry.status.as_deref().unwrap_or_default()];
    let about = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ");
    if about.is_empty() { kind.name().trim_end_matches('s').to_owned() } else { about }
}

/// Whether the line itself names the server or the key: neither is used before Enter.
fn names_account(line: &Line<'_>) -> bool {
    line.value_of("api_key").or(line.value_of("url")).is_some()
}

/// Starts a refresh in the background, so that the next TAB knows more.
fn refresh_unless(line: &Line<'_>, account: &Account<'_>, is_enough: bool) {
    if !is_enough && !names_account(line) && account.may_refresh() {
        background::start(&account.machine.selection);
    }
}

/// Asks the account that the line, the environment or the files name; `None` if none can be told.
fn with_account<T>(line: &Line<'_>, work: impl FnOnce(&Account<'_>) -> T) -> Option<T> {
    let global = Global {
        api_key: line.value_of("api_key").map(Secret::new),
        url: line.value_of("url").map(str::to_owned),
        no_project: line.value_of("no_project").is_some(),
        profile: line.value_of("profile").map(str::to_owned),
        ..Global::default()
    };
    let app = App::in_silence(global).ok()?;
    app.account_in_silence().ok().map(|account| work(&account))
}

/// The public keys in `~/.ssh`, and `other`; other files where what is typed is none of these.
fn public_keys(typed: &str, other: Word) -> Offer {
    let mut words = context::home().map_or(Vec::new(), |home| key_files(&home));
    words.push(other);
    words.retain(|word| word.text.starts_with(typed));
    if words.is_empty() { Offer::Files } else { Offer::words(words) }
}

fn key_files(home: &Path) -> Vec<Word> {
    let Ok(entries) = std::fs::read_dir(home.join(".ssh")) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        // What cannot be shown as it is cannot be offered either.
        .filter(|name| {
            Path::new(name).extension().is_some_and(|end| end == "pub") && printable(name) == *name
        })
        .collect();
    names.sort();
    names.into_iter().map(|name| Word::new(format!("~/.ssh/{name}"), "public key")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_described_by_what_is_known_of_it() {
        let entry = |name: &str, detail: &str, status: Option<&str>| ListEntry {
            id: 7,
            name: name.to_owned(),
            detail: detail.to_owned(),
            status: status.map(str::to_owned),
        };
        let about = |kind, entry| about_entry(&entry, kind);
        let running = Some("running");
        assert_eq!(about(ListKind::Instances, entry("train", "2x H100", running)), "train  2x H100  running");
        assert_eq!(about(ListKind::Instances, entry("", "H100", None)), "H100");
        assert_eq!(about(ListKind::Instances, entry("", "", None)), "instance");
        assert_eq!(
            about(ListKind::SshKeys, entry("", "SHA256:0123456789abcdef", None)),
            "SHA256:0123456789ab"
        );
        assert_eq!(about(ListKind::ApiKeys, entry("ci", "misc", None)), "ci  misc");
        assert_eq!(about(ListKind::ApiKeys, entry("", "", None)), "api-key");
    }
}
