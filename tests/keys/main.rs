//! API keys and SSH keys: every command, from outside.

// Not every test program uses all of what they share.
#[allow(dead_code)]
#[path = "../cli/account.rs"]
mod account;
mod agent;
mod api_keys;
#[path = "../common/mod.rs"]
mod common;
mod generate;
mod help;
#[allow(dead_code)]
#[path = "../common/home.rs"]
mod home;
mod openssh;
mod permissions;
mod private_keys;
#[allow(dead_code)]
#[path = "../common/raw_server.rs"]
mod raw_server;
mod reset;
mod sessions;
mod ssh_keys;
mod ssh_login;
#[path = "../common/terminal.rs"]
mod terminal;
