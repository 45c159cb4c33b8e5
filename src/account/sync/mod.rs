//! The account's server: asked once at a time, and changed with a note of what is about to be sent.

pub(super) mod batch;
pub(super) mod change;
mod identify;
mod intent;
mod reconcile;
pub(super) mod refresh;
pub(super) mod remote;
pub(super) mod turn;
