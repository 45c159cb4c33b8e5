//! Every integration test, in one program: what the suites share is compiled and linked once.

#![allow(unreachable_pub, reason = "a program has no other crates")]

mod architecture;
mod cli;
mod common;
mod compatibility;
mod completion;
mod dotenv;
mod help;
mod keyring;
mod keys;
mod official_client;
mod profiles;
mod projects;
mod quoting;
mod sandbox;
mod sealed;
mod shells;
mod ssh;
mod watch;

use common::{home, keyring as session, official, pty, raw_server, terminal, values};
