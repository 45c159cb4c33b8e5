//! All that a person or script reads: data on stdout, talk on stderr.

mod home;
mod progress;
mod prompt;
mod table;
mod terminal;

use std::io::{ErrorKind, Write};
use std::panic::Location;

use serde_json::{Value, json};

pub(crate) use progress::{Progress, erase_line};
pub(crate) use prompt::{
    confirm, confirm_beside_stdin, read_new_passphrase, read_passphrase, read_sealing_passphrase,
    read_secret, read_skippable, read_value,
};
pub(crate) use table::Table;

use home::spoken;

use crate::context::{self, variables};
use crate::domain::{Failure, Result, printable, to_python_json};
use crate::files::reason;

/// How to speak.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "switches, each independent of the others")]
pub(crate) struct Ui {
    pub raw: bool,
    pub quiet: bool,
    pub color: bool,
    /// Not even warnings are said: somebody else speaks.
    pub silent: bool,
}

/// Who hears what the hook has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Log {
    Off,
    Info,
    /// Also what happens at the start of a shell, and why variables are skipped.
    Debug,
}

impl Log {
    /// As `VASTENV_LOG` says.
    pub(crate) fn from_environment() -> Self {
        match context::text_var(variables::VASTENV_LOG).as_deref() {
            Some("off") => Self::Off,
            Some("debug") => Self::Debug,
            _ => Self::Info,
        }
    }
}

impl Ui {
    /// For a terminal, as its user wishes.
    pub(crate) fn new(raw: bool, quiet: bool, no_color: bool) -> Self {
        let refused = no_color || context::var(variables::NO_COLOR).is_some();
        let color = !refused && !context::is_dumb_terminal() && context::stderr_is_terminal();
        Self { raw, quiet, color, silent: false }
    }

    /// Prints data. A reader that has gone away is not a failure.
    pub(crate) fn data(self, bytes: &[u8]) -> Result<()> {
        match to_stdout(bytes) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(unprintable(&error)),
            _ => Ok(()),
        }
    }

    /// Prints one line that nobody can get a second time: here a reader that has gone away is a
    /// failure too.
    pub(crate) fn only_copy(self, text: &str) -> Result<()> {
        to_stdout(format!("{text}\n").as_bytes()).map_err(|error| unprintable(&error))
    }

    /// Prints one line of data for a person.
    pub(crate) fn line(self, text: &str) -> Result<()> {
        self.data(format!("{}\n", printable(text)).as_bytes())
    }

    /// Prints one line of data in this colour, where a terminal shows it.
    pub(crate) fn line_in(self, color: &str, text: &str) -> Result<()> {
        let ui = Self { color: self.color && context::stdout_is_terminal(), ..self };
        self.data(format!("{}\n", ui.paint(color, &printable(text))).as_bytes())
    }

    /// [`Self::line`] of a report: paths are as a person writes them.
    pub(crate) fn report(self, text: &str) -> Result<()> {
        self.data(format!("{}\n", spoken(text)).as_bytes())
    }

    /// Prints a value as the official client does.
    pub(crate) fn json(self, value: &Value) -> Result<()> {
        self.data(format!("{}\n", to_python_json(value)).as_bytes())
    }

    /// Says what was done, on stderr.
    pub(crate) fn say(self, text: &str) {
        if !self.quiet {
            to_stderr(&format!("{}\n", self.spoken(text)));
        }
    }

    /// Shows how a command is used to somebody who left out a part of it.
    pub(crate) fn usage(self, help: &str) {
        to_stderr(help);
    }

    /// Says what the user should know although it went well.
    pub(crate) fn warn(self, text: &str) {
        if self.silent {
            return;
        }
        to_stderr(&format!("{} {}\n", self.paint("33", "vastenv: warning:"), self.spoken(text)));
    }

    /// Says what failed on the way, although the whole goes on, and what to do about it.
    pub(crate) fn warn_of(self, failure: &Failure) {
        self.warn(failure.message());
        if let Some(hint) = failure.next_step().filter(|_| !self.raw && !self.silent) {
            self.hint(hint);
        }
    }

    fn hint(self, hint: &str) {
        to_stderr(&format!("{} {}\n", self.paint("36", "hint:"), self.spoken(hint)));
    }

    /// Says what failed and what to do next.
    pub(crate) fn failure(self, failure: &Failure) {
        if self.raw {
            // The fields in the official client's order, which is not the sorted one.
            let (code, message) = (failure.status_code(), to_python_json(&Value::from(failure.message())));
            let names = match failure.names() {
                [] => String::new(),
                names => {
                    let names: Vec<String> = names.iter().map(|name| json!(name).to_string()).collect();
                    format!(", \"names\": [{}]", names.join(", "))
                }
            };
            to_stderr(&format!("{{\"error\": true, \"status_code\": {code}, \"msg\": {message}{names}}}\n"));
            return;
        }
        to_stderr(&format!("{} {}\n", self.paint("31", "vastenv:"), self.spoken(failure.message())));
        if let Some(hint) = failure.next_step() {
            self.hint(hint);
        }
    }

    /// As a person reads it, and not a program.
    fn spoken(self, text: &str) -> String {
        if self.raw { printable(text) } else { spoken(text) }
    }

    fn paint(self, color: &str, text: &str) -> String {
        if self.color { format!("\x1b[{color}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Says where the program itself is wrong, and not what about: that may quote a secret.
pub(crate) fn internal_error(place: Option<&Location<'_>>) {
    let place =
        place.map_or("an unknown place".to_owned(), |place| format!("{}:{}", place.file(), place.line()));
    to_stderr(&format!("vastenv: internal error at {place}\n"));
}

fn to_stdout(bytes: &[u8]) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush())
}

fn unprintable(error: &std::io::Error) -> Failure {
    Failure::failed(format!("cannot write to stdout: {}", reason(error)))
}

/// Writes to stderr. Nobody is left to hear of it if that fails.
fn to_stderr(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
