//! The account's server: asked once at a time, and changed with a note of what is about to be sent.

pub mod batch;
pub mod change;
mod identify;
mod intent;
mod reconcile;
pub mod refresh;
pub mod remote;
pub mod turn;
