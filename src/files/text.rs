//! The one reader with a limit, and text that a user gives: files, pipes, stdin.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use super::reason;
use crate::domain::{Failure, NotText, decode};

/// Why a text cannot be had.
#[derive(Debug)]
pub(crate) enum Unread {
    Io(io::Error),
    TooLarge(usize),
    NotText(NotText),
}

/// Reads at most `most` bytes, of which there are about `size`.
pub(super) fn read_capped(source: impl Read, size: usize, most: usize) -> Result<Zeroizing<Vec<u8>>, Unread> {
    // All room at once: growing would leave copies of secrets behind, and take more system calls.
    let mut bytes = Zeroizing::new(Vec::with_capacity(size + 1));
    source.take(most as u64 + 1).read_to_end(&mut bytes).map_err(Unread::Io)?;
    if bytes.len() > most { Err(Unread::TooLarge(most)) } else { Ok(bytes) }
}

/// Reads a text of at most `most` bytes, without the byte order mark before it.
pub(crate) fn read_text(source: impl Read, most: usize) -> Result<Zeroizing<String>, Unread> {
    let bytes = read_capped(source, most, most)?;
    decode(&bytes).map(|text| Zeroizing::new(text.to_owned())).map_err(Unread::NotText)
}

/// [`read_text`] of a file, or of stdin where the path is `-`.
pub(crate) fn read_text_at(path: &Path, most: usize) -> Result<Zeroizing<String>, Unread> {
    if path.as_os_str() == "-" {
        return read_text(io::stdin().lock(), most);
    }
    read_text(File::open(path).map_err(Unread::Io)?, most)
}

/// Reads at most `most` bytes of a file, or of stdin where the path is `-`.
pub(crate) fn read_bytes_at(path: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>, Unread> {
    if path.as_os_str() == "-" {
        return read_capped(io::stdin().lock(), most, most);
    }
    read_capped(File::open(path).map_err(Unread::Io)?, most, most)
}

impl Unread {
    /// What to say of the text called `name`.
    pub(crate) fn failure(&self, name: &str) -> Failure {
        match self {
            Self::Io(error) => Failure::failed(format!("cannot read {name}: {}", reason(error))),
            Self::TooLarge(most) if *most < 1024 * 1024 => {
                Failure::failed(format!("{name} is over {} KiB", most / 1024))
            }
            Self::TooLarge(most) => Failure::failed(format!("{name} is over {} MiB", most / 1024 / 1024)),
            Self::NotText(NotText::Utf16) => Failure::failed(format!("{name} is UTF-16 text"))
                .hint("save it as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8"),
            Self::NotText(NotText::Other(line)) => {
                Failure::failed(format!("{name}, line {line}: it is not UTF-8"))
                    .hint("save it as UTF-8; encode other bytes, for example with base64")
            }
        }
    }
}
