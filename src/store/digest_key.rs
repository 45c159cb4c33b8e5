//! The key of all digests.

use zeroize::Zeroizing;

use crate::domain::{DigestKey, Result};
use crate::files::{Disk, random};

/// The key, made on the first call on this machine.
pub(super) fn load(disk: &Disk) -> Result<DigestKey> {
    let path = disk.state.join("digest.key");
    let new: Zeroizing<[u8; 32]> = random()?;
    let read = || -> Result<Option<DigestKey>> {
        let bytes = disk.read(&path)?;
        Ok(bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok()).map(DigestKey::new))
    };
    let known_or_new = || {
        if let Some(known) = read()? {
            return Ok(known);
        }
        if !disk.create(&path, new.as_slice())? {
            // Another process was first; or what is there is not a key, and no ledger can depend on it.
            if let Some(known) = read()? {
                return Ok(known);
            }
            disk.write(&path, new.as_slice())?;
        }
        Ok(DigestKey::new(*new))
    };
    known_or_new().or_else(|failure| disk.hold(&path, new.as_slice(), failure).map(|()| DigestKey::new(*new)))
}
