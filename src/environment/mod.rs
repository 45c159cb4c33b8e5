//! What a shell should hold, and what must change for that: pure decisions, no I/O.

mod diff;
mod gate;
mod ledger;
mod resolve;
mod room;

pub use diff::{Change, Diff, Input, Previous, Report, diff};
pub use gate::{Group, refusal};
pub use ledger::{Entry, Ledger, SessionId, Shadow};
pub use resolve::{AccountVariable, Environment, MOST_VARIABLES, Rules, Skipped, Why, resolve};
pub use room::Room;
