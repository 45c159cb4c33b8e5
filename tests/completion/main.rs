//! TAB: real presses in real shells, and what `__complete` answers to their scripts.

// Not every test program uses all of what they share.
#[path = "../common/mod.rs"]
mod common;
#[allow(dead_code)]
#[path = "../common/pty.rs"]
mod pty;
#[allow(dead_code)]
#[path = "../common/raw_server.rs"]
mod raw_server;

mod account;
mod answers;
mod keys_lists;
mod scripts;
mod tabs;
