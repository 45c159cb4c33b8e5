//! Sealed files, and the keys in the keyring that open them.

mod convert;
mod entries;
mod file;
mod format;
#[cfg(target_os = "linux")]
mod kernel;
#[cfg(not(target_os = "linux"))]
mod kernel {
    //! No other system has a place in memory that dies with the login session.

    use crate::domain::Secret;

    pub(super) fn get(_entry: &str) -> Option<Secret> {
        None
    }

    pub(super) fn put(_entry: &str, _text: &Secret) {}

    pub(super) fn forget(_entry: &str) {}
}
mod keyring;
mod report;
mod vault;

pub use convert::{Converted, SecretFile, convert};
pub use entries::{Entries, Storage, path as entries_path};
pub use file::{Kind, LockedOut, Sealing, unreadable};
pub use format::{KeyId, Refusal};
pub use keyring::{Keyring, Trouble};
pub use report::{StorageReport, report};
pub use vault::Vault;

/// For who makes a [`Vault`].
pub use crate::files::Disk;
