//! The account's server: asked once at a time, and changed with a note of what is about to be sent.

pub mod batch;
pub mod change;
pub mod identify;
mod intent;
mod reconcile;
pub mod refresh;
pub mod remote;
pub mod turn;

pub use batch::{Batch, Ended};
pub use change::{Changed, Keeping};
pub use refresh::{Refreshed, Urgency};
pub use remote::{Connection, Remote};
