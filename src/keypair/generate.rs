//! New Ed25519 pairs.

use ssh_key::rand_core::OsRng;
use ssh_key::{Algorithm, LineEnding, PrivateKey};
use zeroize::Zeroizing;

use super::PublicKey;
use crate::domain::{Failure, Result, Secret};

/// A pair that exists in memory only.
pub(crate) struct NewPair {
    /// The private key in OpenSSH's form, encrypted if a passphrase was given.
    pub private: Zeroizing<String>,
    pub public: PublicKey,
}

/// Makes an Ed25519 pair with `comment`; without a passphrase the private key is in clear, as
/// `ssh-keygen -N ''` leaves it.
pub(crate) fn generate(comment: &str, passphrase: Option<&Secret>) -> Result<NewPair> {
    let failed = |error: ssh_key::Error| Failure::failed(format!("cannot create a key pair: {error}"));
    let mut clear = PrivateKey::random(&mut OsRng, Algorithm::Ed25519).map_err(failed)?;
    clear.set_comment(comment);
    let line = clear.public_key().to_openssh().map_err(failed)?;
    let kept = match passphrase.filter(|passphrase| !passphrase.expose().is_empty()) {
        Some(passphrase) => clear.encrypt(&mut OsRng, passphrase.expose()).map_err(failed)?,
        None => clear,
    };
    let private = kept.to_openssh(LineEnding::LF).map_err(failed)?;
    Ok(NewPair { private, public: PublicKey::parse(&line)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_belongs_together_and_a_passphrase_locks_it() {
        let open = generate("me@host", None).expect("made");
        let read = PrivateKey::from_openssh(open.private.as_bytes()).expect("read");
        assert_eq!(read.public_key().to_openssh().expect("a line"), open.public.line());
        assert_eq!(open.public.comment(), "me@host");
        let locked = generate("me@host", Some(&Secret::new("pass"))).expect("made");
        let read = PrivateKey::from_openssh(locked.private.as_bytes()).expect("read");
        assert!(read.is_encrypted() && read.decrypt("pass").is_ok() && read.decrypt("other").is_err());
    }
}
