//! The one map from what went wrong to words and an exit code.

use std::process::ExitCode;

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::{BadPath, Cli, suggest};
use crate::domain::Failure;
use crate::keypair::{PublicKey, is_private};
use crate::ui::Ui;

/// The exit code of an invalid command line.
pub(crate) const USAGE: u8 = 2;

/// Says what failed, and gives the exit code for it.
pub(crate) fn report(failure: &Failure, ui: Ui) -> ExitCode {
    ui.failure(failure);
    ExitCode::from(failure.exit_code())
}

/// What clap has against a command line, without repeating what may be a secret: words given to
/// commands that take values or keys are never shown.
pub(crate) fn usage(error: &clap::Error, arguments: &[String]) -> Failure {
    let is_about_keys = arguments.iter().any(|word| word == "ssh-key" || word == "--to");
    if is_about_keys && let Some(key) = arguments.iter().find(|word| is_private(word)) {
        // It starts with a dash, and so looks like an option.
        return PublicKey::parse(key).err().unwrap_or_else(|| Failure::usage("this is a private key"));
    }
    let command = named_command(&plain_words(arguments));
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    let help = ["vastenv"]
        .into_iter()
        .chain(command.iter().copied())
        .chain(["--help"])
        .collect::<Vec<_>>()
        .join(" ");
    // Options may stand anywhere, and so may these words: where one is, the others may be secrets.
    let may_hold_secret = arguments
        .iter()
        .any(|word| matches!(word.as_str(), "create" | "update" | "set" | "remember" | "forget"));
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let given = |kind| text(kind).filter(|text| !may_hold_secret && is_plain(text));
    let message = match error.kind() {
        ErrorKind::UnknownArgument => match given(ContextKind::InvalidArg) {
            Some(word) => format!("unexpected argument {word}"),
            None => "unexpected argument (quote a value with spaces; put -- before one \
                     that starts with -)"
                .to_owned(),
        },
        ErrorKind::InvalidSubcommand => match given(ContextKind::InvalidSubcommand) {
            Some(word) => format!("no such command: {word}"),
            None => "no such command".to_owned(),
        },
        ErrorKind::InvalidValue | ErrorKind::ValueValidation
            if text(ContextKind::InvalidValue).is_some_and(|text| text.is_empty()) =>
        {
            format!("{} is empty", text(ContextKind::InvalidArg).unwrap_or_else(|| "an argument".to_owned()))
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let place = text(ContextKind::InvalidArg).unwrap_or_else(|| "an argument".to_owned());
            let word = given(ContextKind::InvalidValue).map_or(String::new(), |word| format!(" {word:?}"));
            let known = text(ContextKind::ValidValue)
                .filter(|known| !known.is_empty())
                .map_or(String::new(), |known| format!(" (known: {known})"));
            let why = std::error::Error::source(error).and_then(|why| why.downcast_ref::<BadPath>());
            let why = why.map_or(String::new(), |why| format!(": {why}"));
            format!("invalid value{word} for {place}{known}{why}")
        }
        ErrorKind::MissingRequiredArgument => {
            let what = text(ContextKind::InvalidArg).unwrap_or_else(|| "an argument".to_owned());
            // Options of which one is needed stand in brackets of their own.
            let options = what.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
            let options = options.filter(|options| options.starts_with("--"));
            format!("missing: {}", options.unwrap_or(&what).replace("|--", " or --"))
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "no command given".to_owned()
        }
        ErrorKind::ArgumentConflict => {
            "arguments that cannot be used together, or one given twice".to_owned()
        }
        ErrorKind::InvalidUtf8 => "an argument is not UTF-8".to_owned(),
        _ => "invalid arguments".to_owned(),
    };
    let meant = match error.kind() {
        ErrorKind::InvalidSubcommand => suggest::commands(&plain_words(arguments)),
        ErrorKind::UnknownArgument => {
            let typed = text(ContextKind::InvalidArg).unwrap_or_default();
            suggest::option(&command, &typed).into_iter().collect()
        }
        ErrorKind::InvalidValue => {
            let place = text(ContextKind::InvalidArg).unwrap_or_default();
            let option = place.split(' ').next().filter(|word| word.starts_with("--"));
            let known = match error.get(ContextKind::ValidValue) {
                Some(ContextValue::Strings(known)) => known.as_slice(),
                _ => &[],
            };
            let typed = text(ContextKind::InvalidValue).unwrap_or_default();
            let value =
                text(ContextKind::SuggestedValue).or_else(|| suggest::closest(known, &typed).cloned());
            let words = ["vastenv"].into_iter().chain(command.iter().copied()).chain(option);
            let words = words.collect::<Vec<_>>().join(" ");
            value.map(|value| format!("{words} {value}")).into_iter().collect()
        }
        _ => Vec::new(),
    };
    let suggestion = suggest::question(&meant).map_or(String::new(), |question| format!("{question} "));
    Failure::usage(message).hint(format!("{suggestion}see `{help}`"))
}

