//! Several ids or names in one command: each is tried, each is reported.

use std::process::ExitCode;

use crate::cmd::app::App;
use crate::cmd::outcome::{Outcome, Stop};

/// Does `work` for each of `all`, once also for one that is given twice; with several, a failure is told
/// and the next one tried.
///
/// # Errors
/// The one failure of a single one.
pub(super) fn each<T: PartialEq>(
    app: &App,
    all: &[T],
    mut work: impl FnMut(&T) -> Outcome<()>,
) -> Outcome<ExitCode> {
    if let [only] = all {
        return work(only).map(|()| ExitCode::SUCCESS);
    }
    let mut code = ExitCode::SUCCESS;
    let first_times = all.iter().enumerate().filter(|(index, one)| !all[..*index].contains(one));
    for (_, one) in first_times {
        if let Err(Stop::Failed(failure)) = work(one) {
            app.ui.failure(&failure);
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}
