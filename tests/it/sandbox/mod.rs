//! The sandbox over plain HTTP: every documented answer, and what the transport adds.

mod account;
mod http;
mod state;
mod transport;
