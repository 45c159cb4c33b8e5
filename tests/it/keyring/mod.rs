//! What rests in the operating system's keyring, against a real GNOME Keyring on a D-Bus of its own.

mod api_key;
mod cut_off;
mod entries;
mod inside;
mod locked;
pub mod machine;
mod shells;
mod side_by_side;
mod storage;
