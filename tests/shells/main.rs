//! The hook in real shells, in real terminals.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/pty.rs"]
mod pty;

mod account;
mod follow;
mod ledger;
mod notice;
mod steady;
mod trace;
