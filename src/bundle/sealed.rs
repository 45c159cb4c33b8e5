//! A sealed file that is opened.

use std::io::Read;

use age::armor::ArmoredReader;
use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Identity, scrypt};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::Fault;
use crate::domain::{Secret, count};

const ARMOR: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
const ANY_VERSION: &[u8] = b"age-encryption.org/";
const VERSION: &[u8] = b"age-encryption.org/v1\n";

/// The most work that a passphrase may take, 2 to the power of this: four times what age asks for,
/// and 1 GiB of memory.
const MOST_WORK: u8 = 20;

/// An age file, its contents still unread.
pub(crate) struct Sealed {
    /// Without its armor.
    bytes: Vec<u8>,
    /// The kind of each key that opens it, and the mark of an SSH key.
    stanzas: Vec<(String, String)>,
}

impl Sealed {
    /// The age file that `bytes` are, armored or not; `None` if they are something else.
    pub(crate) fn recognize(bytes: &[u8]) -> Option<Result<Self, Fault>> {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
        let is_age = text.starts_with(ARMOR) || text.starts_with(ANY_VERSION);
        is_age.then(|| Self::read(text))
    }

    fn read(text: &[u8]) -> Result<Self, Fault> {
        let mut bytes = Vec::new();
        if text.starts_with(ARMOR) {
            ArmoredReader::new(text).read_to_end(&mut bytes).map_err(|_| Fault::DAMAGED)?;
        } else {
            bytes.extend_from_slice(text);
        }
        if bytes.starts_with(ANY_VERSION) && !bytes.starts_with(VERSION) {
            return Err(Fault::new("it needs a newer version of age", "update vastenv on this machine"));
        }
        Decryptor::new_buffered(bytes.as_slice()).map_err(|_| Fault::DAMAGED)?;
        let stanzas = stanzas(&bytes);
        Ok(Self { bytes, stanzas })
    }

    /// Whether a passphrase opens it, and no key.
    pub(crate) fn takes_passphrase(&self) -> bool {
        self.stanzas.iter().any(|(kind, _)| kind == "scrypt")
    }

    /// Whether it is sealed for the SSH key with this public part, as far as its mark says.
    pub(crate) fn is_for(&self, public_key: &[u8]) -> bool {
        let mark = STANDARD_NO_PAD.encode(&Sha256::digest(public_key)[..4]);
        self.stanzas.iter().any(|(kind, known)| kind.starts_with("ssh-") && *known == mark)
    }

    /// What opens it, in words.
    pub(crate) fn recipients(&self) -> String {
        // age may add stanzas of random kinds, which open nothing.
        let kinds = [("ssh-ed25519", "Ed25519 SSH key"), ("ssh-rsa", "RSA SSH key"), ("X25519", "age key")];
        let number = |kind| self.stanzas.iter().filter(|(known, _)| known == kind).count();
        let numbers = kinds.map(|(kind, name)| (number(kind), name)).into_iter();
        let known: Vec<String> =
            numbers.filter(|(number, _)| *number > 0).map(|(number, name)| count(number, name)).collect();
        if known.is_empty() {
            "keys of a kind that vastenv does not know".to_owned()
        } else {
            known.join(", ")
        }
    }

    /// What is in it, if one of `keys` opens it.
    pub(crate) fn open<'a>(
        &self,
        keys: impl Iterator<Item = &'a dyn Identity>,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Fault> {
        match self.decrypt(keys) {
            Ok(text) => Ok(Some(text)),
            Err(DecryptError::NoMatchingKeys) => Ok(None),
            Err(_) => Err(Fault::DAMAGED),
        }
    }

    /// What is in it, if this is its passphrase.
    pub(crate) fn open_with_passphrase(&self, passphrase: &Secret) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let mut identity = scrypt::Identity::new(SecretString::from(passphrase.expose()));
        identity.set_max_work_factor(MOST_WORK);
        self.decrypt(std::iter::once(&identity as &dyn Identity)).map_err(|error| match error {
            DecryptError::DecryptionFailed => Fault::WRONG_PASSPHRASE,
            DecryptError::ExcessiveWork { .. } => {
                Fault::new("its passphrase takes too much work", "open it with age -d, and seal it again")
            }
            _ => Fault::DAMAGED,
        })
    }

    fn decrypt<'a>(
        &self,
        keys: impl Iterator<Item = &'a dyn Identity>,
    ) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        let mut reader = Decryptor::new_buffered(self.bytes.as_slice())?.decrypt(keys)?;
        // What was sealed is longer: no growing, which would leave copies of secrets behind.
        let mut text = Zeroizing::new(Vec::with_capacity(self.bytes.len()));
        reader.read_to_end(&mut text)?;
        Ok(text)
    }
}

/// The header's lines `-> KIND MARK…`; what follows them is not text.
fn stanzas(bytes: &[u8]) -> Vec<(String, String)> {
    let header = bytes.split(|byte| *byte == b'\n').take_while(|line| !line.starts_with(b"---"));
    let stanza = |line: &[u8]| {
        let mut words = std::str::from_utf8(line.strip_prefix(b"-> ")?).ok()?.split(' ').map(str::to_owned);
        Some((words.next()?, words.next().unwrap_or_default()))
    };
    header.filter_map(stanza).collect()
}
