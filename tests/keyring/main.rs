//! What rests in the operating system's keyring, against a real GNOME Keyring on a D-Bus of its own.

// Not every test program uses all of what they share.
#[allow(dead_code)]
#[path = "../cli/account.rs"]
mod account;
mod api_key;
#[path = "../common/mod.rs"]
mod common;
mod cut_off;
mod entries;
#[allow(dead_code)]
#[path = "../common/home.rs"]
mod home;
mod inside;
mod locked;
mod machine;
#[path = "../common/official.rs"]
mod official;
#[path = "../common/keyring.rs"]
mod session;
mod shells;
mod side_by_side;
mod storage;
