//! Sealed files: what would otherwise be a plain private file, encrypted and bound to its place.
//!
//! A sealed file is one line of text, then the ciphertext of XChaCha20-Poly1305:
//!
//! ```text
//! vastenv sealed 1 XChaCha20-Poly1305 for=<account>/values.json key=<id> nonce=<hex> values=3 bytes=512
//! ```
//!
//! The line tells without any key which key opens the file, and how much is lost without it. All of it
//! is authenticated, and so is the place where the file is read: the account and the file's name, not
//! the folders above, so that a home may move. A file copied to another account or another name does
//! not open, whatever its first line says.

use std::fmt;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::domain::{AccountId, Failure, Result, hex};
use crate::files::random;

/// How every sealed file begins.
const MAGIC: &str = "vastenv sealed ";

/// The version of the format, with the cipher that belongs to it.
const VERSION: &str = "1 XChaCha20-Poly1305";

/// The longest first line that is looked at, in bytes.
const LONGEST_HEADER: usize = 512;

/// The name of a key: 16 random hex digits. A key never changes under its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct KeyId(String);

impl KeyId {
    /// A name that was never used.
    pub fn random() -> Result<Self> {
        Ok(Self(hex(random::<8>()?.as_slice())))
    }

    /// Reads a name back; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        fits.then(|| Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for KeyId {
    type Error = &'static str;

    fn try_from(text: String) -> std::result::Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not the name of a key")
    }
}

/// A key that seals files: 256 random bits and their name. No `Debug`, wiped from memory on drop.
#[derive(Clone)]
pub struct DataKey {
    id: KeyId,
    bytes: Zeroizing<[u8; 32]>,
}

impl DataKey {
    /// A new key under a new name.
    pub fn random() -> Result<Self> {
        Ok(Self { id: KeyId::random()?, bytes: random()? })
    }

    /// Reads the key called `id` back from the text that a keyring kept; `None` if that is none.
    pub fn from_text(id: &KeyId, text: &str) -> Option<Self> {
        Some(Self { id: id.clone(), bytes: from_hex(text)? })
    }

    /// The key as text, for a keyring.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(hex(self.bytes.as_slice()))
    }

    /// The key's name.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.bytes.as_slice().into())
    }
}

/// Where a sealed file belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place<'a> {
    pub account: &'a AccountId,
    pub name: &'a str,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.account, self.name)
    }
}

/// The first line of a sealed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The place that it was sealed for.
    pub place: String,
    pub key: KeyId,
    pub values: usize,
    nonce: [u8; 24],
    bytes: usize,
}

/// Why a sealed file does not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is of a format that this version does not know.
    OtherVersion,
    /// It was sealed with another key: whoever has that one can open it.
    OtherKey(KeyId),
    /// It was sealed for another account or under another name.
    OtherPlace(String),
    /// Its end is missing, or there is more than was sealed.
    WrongLength,
    Changed,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherVersion => formatter.write_str("was encrypted by another version of vastenv"),
            Self::OtherKey(key) => write!(formatter, "was encrypted with another key ({key})"),
            Self::OtherPlace(place) => write!(formatter, "was encrypted for another place ({place})"),
            Self::WrongLength => formatter.write_str("was truncated or extended"),
            Self::Changed => formatter.write_str("was changed since it was encrypted"),
        }
    }
}

/// Whether a file's bytes are sealed, in whatever version.
pub(super) fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC.as_bytes())
}

/// Seals `plain`, which holds `values` values, for `place`.
pub(super) fn seal(plain: &[u8], place: Place<'_>, key: &DataKey, values: usize) -> Result<Vec<u8>> {
    // Random nonces of this length never meet.
    let nonce: Zeroizing<[u8; 24]> = random()?;
    let header = Header {
        place: place.to_string(),
        key: key.id.clone(),
        values,
        nonce: *nonce,
        bytes: plain.len() + TAG_LENGTH,
    };
    let line = header.to_line();
    let bound = bound_to(&line, place);
    let payload = Payload { msg: plain, aad: &bound };
    let sealed = key
        .cipher()
        .encrypt(XNonce::from_slice(&header.nonce), payload)
        .map_err(|_| Failure::failed(format!("{place} is too long to be encrypted")))?;
    let mut file = line.into_bytes();
    file.extend_from_slice(&sealed);
    Ok(file)
}

