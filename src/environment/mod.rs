//! What a shell should hold, and what must change for that: pure decisions, no I/O.

mod assemble;
mod diff;
mod filter;
mod launch;
mod ledger;
mod lint;
mod missing;
mod names;
mod overlay;
mod resolve;
mod room;
mod why;

pub use assemble::{Layer, SetVariable, Sources, assemble, resolve_all};
pub use diff::{Change, Diff, Input, Previous, Report, diff, digest};
pub use filter::{Filtered, Filters, Origin, Patterns, pattern};
pub use launch::{CONTAINER_NAMES, ContainerSource, Launch, LaunchValue};
pub use ledger::{Entry, Ledger, SessionId, Shadow};
pub use lint::{Fault, lint};
pub use missing::{Missing, missing, missing_in_project};
pub use names::refusal;
pub use overlay::{KnownVariables, Provenance, Variable};
pub use resolve::{Environment, MOST_VARIABLES, NotForShells, Rules, Skipped, resolve};
pub use room::Room;
pub use why::Why;
