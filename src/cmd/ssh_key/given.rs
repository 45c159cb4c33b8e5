//! What the commands about SSH keys share: a public key from wherever it is given.

use std::path::{Path, PathBuf};

use crate::cmd::app::App;
use crate::context;
use crate::domain::{Failure, Kind, NotText, Result, printable, printable_capped};
use crate::files::{Unread, read_text_at};
use crate::keypair::{PublicKey, is_private};

/// The largest file that can be a public key, in bytes.
const LARGEST_FILE: usize = 64 * 1024;

/// The public key that `text` is, or is the path of, or that stdin (`-`) holds, fit to be sent.
pub(crate) fn given_key(app: &App, text: &str) -> Result<PublicKey> {
    let key = read_key(text)?;
    let shown = printable(key.comment());
    if shown != key.comment() {
        return Err(Failure::usage(format!(
            "the key's comment holds an invisible character: {}",
            printable_capped(key.comment(), 60)
        ))
        .hint("leave the comment out, or write another one behind the key"));
    }
    if key.short_kind() == "DSA" {
        app.ui.warn("this is an ssh-dss key, which OpenSSH no longer accepts: instances will refuse it");
    }
    Ok(key)
}

fn read_key(text: &str) -> Result<PublicKey> {
    if text == "-" {
        let text = read_text_at(Path::new(text), LARGEST_FILE).map_err(|unread| refusal(unread, "stdin"))?;
        return PublicKey::parse(&text);
    }
    match PublicKey::parse(text) {
        Ok(key) => Ok(key),
        Err(failure) if is_private(text) => Err(failure),
        Err(failure) => match path_of(text) {
            Some(path) => from_file(&path),
            None if is_name_of_public_key(text) => {
                Err(Failure::failed(format!("no such file: {}", printable_capped(text, 120)))
                    .hint("list yours: ls ~/.ssh/*.pub"))
            }
            None => Err(failure),
        },
    }
}

/// The path that `text` is, if a file is there; `~/` is the home also where no shell expanded it.
pub(crate) fn path_of(text: &str) -> Option<PathBuf> {
    let path = context::user_path(text.into()).ok()?;
    path.symlink_metadata().is_ok().then_some(path)
}

/// Whether `text` can only be meant as a path, and so may be repeated.
fn is_name_of_public_key(text: &str) -> bool {
    Path::new(text).extension().is_some_and(|extension| extension == "pub") && !text.contains('\n')
}

fn from_file(path: &Path) -> Result<PublicKey> {
    let shown = printable_capped(&path.to_string_lossy(), 120);
    let text = read_text_at(path, LARGEST_FILE).map_err(|unread| refusal(unread, &shown))?;
    PublicKey::parse(&text).map_err(|failure| {
        let public = PathBuf::from(format!("{}.pub", path.display()));
        let hint = match failure.next_step() {
            _ if is_private(&text) && public.exists() => format!("give {} instead", public.display()),
            step => step.unwrap_or_default().to_owned(),
        };
        Failure::new(Kind::Usage, format!("{shown}: {}", failure.message())).hint(hint)
    })
}

fn refusal(unread: Unread, name: &str) -> Failure {
    match unread {
        Unread::TooLarge(_) => Failure::usage(format!("{name} is too large for an SSH public key")),
        // Keys are text in every encoding.
        Unread::NotText(NotText::Other(_)) => {
            Failure::usage(format!("{name} is not an SSH public key")).hint("give the file that ends in .pub")
        }
        other => other.failure(name),
    }
}

/// What stands for the key in another command: the path that `text` is, or a place holder.
pub(crate) fn attachable(text: &str) -> String {
    let path = path_of(text).map(|path| path.display().to_string());
    path.map_or("KEY".to_owned(), |path| shell_escape::escape(path.into()).into_owned())
}

/// Type, fingerprint and comment, short enough for a line of talk.
pub(crate) fn describe(key: &PublicKey) -> String {
    let comment = if key.comment().is_empty() { "no comment" } else { key.comment() };
    format!("{} {} ({})", key.short_kind(), key.fingerprint(), printable_capped(comment, 60))
}
