//! A dotenv file that the user names, or stdin.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::domain::{Failure, Result, printable};
use crate::dotenv::{Entry, read_dotenv};
use crate::files::reason;

/// The most that is read, in bytes.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Whether a path means stdin.
pub fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The path as it is shown.
pub fn shown(path: &Path) -> String {
    if is_stdin(path) { "stdin".to_owned() } else { printable(&path.to_string_lossy()) }
}

/// Reads the assignments of a file, or of a pipe: `vastenv import <(…)`.
///
/// # Errors
/// It cannot be read, is too large, is no text, or makes no sense: the message names the line and
/// holds nothing of it.
pub fn read_entries(path: &Path) -> Result<Vec<Entry>> {
    let bytes = read_bytes(path)?;
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
        Failure::failed(format!("{}, line {line}: it is no UTF-8 text", shown(path)))
            .hint("save the file as UTF-8; encode a value of other bytes, for instance with base64")
    })?;
    read_dotenv(text).map_err(|fault| {
        Failure::failed(format!("{}, line {}: {}", shown(path), fault.line, fault.what)).hint(fault.hint)
    })
}

fn read_bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    if is_stdin(path) {
        return read_all(std::io::stdin().lock(), 0, path);
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let metadata = file.metadata().map_err(|error| unreadable(path, &error))?;
    if metadata.is_dir() {
        return Err(Failure::failed(format!("{} is a folder", shown(path))).hint("name a file in it"));
    }
    read_all(file, metadata.len(), path)
}

fn read_all(source: impl Read, size: u64, path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    // All room at once: growing would leave copies of secrets behind.
    let room = usize::try_from(size.min(LARGEST)).unwrap_or(0) + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    source.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Failure::failed(format!("{} is over 4 MiB", shown(path)))
            .hint("this is no file of environment variables; look at it"));
    }
    Ok(bytes)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    let failure = Failure::failed(format!("cannot read {}: {}", shown(path), reason(error)));
    match error.kind() {
        ErrorKind::NotFound => failure.hint("name a dotenv file, or - for stdin"),
        ErrorKind::PermissionDenied => {
            let path = shell_escape::escape(path.to_string_lossy());
            failure.hint(format!("look at its permissions: ls -l {path}"))
        }
        _ => failure,
    }
}
