//! What rests in the operating system's keyring, against a real GNOME Keyring on a D-Bus of its own.

#[path = "../cli/account.rs"]
mod account;
mod api_key;
mod cut_off;
mod entries;
#[path = "../common/home.rs"]
mod home;
#[path = "../common/mod.rs"]
mod sandbox;
use sandbox as common;
mod locked;
mod machine;
#[path = "../common/official.rs"]
mod official;
#[path = "../common/keyring.rs"]
mod session;
mod shells;
mod storage;