/// Poly1305's tag, in bytes.
const TAG_LENGTH: usize = 16;

/// Opens what was sealed for `place`.
pub(super) fn open(
    file: &[u8],
    place: Place<'_>,
    key: &DataKey,
) -> std::result::Result<Zeroizing<Vec<u8>>, Refusal> {
    let (header, line, sealed) = split(file)?;
    if header.place != place.to_string() {
        return Err(Refusal::OtherPlace(header.place));
    }
    if header.key != key.id {
        return Err(Refusal::OtherKey(header.key));
    }
    if sealed.len() != header.bytes {
        return Err(Refusal::WrongLength);
    }
    let bound = bound_to(line, place);
    key.cipher()
        .decrypt(XNonce::from_slice(&header.nonce), Payload { msg: sealed, aad: &bound })
        .map(Zeroizing::new)
        .map_err(|_| Refusal::Changed)
}

impl Header {
    /// Reads the first line of a sealed file. Without the key, nobody knows whether it is true.
    pub fn of(file: &[u8]) -> std::result::Result<Self, Refusal> {
        split(file).map(|(header, _, _)| header)
    }

    fn to_line(&self) -> String {
        let Self { place, key, values, nonce, bytes } = self;
        let nonce = hex(nonce);
        format!("{MAGIC}{VERSION} for={place} key={key} nonce={nonce} values={values} bytes={bytes}\n")
    }

    fn parse(line: &str) -> std::result::Result<Self, Refusal> {
        let rest = line.strip_prefix(MAGIC).ok_or(Refusal::Changed)?;
        let fields = rest.strip_prefix(VERSION).ok_or(Refusal::OtherVersion)?;
        let mut words = fields.trim_end_matches('\n').split(' ').skip(1);
        let mut field = |name: &str| words.next()?.strip_prefix(name)?.strip_prefix('=');
        let mut read = || {
            Some(Self {
                place: field("for")?.to_owned(),
                key: KeyId::parse(field("key")?)?,
                nonce: *from_hex(field("nonce")?)?,
                values: field("values")?.parse().ok()?,
                bytes: field("bytes")?.parse().ok()?,
            })
        };
        // Only what is written the one way that it is written here can be authentic.
        read().filter(|header| header.to_line() == line).ok_or(Refusal::Changed)
    }
}

/// The header, its line and what follows.
fn split(file: &[u8]) -> std::result::Result<(Header, &str, &[u8]), Refusal> {
    let start = &file[..file.len().min(LONGEST_HEADER)];
    let Some(end) = start.iter().position(|byte| *byte == b'\n') else {
        return Err(if is_sealed(file) { Refusal::WrongLength } else { Refusal::Changed });
    };
    let (line, sealed) = file.split_at(end + 1);
    let line = std::str::from_utf8(line).map_err(|_| Refusal::Changed)?;
    Ok((Header::parse(line)?, line, sealed))
}

/// What is authenticated beside the contents: the first line, and the place where the file is read.
/// The line ends with the only newline, so no two pairs look the same.
fn bound_to(line: &str, place: Place<'_>) -> Vec<u8> {
    format!("{line}{place}").into_bytes()
}

