//! The Keychain of macOS.

use std::sync::mpsc;
use std::time::Duration;

use security_framework::base::Error;
use security_framework::os::macos::keychain::SecKeychain;
use security_framework::passwords::{delete_generic_password, get_generic_password, set_generic_password};
use zeroize::Zeroizing;

use super::{Keyring, LIMIT, PATIENCE, SERVICE, Trouble};
use crate::domain::Secret;

pub(super) fn get(keyring: &Keyring, entry: &str) -> Result<Secret, Trouble> {
    let entry = entry.to_owned();
    within_limit(keyring, move || {
        let bytes = Zeroizing::new(get_generic_password(SERVICE, &entry)?);
        Ok(std::str::from_utf8(&bytes).map(Secret::new).ok())
    })?
    .ok_or_else(|| Trouble::Failed("its content is not text".to_owned()))
}

pub(super) fn put(keyring: &Keyring, entry: &str, _label: &str, text: &Secret) -> Result<(), Trouble> {
    let (entry, text) = (entry.to_owned(), text.clone());
    within_limit(keyring, move || set_generic_password(SERVICE, &entry, text.expose().as_bytes()))
}

pub(super) fn delete(keyring: &Keyring, entry: &str) -> Result<(), Trouble> {
    let entry = entry.to_owned();
    within_limit(keyring, move || delete_generic_password(SERVICE, &entry))
}

/// The system's calls know no time limit: they are made by a thread that may be left behind.
fn within_limit<T: Send + 'static>(
    keyring: &Keyring,
    call: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Trouble> {
    let may_ask = keyring.may_ask.get();
    let limit: Duration = if may_ask { PATIENCE } else { LIMIT };
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let silence = if may_ask { None } else { SecKeychain::disable_user_interaction().ok() };
        let done = call();
        drop(silence);
        // Nobody listens any more: the time was up.
        let _ = sender.send(done);
    });
    receiver.recv_timeout(limit).map_err(|_| Trouble::TimedOut)?.map_err(trouble)
}

fn trouble(error: Error) -> Trouble {
    // The codes of errSecItemNotFound; errSecInteractionNotAllowed, errSecAuthFailed and
    // errSecUserCanceled; errSecNoDefaultKeychain and errSecNotAvailable.
    match error.code() {
        -25300 => Trouble::Missing,
        -25308 | -25293 | -128 => Trouble::Locked,
        -25307 | -25291 => Trouble::Absent(error.to_string()),
        _ => Trouble::Failed(error.to_string()),
    }
}
