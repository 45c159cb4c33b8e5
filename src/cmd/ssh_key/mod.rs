//! SSH keys.

pub(super) mod create;
pub(super) mod delete;
pub(super) mod given;
pub(super) mod show;
pub(super) mod update;
