//! `vastenv watch`: keeps the cache fresh, and tells shells what other hands change.

mod keeper;
mod unit;

use std::process::ExitCode;

use crate::cli::{Global, Watch};
use crate::domain::Result;
use crate::ui::Ui;

/// Watches until it is asked to end, looks once, or sees to it that the system starts a watch.
pub(crate) fn watch(arguments: &Watch, global: Global, ui: Ui) -> Result<ExitCode> {
    if arguments.install || arguments.remove {
        let unit = unit::Unit::of(&global)?;
        let done = if arguments.install { unit.install(&global, ui) } else { unit.remove(ui) };
        return done.map(|()| ExitCode::SUCCESS);
    }
    keeper::Keeper::start(global, ui, arguments.once)?.run().map(|()| ExitCode::SUCCESS)
}
