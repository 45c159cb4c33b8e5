//! The key of all digests.

use std::path::Path;

use zeroize::Zeroizing;

use crate::domain::{DigestKey, Result};
use crate::files::{Disk, random};

/// The key, made on the first call on this machine.
pub(super) fn load(disk: &Disk) -> Result<DigestKey> {
    let path = disk.state.join("digest.key");
    let bytes = random()?;
    first(disk, &path, &bytes).or_else(|failure| {
        disk.hold(&path, bytes.as_slice(), failure)?;
        Ok(DigestKey::new(*bytes))
    })
}

/// The key in the file at `path`, which holds `bytes` if there was none.
fn first(disk: &Disk, path: &Path, bytes: &Zeroizing<[u8; 32]>) -> Result<DigestKey> {
    if let Some(key) = read(disk, path)? {
        return Ok(key);
    }
    if !disk.create(path, bytes.as_slice())? {
        // Another process was first; or what lies there is no key, and no ledger can depend on it.
        if let Some(key) = read(disk, path)? {
            return Ok(key);
        }
        disk.write(path, bytes.as_slice())?;
    }
    Ok(DigestKey::new(**bytes))
}

fn read(disk: &Disk, path: &Path) -> Result<Option<DigestKey>> {
    let bytes = disk.read(path)?;
    Ok(bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok()).map(DigestKey::new))
}
