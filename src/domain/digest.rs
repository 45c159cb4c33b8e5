//! Keyed digests: how the ledger remembers what it loaded without remembering a value.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The secret key of all digests of one user on one machine: 32 random bytes.
#[derive(Clone)]
pub struct DigestKey(Zeroizing<[u8; 32]>);

/// 72 bits of HMAC-SHA256 as 12 characters of base64url: short enough for an exported ledger,
/// and worth nothing without the key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Digest(String);

impl DigestKey {
    /// Wraps 32 random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The digest of `parts`, each framed by its length so that no two lists collide.
    pub fn digest(&self, parts: &[&[u8]]) -> Digest {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_slice())
            .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        let hash = mac.finalize().into_bytes();
        Digest(URL_SAFE_NO_PAD.encode(&hash[..9]))
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DigestKey(*****)")
    }
}

impl Digest {
    /// Reads a digest back; `None` if the text is not 12 characters of base64url.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digest = URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 9);
        is_digest.then(|| Self(text.to_owned()))
    }

    /// The digest as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Digest {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Digest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not a digest")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_depend_on_the_key_and_on_where_parts_end() {
        let (one, other) = (DigestKey::new([1; 32]), DigestKey::new([2; 32]));
        assert_eq!(one.digest(&[b"a", b"b"]), one.digest(&[b"a", b"b"]));
        assert_ne!(one.digest(&[b"ab"]), one.digest(&[b"a", b"b"]));
        assert_ne!(one.digest(&[b"a"]), other.digest(&[b"a"]));
    }

    #[test]
    fn a_digest_is_read_back_and_nothing_else_is() {
        let digest = DigestKey::new([7; 32]).digest(&[b"value"]);
        assert_eq!(Digest::parse(digest.as_str()), Some(digest));
        assert_eq!(Digest::parse("short"), None);
        assert_eq!(Digest::parse("with spaces!"), None);
    }
}
