//! Opening a sealed file: with the user's SSH keys, keys that are named, or a passphrase.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::bundle::{Fault, PrivateKey, Sealed};
use crate::cmd::app::App;
use crate::cmd::dotenv_file::{is_stdin, shown};
use crate::context;
use crate::domain::{Failure, Result, Secret, printable};
use crate::files::{read_bytes_at, read_key_file};
use crate::ui::read_passphrase;

/// The largest file that can be a private key, in bytes.
const LARGEST_KEY: usize = 64 * 1024;

/// A key and where it is.
struct Found {
    place: String,
    key: PrivateKey,
}

/// The keys to try.
#[derive(Default)]
struct Keys {
    found: Vec<Found>,
    /// Places of keys that open no age file, with the reason.
    useless: Vec<String>,
}

/// Where passphrases come from.
struct Asker {
    /// Whether stdin is read for something else.
    is_stdin_taken: bool,
    /// What stdin held, for all keys.
    from_stdin: Option<Secret>,
}

/// What is in the sealed file that is called `name`.
pub(crate) fn unseal(
    app: &App,
    name: &str,
    sealed: &Sealed,
    identities: &[PathBuf],
    is_stdin_taken: bool,
) -> Result<Zeroizing<Vec<u8>>> {
    let mut asker = Asker { is_stdin_taken, from_stdin: None };
    if sealed.takes_passphrase() {
        let passphrase = asker.passphrase(name)?;
        return sealed.open_with_passphrase(&passphrase).map_err(|fault| fault.failure(name));
    }
    asker.is_stdin_taken |= identities.iter().any(|path| is_stdin(path));
    let keys = if identities.is_empty() { own_keys() } else { given_keys(identities)? };
    open_with(&keys, name, sealed, &mut asker)?.ok_or_else(|| {
        for place in &keys.useless {
            app.ui.say(&format!("not tried: {place}"));
        }
        nothing_opens(name, sealed, &keys)
    })
}

/// Tries the keys in turn; those that take a passphrase last.
fn open_with(
    keys: &Keys,
    name: &str,
    sealed: &Sealed,
    asker: &mut Asker,
) -> Result<Option<Zeroizing<Vec<u8>>>> {
    let failure = |fault: Fault| fault.failure(name);
    let mut locked = Vec::new();
    for found in &keys.found {
        match &found.key {
            PrivateKey::Locked(key) => locked.push((&found.place, key)),
            PrivateKey::Open(openers) => {
                if let Some(text) = sealed.open(openers.iter()).map_err(failure)? {
                    return Ok(Some(text));
                }
            }
        }
    }
    for (place, key) in locked.into_iter().filter(|(_, key)| key.may_open(sealed)) {
        let passphrase = asker.passphrase(place)?;
        let openers = key.unlock(&passphrase).map_err(|fault| fault.failure(place))?;
        if let Some(text) = sealed.open(openers.iter()).map_err(failure)? {
            return Ok(Some(text));
        }
    }
    Ok(None)
}

impl Asker {
    fn passphrase(&mut self, of: &str) -> Result<Secret> {
        if let Some(given) = &self.from_stdin {
            return Ok(given.clone());
        }
        let passphrase = read_passphrase(&format!("passphrase of {of}"), self.is_stdin_taken)?;
        if !self.is_stdin_taken && !context::stdin_is_terminal() {
            self.from_stdin = Some(passphrase.clone());
        }
        Ok(passphrase)
    }
}

/// `~/.ssh/id_*`, as far as age can use them.
fn own_keys() -> Keys {
    let mut keys = Keys::default();
    let Some(folder) = context::home().map(|home| home.join(".ssh")) else { return keys };
    let Ok(entries) = std::fs::read_dir(&folder) else { return keys };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("id_") && Path::new(name).extension().is_none_or(|end| end != "pub"))
        .collect();
    names.sort();
    for name in names {
        let place = format!("~/.ssh/{}", printable(&name));
        // One that is not the user's own is not used.
        let read = read_key_file(&folder.join(&name)).map_err(|failure| failure.message().to_owned());
        match read.and_then(|bytes| {
            PrivateKey::read(&bytes.unwrap_or_default()).map_err(|fault| fault.what.to_owned())
        }) {
            Ok(key) => keys.found.push(Found { place, key }),
            Err(why) => keys.useless.push(format!("{place}: {why}")),
        }
    }
    keys
}

fn given_keys(paths: &[PathBuf]) -> Result<Keys> {
    let read = |path: &PathBuf| {
        let place = shown(path);
        let bytes = read_bytes_at(path, LARGEST_KEY).map_err(|unread| unread.failure(&place))?;
        let key = PrivateKey::read(&bytes).map_err(|fault| fault.failure(&place))?;
        Ok(Found { place, key })
    };
    Ok(Keys { found: paths.iter().map(read).collect::<Result<_>>()?, useless: Vec::new() })
}

fn nothing_opens(name: &str, sealed: &Sealed, keys: &Keys) -> Failure {
    let tried: Vec<&str> = keys.found.iter().map(|found| found.place.as_str()).collect();
    let tried = if tried.is_empty() {
        "no key to try in ~/.ssh".to_owned()
    } else {
        format!("tried {}", tried.join(", "))
    };
    Failure::failed(format!("cannot open {name}: sealed for {}; {tried}", sealed.recipients()))
        .hint("give its private key: --identity FILE, or seal it again for a key of this machine")
}
