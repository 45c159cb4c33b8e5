//! Tools beside them.

pub(super) mod complete;
mod complete_settings;
pub(super) mod completions;
pub(super) mod help;
pub(super) mod man;
pub(super) mod sandbox;
pub(super) mod sandbox_shell;
pub(super) mod storage;
