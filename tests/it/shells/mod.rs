//! The hook in real shells, in real terminals.

pub mod account;
mod borrowed;
pub mod direnv;
mod failures;
pub mod follow;
mod hostile;
mod hygiene;
mod instance;
mod large;
mod ledger;
mod locales;
mod masks;
mod neighbours;
mod notice;
mod paths;
mod refresh;
mod sandbox;
mod secrets;
mod steady;
mod text;
pub mod trace;
mod upgrades;
mod versions;
