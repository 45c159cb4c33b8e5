//! The words of this program: small validated types that every other layer may use.
//!
//! Nothing here does I/O, reads the environment or the clock.

mod account_id;
mod cached_list;
mod date;
mod digest;
mod duration;
mod failure;
mod hex;
mod identity;
mod instance;
mod masked;
mod name;
mod python_json;
mod remembered;
mod secret;
mod server;
mod snapshot;
mod text;
mod timestamp;
mod toml;
mod version;

pub use account_id::AccountId;
pub use cached_list::{CachedList, ListEntry, ListKind};
pub use date::format_date;
pub use digest::{Digest, DigestKey};
pub use duration::{format_duration, parse_duration};
pub use failure::{Failure, Kind, Remedy, Result};
pub use hex::hex;
pub use identity::Identity;
pub use instance::{Instance, RUNNING, SshAddress};
pub use masked::is_mask;
pub use name::{EnvName, NameError};
pub use python_json::to_python_json;
pub use remembered::{Doubt, Doubts, KEPT_AFTER_DELETION, Remembered, RememberedFrom, Values};
pub use secret::Secret;
pub use server::{Origin, ServerUrl};
pub use snapshot::{ServerVariable, Snapshot};
pub use text::{NotText, count, decode, place, printable, printable_capped, trim_unseen, unseen_edge};
pub use timestamp::Timestamp;
pub use toml::{TomlFault, nearest_key, parse_toml, toml_entries, toml_text};
pub use version::Version;

/// The permission categories that the service documents.
pub const CATEGORIES: [&str; 11] = [
    "billing_read",
    "billing_write",
    "instance_read",
    "instance_write",
    "machine_read",
    "machine_write",
    "misc",
    "team_read",
    "team_write",
    "user_read",
    "user_write",
];
