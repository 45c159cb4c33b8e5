//! What the commands about SSH keys share: a public key from wherever it is given.

use std::io::Read;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::context;
use crate::domain::{Failure, Kind, Result, printable_capped};
use crate::keypair::PublicKey;

/// The largest file that can be a public key, in bytes.
const LARGEST_FILE: u64 = 64 * 1024;

/// The public key that `text` is, or is the path of, or that stdin (`-`) holds.
pub fn given_key(text: &str) -> Result<PublicKey> {
    if text == "-" {
        return PublicKey::parse(&read(std::io::stdin().lock(), "stdin")?);
    }
    match PublicKey::parse(text) {
        Ok(key) => Ok(key),
        Err(failure) => match path_of(text) {
            Some(path) => from_file(&path),
            None => Err(failure),
        },
    }
}

/// The path that `text` is, if a file is there; `~/` is the home also where no shell expanded it.
fn path_of(text: &str) -> Option<PathBuf> {
    let path = match text.strip_prefix("~/") {
        Some(below) => context::home()?.join(below),
        None => PathBuf::from(text),
    };
    path.symlink_metadata().is_ok().then_some(path)
}

fn from_file(path: &Path) -> Result<PublicKey> {
    let shown = printable_capped(&path.to_string_lossy(), 120);
    let file = std::fs::File::open(path)
        .map_err(|error| Failure::failed(format!("cannot read {shown}: {error}")))?;
    let parsed = PublicKey::parse(&read(file, &shown)?);
    parsed.map_err(|failure| {
        let public = PathBuf::from(format!("{}.pub", path.display()));
        let hint = failure.next_step().unwrap_or_default().to_owned();
        let hint = if public.exists() { format!("give {} instead", public.display()) } else { hint };
        Failure::new(Kind::Usage, format!("{shown}: {}", failure.message())).hint(hint)
    })
}

fn read(source: impl Read, name: &str) -> Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::new());
    source
        .take(LARGEST_FILE)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::failed(format!("cannot read {name}: {error}")))?;
    Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
}

/// `ssh-ed25519 …comment`, short enough for a line of talk.
pub fn describe(key: &PublicKey) -> String {
    let comment = if key.comment().is_empty() { "no comment" } else { key.comment() };
    format!("{} {} ({})", key.short_kind(), key.fingerprint(), printable_capped(comment, 60))
}
