//! Questions before something that reaches far.

use crate::cmd::app::App;
use crate::domain::{Failure, Result};
use crate::ui::{confirm, confirm_beside_stdin};

/// Goes on if the user says yes, or said so with `-y`. Where nobody can be asked, `-y` is needed.
///
/// # Errors
/// The answer is no, or nobody can answer.
pub(super) fn agree(app: &App, question: &str) -> Result<()> {
    agree_by(app, question, confirm)
}

/// Like [`agree`], where stdin holds what the command works on: the terminal itself is asked.
///
/// # Errors
/// The answer is no, or nobody can answer.
pub(super) fn agree_beside_stdin(app: &App, question: &str) -> Result<()> {
    agree_by(app, question, confirm_beside_stdin)
}

fn agree_by(app: &App, question: &str, ask: impl Fn(&str) -> Result<Option<bool>>) -> Result<()> {
    if app.global.yes {
        return Ok(());
    }
    match ask(question)? {
        Some(true) => Ok(()),
        Some(false) => Err(not_wished()),
        None => {
            Err(Failure::usage(format!("cannot ask for confirmation: stdin is not a terminal ({question})"))
                .hint("add --yes"))
        }
    }
}

fn not_wished() -> Failure {
    Failure::failed("cancelled")
}
