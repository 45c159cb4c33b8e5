//! Questions before something that reaches far.

use super::app::App;
use crate::domain::{Failure, Result};
use crate::ui::confirm;

/// Goes on if the user says yes, or said so with `-y`. Where nobody can be asked, `-y` is needed.
///
/// # Errors
/// The answer is no, or nobody can answer.
pub fn agree(app: &App, question: &str) -> Result<()> {
    if app.global.yes {
        return Ok(());
    }
    match confirm(question)? {
        Some(true) => Ok(()),
        Some(false) => Err(not_wished()),
        None => Err(Failure::usage(format!("nobody is at the terminal to answer: {question}"))
            .hint("say yes with -y")),
    }
}

/// Like [`agree`], but where nobody can be asked, no answer means yes.
///
/// # Errors
/// The answer is no.
pub fn agree_if_asked(app: &App, question: &str) -> Result<()> {
    match if app.global.yes { None } else { confirm(question)? } {
        Some(false) => Err(not_wished()),
        Some(true) | None => Ok(()),
    }
}

fn not_wished() -> Failure {
    Failure::failed("nothing was done, as you wished")
}
