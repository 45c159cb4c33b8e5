//! Several ids in one command: each is tried, each is reported.

use std::process::ExitCode;

use super::app::App;
use super::outcome::{Outcome, Stop};

/// Does `work` for every id, once also for one that is given twice; with several, a failure is told
/// and the next one tried.
pub fn each(app: &App, ids: &[u64], mut work: impl FnMut(u64) -> Outcome<()>) -> Outcome<ExitCode> {
    if let [only] = ids {
        return work(*only).map(|()| ExitCode::SUCCESS);
    }
    let mut code = ExitCode::SUCCESS;
    let first_times = ids.iter().enumerate().filter(|(index, id)| !ids[..*index].contains(id));
    for (_, id) in first_times {
        if let Err(Stop::Failed(failure)) = work(*id) {
            app.ui.failure(&failure);
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}
