//! The sandbox over plain HTTP: every documented answer, and what the transport adds.

mod account;
#[path = "../common/mod.rs"]
mod common;
mod http;
mod state;
mod transport;
