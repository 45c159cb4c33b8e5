//! What rests in the operating system's keyring, against a real GNOME Keyring on a D-Bus of its own.

mod entries;
#[path = "../common/home.rs"]
mod home;
#[path = "../common/keyring.rs"]
mod session;
