//! API keys.

pub(super) mod create;
pub(super) mod delete;
pub(super) mod reset;
pub(super) mod set;
pub(super) mod show;
