//! What vastenv says of itself: greeting, help texts and their examples, suggestions, manual pages,
//! version.

// Not every test program uses all of what they share.
#[allow(dead_code)]
#[path = "../cli/account.rs"]
mod account;
#[path = "../common/mod.rs"]
mod common;
mod docs;
mod examples;
mod greeting;
#[allow(dead_code)]
#[path = "../common/home.rs"]
mod home;
mod man;
mod prepared;
#[allow(dead_code)]
#[path = "../common/keyring.rs"]
mod session;
#[path = "../common/terminal.rs"]
mod terminal;
mod texts;
mod typing_errors;
mod version;
