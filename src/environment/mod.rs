//! What a shell should hold, and what must change for that: pure decisions, no I/O.

mod diff;
mod launch;
mod ledger;
mod names;
mod overlay;
mod resolve;
mod room;

pub use diff::{Change, Diff, Input, Previous, Report, diff};
pub use launch::{CONTAINER_NAMES, ContainerSource, Launch};
pub use ledger::{Entry, Ledger, SessionId, Shadow};
pub use names::refusal;
pub use overlay::{KnownVariables, Provenance, Variable};
pub use resolve::{Environment, MOST_VARIABLES, Rules, Skipped, resolve, resolve_known, resolve_launch};
pub use room::Room;
