//! Secrets from the user: without echo on a terminal, else from stdin.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, ErrorKind, Write};

use zeroize::Zeroizing;

use super::home::spoken;
use super::terminal::read_hidden;
use crate::context;
use crate::domain::{Failure, Result, Secret, trim_unseen};
use crate::files::{read_text, reason};

/// The most that is read from stdin, in bytes.
const LARGEST_INPUT: usize = 4 * 1024 * 1024;

/// Asks for a key: one line without echo on a terminal, else all of stdin, without what is around it
/// that nobody sees.
pub(crate) fn read_secret(label: &str) -> Result<Secret> {
    if context::stdin_is_terminal() {
        return one_line(label, &Secret::new(trim_unseen(ask(label)?.expose())));
    }
    Ok(Secret::new(trim_unseen(&read_stdin()?)))
}

/// What is one line, or nothing at all: the first line of a paste would be mistaken for the whole.
fn one_line(label: &str, text: &Secret) -> Result<Secret> {
    match text.expose().split('\n').count() {
        1 => Ok(text.clone()),
        lines => Err(Failure::usage(format!("{lines} lines, but the {label} is one line"))
            .hint("enter it alone; nothing was kept")),
    }
}

/// Asks for a value: a line, or a paste of several, without echo on a terminal; else stdin to its end,
/// less one line break at the end unless `keep_newline` is set.
pub(crate) fn read_value(label: &str, keep_newline: bool) -> Result<Secret> {
    if context::stdin_is_terminal() {
        return ask(label);
    }
    let text = read_stdin()?;
    let ending = ["\r\n", "\n"].into_iter().find(|ending| !keep_newline && text.ends_with(ending));
    Ok(Secret::new(text.strip_suffix(ending.unwrap_or_default()).unwrap_or(&text)))
}

/// Asks for a value on the terminal, whose user may enter nothing.
pub(crate) fn read_skippable(prompt: &str) -> Result<Secret> {
    hidden(prompt)
}

fn ask(label: &str) -> Result<Secret> {
    hidden(&format!("{label} (not shown): "))
}

fn hidden(prompt: &str) -> Result<Secret> {
    match read_hidden(prompt) {
        Ok(line) => Ok(Secret::new(line.as_str())),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(Failure::failed("no input")),
        Err(error) => Err(Failure::failed(format!("cannot read from the terminal: {}", reason(&error)))),
    }
}

fn read_stdin() -> Result<Zeroizing<String>> {
    read_text(std::io::stdin().lock(), LARGEST_INPUT).map_err(|unread| unread.failure("stdin"))
}

/// Asks a question for yes or no on the terminal, no being the default; `None` without a terminal.
pub(crate) fn confirm(question: &str) -> Result<Option<bool>> {
    if !context::stdin_is_terminal() {
        return Ok(None);
    }
    // Not shown on a closed stderr: then the answer is read all the same.
    let _ = write!(std::io::stderr(), "{} [y/N] ", spoken(question));
    is_yes(std::io::stdin().lock()).map(Some)
}

/// Like [`confirm`], where stdin is not there to answer: asks on the terminal that the program was
/// started from.
pub(crate) fn confirm_beside_stdin(question: &str) -> Result<Option<bool>> {
    let Ok(terminal) = OpenOptions::new().read(true).write(true).open("/dev/tty") else { return Ok(None) };
    // A terminal that cannot be written to may still answer.
    let _ = write!(&terminal, "{} [y/N] ", spoken(question));
    is_yes(BufReader::new(&terminal)).map(Some)
}

fn is_yes(mut answers: impl BufRead) -> Result<bool> {
    let mut answer = String::new();
    answers
        .read_line(&mut answer)
        .map_err(|error| Failure::failed(format!("cannot read from the terminal: {}", reason(&error))))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// Asks for a new passphrase, twice, without echo.
pub(crate) fn read_new_passphrase() -> Result<Secret> {
    if !context::stdin_is_terminal() {
        return Err(
            Failure::usage("a passphrase is only asked for on a terminal").hint("leave out --passphrase")
        );
    }
    let passphrase = one_line("passphrase", &ask("passphrase")?)?;
    if ask("the same again")? != passphrase {
        return Err(Failure::failed("passphrases differ; nothing was created"));
    }
    Ok(passphrase)
}

/// Asks for the passphrase to seal with: twice on a terminal, else from stdin.
pub(crate) fn read_sealing_passphrase() -> Result<Secret> {
    let passphrase =
        if context::stdin_is_terminal() { read_new_passphrase()? } else { read_value("passphrase", false)? };
    if passphrase.expose().is_empty() {
        return Err(Failure::usage("the passphrase is empty"));
    }
    one_line("passphrase", &passphrase)
}

/// Asks for a passphrase that opens something: on the terminal, also where stdin is read for something
/// else; without one, from stdin.
pub(crate) fn read_passphrase(label: &str, is_stdin_taken: bool) -> Result<Secret> {
    if !is_stdin_taken {
        return read_value(label, false);
    }
    ask(label).map_err(|failure| {
        Failure::failed(format!("cannot ask for the {label}: {}", failure.message()))
            .hint("give the file by its name, and the passphrase on stdin")
    })
}