/// Exactly `LENGTH` bytes from lower-case hex digits.
fn from_hex<const LENGTH: usize>(text: &str) -> Option<Zeroizing<[u8; LENGTH]>> {
    if text.len() != LENGTH * 2 || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let mut bytes = Zeroizing::new([0; LENGTH]);
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ServerUrl;

    fn account(user: &str) -> AccountId {
        AccountId::new(&ServerUrl::default(), user)
    }

    fn refusal(file: &[u8], place: Place<'_>, key: &DataKey) -> Refusal {
        open(file, place, key).expect_err("a refusal")
    }

    #[test]
    fn what_was_sealed_opens_whatever_it_is() {
        let (account, key) = (account("1"), DataKey::random().expect("a key"));
        let place = Place { account: &account, name: "values.json" };
        let mut random = fastrand::Rng::with_seed(7);
        for round in 0..300_usize {
            let plain: Vec<u8> = (0..random.usize(..=round * 7)).map(|_| random.u8(..)).collect();
            let file = seal(&plain, place, &key, round).expect("sealed");
            assert!(is_sealed(&file) && !is_sealed(&plain));
            assert_eq!(open(&file, place, &key).as_deref().ok(), Some(&plain));
            let header = Header::of(&file).expect("a header");
            assert_eq!((header.values, &header.key), (round, key.id()));
            if plain.len() > 8 {
                assert!(!file.windows(plain.len()).any(|window| window == plain));
            }
        }
    }

    #[test]
    fn no_two_files_are_alike() {
        let (account, key) = (account("1"), DataKey::random().expect("a key"));
        let place = Place { account: &account, name: "values.json" };
        let seal = || seal(b"the same", place, &key, 1).expect("sealed");
        assert_ne!(seal()[..], seal()[..]);
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let (account, key) = (account("1"), DataKey::random().expect("a key"));
        let place = Place { account: &account, name: "values.json" };
        let file = seal(b"{\"HF_TOKEN\":\"secret\"}", place, &key, 1).expect("sealed");
        let mut random = fastrand::Rng::with_seed(11);
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= random.u8(1..);
            assert!(open(&changed, place, &key).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_file_cut_anywhere_or_added_to_does_not_open() {
        let (account, key) = (account("1"), DataKey::random().expect("a key"));
        let place = Place { account: &account, name: "snapshot.json" };
        let mut file = seal(b"some values", place, &key, 1).expect("sealed");
        for length in MAGIC.len()..file.len() {
            assert_eq!(refusal(&file[..length], place, &key), Refusal::WrongLength, "{length} bytes");
        }
        file.push(b'\n');
        assert_eq!(refusal(&file, place, &key), Refusal::WrongLength);
    }

    #[test]
    fn a_file_opens_only_with_its_key_and_at_its_place() {
        let (one, other) = (account("1"), account("2"));
        let (key, stranger) = (DataKey::random().expect("a key"), DataKey::random().expect("a key"));
        let place = Place { account: &one, name: "values.json" };
        let file = seal(b"values", place, &key, 1).expect("sealed");
        assert_eq!(refusal(&file, place, &stranger), Refusal::OtherKey(key.id().clone()));
        let impostor = DataKey { id: key.id().clone(), ..stranger };
        assert_eq!(refusal(&file, place, &impostor), Refusal::Changed);
        for elsewhere in
            [Place { account: &other, ..place }, Place { account: &one, name: "values.json.corrupt" }]
        {
            assert_eq!(refusal(&file, elsewhere, &key), Refusal::OtherPlace(place.to_string()));
            // A first line that was made to fit does not help.
            let text = String::from_utf8_lossy(&file[..file.len() - 22]).into_owned();
            let forged = text.replace(&place.to_string(), &elsewhere.to_string());
            let forged = [forged.as_bytes(), &file[file.len() - 22..]].concat();
            assert_eq!(refusal(&forged, elsewhere, &key), Refusal::Changed);
        }
    }

    #[test]
    fn another_version_is_not_called_damaged() {
        let (account, key) = (account("1"), DataKey::random().expect("a key"));
        let place = Place { account: &account, name: "values.json" };
        let file = b"vastenv sealed 2 something-else key=1\nbytes";
        assert!(is_sealed(file));
        assert_eq!(refusal(file, place, &key), Refusal::OtherVersion);
        assert_eq!(refusal(b"{}\n", place, &key), Refusal::Changed);
    }

    #[test]
    fn a_key_survives_as_text() {
        let key = DataKey::random().expect("a key");
        let back = DataKey::from_text(key.id(), &key.to_text()).expect("a key");
        assert!(back.bytes == key.bytes && back.id == key.id);
        for bad in ["", "00", &"G0".repeat(32), &"é".repeat(32), &"00".repeat(33)] {
            assert!(DataKey::from_text(key.id(), bad).is_none(), "{bad}");
        }
    }
}
