//! The private keys that open sealed files: OpenSSH's, and age's own.

use age::{Identity, IdentityFile, ssh};
use ssh_key::{Algorithm, LineEnding};
use zeroize::Zeroizing;

use super::{Fault, Sealed};
use crate::domain::{Secret, decode, trim_unseen};

const DAMAGED: Fault =
    Fault::new("the private key is damaged or of an unknown kind", "check it: ssh-keygen -y -f FILE");

const WRONG_KIND: Fault =
    Fault::new("age supports only Ed25519 and RSA SSH keys", "give another key, or one of age-keygen");

/// A private key of a file.
pub(crate) enum PrivateKey {
    Open(Openers),
    Locked(Locked),
}

/// Keys that are ready to open a sealed file.
pub(crate) struct Openers(Vec<Box<dyn Identity + Send + Sync>>);

/// A key that takes a passphrase first.
pub(crate) enum Locked {
    Ssh(Box<ssh_key::PrivateKey>),
    /// A file of age keys that is sealed itself.
    Age(Sealed),
}

impl Openers {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &dyn Identity> {
        self.0.iter().map(|key| key.as_ref() as &dyn Identity)
    }
}

impl PrivateKey {
    /// Reads the private key that a file holds.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Fault> {
        match Sealed::recognize(bytes) {
            Some(Ok(sealed)) if sealed.takes_passphrase() => return Ok(Self::Locked(Locked::Age(sealed))),
            Some(Ok(_)) => {
                return Err(Fault::new(
                    "this is a sealed file, not a key: only a passphrase may seal a key",
                    "give the private key",
                ));
            }
            Some(Err(fault)) => return Err(fault),
            None => {}
        }
        let text = decode(bytes).map_err(|_| {
            Fault::new("not a private key", "give an SSH private key, or a file of age-keygen")
        })?;
        // A CI's secret may have lost its last line break, a file from Windows have others.
        let text = Zeroizing::new(format!("{}\n", trim_unseen(text).replace("\r\n", "\n")));
        if text.contains("BEGIN OPENSSH PRIVATE KEY") {
            return Self::openssh(&text);
        }
        if text.contains("BEGIN RSA PRIVATE KEY") {
            return Self::pem(&text);
        }
        if text.contains("PRIVATE KEY") || text.starts_with("PuTTY-User-Key-File") {
            return Err(Fault::new(
                "this private key is not in a form that age reads",
                "convert a copy: ssh-keygen -p -f COPY (PuTTY: puttygen FILE -O private-openssh -o COPY)",
            ));
        }
        if text.contains("AGE-PLUGIN-") {
            return Err(Fault::new(
                "this key is an age plugin's, which vastenv does not run",
                "open the file with age -d, and pipe it: vastenv remember env-var --from -",
            ));
        }
        if text.contains("AGE-SECRET-KEY-") {
            return age_keys(&text).map(Self::Open);
        }
        Err(Fault::new(
            "not a private key",
            "give an SSH private key (without .pub), or a file of age-keygen",
        ))
    }

    fn openssh(text: &str) -> Result<Self, Fault> {
        let key = ssh_key::PrivateKey::from_openssh(text).map_err(|_| DAMAGED)?;
        if !matches!(key.public_key().algorithm(), Algorithm::Ed25519 | Algorithm::Rsa { .. }) {
            return Err(WRONG_KIND);
        }
        if key.is_encrypted() {
            return Ok(Self::Locked(Locked::Ssh(Box::new(key))));
        }
        in_clear(&key).map(Self::Open)
    }

    fn pem(text: &str) -> Result<Self, Fault> {
        if text.contains("ENCRYPTED") {
            return Err(Fault::new(
                "this key is encrypted in an old form that age does not read",
                "convert a copy: ssh-keygen -p -f COPY",
            ));
        }
        ssh_identity(text).map(Self::Open)
    }
}

impl Locked {
    /// Whether it is worth asking for the passphrase.
    pub(crate) fn may_open(&self, sealed: &Sealed) -> bool {
        match self {
            Self::Ssh(key) => key.public_key().to_bytes().is_ok_and(|public| sealed.is_for(&public)),
            Self::Age(_) => true,
        }
    }

    /// The key, if this is its passphrase.
    pub(crate) fn unlock(&self, passphrase: &Secret) -> Result<Openers, Fault> {
        match self {
            // Not by age, which does not know all ciphers of OpenSSH and calls that a wrong key.
            Self::Ssh(key) => {
                let clear = key.decrypt(passphrase.expose()).map_err(|_| Fault::WRONG_PASSPHRASE)?;
                in_clear(&clear)
            }
            Self::Age(sealed) => {
                let text = sealed.open_with_passphrase(passphrase)?;
                let text = decode(&text)
                    .map_err(|_| Fault::new("it holds no age key", "give a file of age-keygen"))?;
                age_keys(text)
            }
        }
    }
}

fn in_clear(key: &ssh_key::PrivateKey) -> Result<Openers, Fault> {
    ssh_identity(&key.to_openssh(LineEnding::LF).map_err(|_| DAMAGED)?)
}

fn ssh_identity(text: &str) -> Result<Openers, Fault> {
    match ssh::Identity::from_buffer(text.as_bytes(), None) {
        Ok(key @ ssh::Identity::Unencrypted(_)) => Ok(Openers(vec![Box::new(key)])),
        Ok(_) => Err(WRONG_KIND),
        Err(_) => Err(DAMAGED),
    }
}

/// The keys of a file of age-keygen.
fn age_keys(text: &str) -> Result<Openers, Fault> {
    let damaged = Fault::new("a line of it is not an age key", "give the file as age-keygen wrote it");
    let keys = IdentityFile::from_buffer(text.as_bytes())
        .and_then(|file| file.into_identities().map_err(std::io::Error::other));
    match keys {
        Ok(keys) if !keys.is_empty() => Ok(Openers(keys)),
        _ => Err(damaged),
    }
}
