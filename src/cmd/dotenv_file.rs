//! A dotenv file that the user names, or stdin.

use std::io::ErrorKind;
use std::path::Path;

use crate::bundle::Sealed;
use crate::domain::{Failure, Result, decode, printable};
use crate::dotenv::{Entry, read_dotenv};
use crate::files::{Unread, read_bytes_at, reason};

/// The most that is read, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;

/// Whether a path means stdin.
pub(super) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The path as it is shown.
pub(super) fn shown(path: &Path) -> String {
    if is_stdin(path) { "stdin".to_owned() } else { printable(&path.to_string_lossy()) }
}

/// Reads the assignments of a file, or of a pipe: `vastenv import <(…)`.
pub(super) fn read_entries(path: &Path) -> Result<Vec<Entry>> {
    let bytes = read_bytes_at(path, LARGEST).map_err(|unread| unreadable_values(path, &unread))?;
    if Sealed::recognize(&bytes).is_some() {
        return Err(Failure::failed(format!("{} is sealed", shown(path)))
            .hint("its values can be remembered here: vastenv remember env-var --from FILE"));
    }
    let text = decode(&bytes).map_err(|fault| unreadable_values(path, &Unread::NotText(fault)))?;
    entries_of(path, text)
}

/// The assignments in the text of the file at `path`.
pub(super) fn entries_of(path: &Path, text: &str) -> Result<Vec<Entry>> {
    read_dotenv(text).map_err(|fault| {
        Failure::failed(format!("{}, line {}: {}", shown(path), fault.line, fault.what)).hint(fault.hint)
    })
}

/// Why a file of variables cannot be read.
pub(super) fn unreadable_values(path: &Path, unread: &Unread) -> Failure {
    if !is_stdin(path) && path.is_dir() {
        return Failure::failed(format!("{} is a folder", shown(path))).hint("name a file in it");
    }
    match unread {
        Unread::Io(error) => unreadable(path, error),
        Unread::TooLarge(_) => {
            unread.failure(&shown(path)).hint("check whether it is a file of environment variables")
        }
        Unread::NotText(_) => unread.failure(&shown(path)),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    let failure = Failure::failed(format!("cannot read {}: {}", shown(path), reason(error)));
    match error.kind() {
        ErrorKind::NotFound => failure.hint("name a dotenv file, or - for stdin"),
        ErrorKind::PermissionDenied => {
            let path = shell_escape::escape(path.to_string_lossy());
            failure.hint(format!("check its permissions: ls -l {path}"))
        }
        _ => failure,
    }
}