/// As many of the first `words` as name a command that exists. They are clap's own: what was typed may
/// be a secret.
fn named_command(words: &[&str]) -> Vec<String> {
    words
        .iter()
        .scan(Cli::command(), |above, word| {
            *above = above.find_subcommand(word)?.clone();
            Some(above.get_name().to_owned())
        })
        .collect()
}

/// The words after the program's name that are neither options nor what options take.
fn plain_words(arguments: &[String]) -> Vec<&str> {
    let cli = Cli::command();
    let takes_value = |word: &str| {
        let mut options = cli.get_arguments().filter(|option| option.get_action().takes_values());
        options.any(|option| option.get_long().is_some_and(|long| word.strip_prefix("--") == Some(long)))
    };
    let mut words = Vec::new();
    let mut rest = arguments.iter().skip(1).map(String::as_str).take_while(|word| *word != "--");
    while let Some(word) = rest.next() {
        if takes_value(word) {
            rest.next();
        } else if !word.starts_with('-') {
            words.push(word);
        }
    }
    words
}

/// Whether a word is like a mistyped command, option or small number, and unlike a key or token.
fn is_plain(word: &str) -> bool {
    word.len() <= 20
        && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && word.bytes().filter(u8::is_ascii_digit).count() <= 5
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn refused(line: &str) -> Failure {
        let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
        usage(&Cli::try_parse_from(&arguments).expect_err("refused"), &arguments)
    }

    #[test]
    fn a_value_on_a_wrong_command_line_is_never_repeated() {
        for line in [
            "vastenv create env-var A -hf_secret",
            "vastenv create env-var A b hf_secret",
            "vastenv set api-key aa hf_secret",
            "vastenv update env-var A --hf_secret=hf_secret",
            "vastenv set hf_secret",
            "vastenv hf_secret",
            "vastenv --raw create env-var A b hf_secret",
            "vastenv --quiet set api-key a hf_secret",
            "vastenv --api-key= hf_secret status",
            "vastenv --apikey=hf_secret status",
            "vastenv --retry hf_secret status",
            "vastenv -hf_secret status",
        ] {
            let failure = refused(line);
            assert!(!format!("{failure:?}").contains("hf_secret"), "{line}: {failure:?}");
            assert_eq!(failure.exit_code(), 2);
        }
    }

    #[test]
    fn what_is_known_is_listed_and_what_is_close_suggested() {
        assert!(refused("vastenv hook tcsh").message().contains("bash, zsh, fish"));
        assert!(refused("vastenv shwo env-vars").next_step().expect("a hint").contains("show"));
        assert!(refused("vastenv show env-varss").next_step().expect("a hint").contains("env-vars"));
        assert!(refused("vastenv delete env-var").message().contains("<NAME>"));
    }

    #[test]
    fn the_help_that_is_pointed_at_exists() {
        for (line, help) in [
            ("vastenv rm env-var X", "vastenv --help"),
            ("vastenv ssh-keys show", "vastenv --help"),
            ("vastenv rename env-var A B", "vastenv --help"),
            ("vastenv get env-vars", "vastenv --help"),
            ("vastenv SHOW ssh-keys", "vastenv --help"),
            ("vastenv show shwo ssh-keys", "vastenv show --help"),
            ("vastenv show env-var", "vastenv show env-var --help"),
            ("vastenv --url show delete ssh-key x", "vastenv delete ssh-key --help"),
            ("vastenv delete ssh-key", "vastenv delete ssh-key --help"),
            ("vastenv create env-var show api-key B", "vastenv create env-var --help"),
        ] {
            let failure = refused(line);
            let hint = failure.next_step().expect("a hint");
            assert!(hint.ends_with(&format!("see `{help}`")), "{line}: {hint}");
        }
    }
}
