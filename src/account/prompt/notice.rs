//! What a shell's user hears of once.

use crate::account::project::ProjectState;
use crate::account::select::Selection;
use crate::domain::{DigestKey, Failure};
use crate::environment::Environment;

/// Something to hear of, with a name by which it is told only once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    /// The name of the problem and its cause, fit for a file: another cause is told anew.
    pub id: String,
    /// The problem.
    pub failure: Failure,
}

impl Notice {
    pub(super) fn new(problem: &str, failure: Failure) -> Self {
        let cause = failure.message().to_owned();
        Self::caused_by(&cause, problem, failure)
    }

    /// Values that cannot be read: each cause has its own hint, and words that may differ each time.
    pub(super) fn of_values(failure: &Failure) -> Self {
        let cause = failure.next_step().unwrap_or(failure.message());
        Self::caused_by(cause, "values", failure.clone())
    }

    /// For a failure whose message says more than the cause, such as a time.
    pub(super) fn caused_by(cause: &str, problem: &str, failure: Failure) -> Self {
        let cause = DigestKey::new([0; 32]).digest(&[cause.as_bytes()]);
        Self { id: format!("{problem}-{}", cause.as_str()), failure }
    }

    /// Whether it is of a folder or the settings: coming back to them makes it no news.
    pub(crate) fn is_lasting(id: &str) -> bool {
        ["kept-", "selected-", "waits-", "unmet-", "unloaded-", "run-only-"]
            .iter()
            .any(|problem| id.starts_with(problem))
    }
}

/// What there is to hear of the project and the settings in force, where nothing is wrong with them; `is_own`
/// tells which variables a shell has from elsewhere.
pub(super) fn of_selection(
    selection: &Selection,
    environment: Option<&Environment>,
    is_own: impl Fn(&str) -> bool,
) -> Vec<Notice> {
    let mut notices: Vec<Notice> =
        selection.notes.iter().map(|note| Notice::new("selected", Failure::failed(note.clone()))).collect();
    notices.extend(waiting(&selection.project.state, selection.project_file()));
    if let Some(environment) = environment {
        notices.extend(selection.unmet_notice(environment, is_own).map(|unmet| Notice::new("unmet", unmet)));
        let in_vain: Vec<String> = environment.chosen_in_vain().collect();
        if !in_vain.is_empty() {
            notices.push(Notice::new("unloaded", Failure::failed(in_vain.join("; "))));
        }
        let run_only = environment.run_only_notice();
        notices.extend(run_only.map(|note| Notice::new("run-only", Failure::failed(note))));
    }
    notices
}

/// What of a project file does not count yet.
fn waiting(state: &ProjectState, file: Option<String>) -> Option<Notice> {
    let (ProjectState::InForce { waiting, .. }, Some(file)) = (state, file) else { return None };
    let count = match waiting.len() {
        0 => return None,
        1 => "counts",
        _ => "count",
    };
    let failure = Failure::failed(format!("{file}: {} {count} once allowed", waiting.join(", ")));
    Some(Notice::new("waits", failure.hint("look at it, then: vastenv allow")))
}
