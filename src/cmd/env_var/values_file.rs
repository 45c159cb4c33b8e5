//! The file of `vastenv remember env-var --from FILE`, which says itself what it is: sealed by age or
//! not, and inside a dotenv file, what `vastenv export age` writes, or entries that end in NUL.

use std::path::Path;

use super::unseal::unseal;
use crate::bundle::{Contents, Owner, Sealed, parse};
use crate::cli::Opening;
use crate::cmd::app::App;
use crate::cmd::dotenv_file::{entries_of, is_stdin, shown, unreadable_values};
use crate::domain::{EnvName, Failure, Result, Secret, decode};
use crate::dotenv::{Settled, settle};
use crate::files::{Unread, read_bytes_at};

/// The most that is read, in bytes: a sealed file is longer than what is in it.
const LARGEST: usize = 8 * 1024 * 1024;

/// What such a file holds.
pub(crate) struct ValuesFile {
    pub settled: Settled,
    /// The account that the values are of, if the file says so.
    pub owner: Option<Owner>,
    /// Whether it is a whole environment, most of which is nothing to an account.
    pub is_environment: bool,
}

/// Reads the file, or stdin.
pub(crate) fn read_values_file(app: &App, path: &Path, opening: &Opening) -> Result<ValuesFile> {
    let is_stdin_taken = is_stdin(path);
    if is_stdin_taken && opening.identity.iter().any(|key| is_stdin(key)) {
        return Err(
            Failure::usage("FILE and --identity cannot both be stdin").hint("give one of them as a file")
        );
    }
    let name = shown(path);
    let bytes = read_bytes_at(path, LARGEST).map_err(|unread| unreadable_values(path, &unread))?;
    let Some(sealed) = Sealed::recognize(&bytes) else {
        if let Some(key) = opening.identity.first() {
            app.ui.say(&format!("{name} is not sealed: {} is not needed", shown(key)));
        }
        return interpret(app, path, &bytes, opening);
    };
    let sealed = sealed.map_err(|fault| fault.failure(&name))?;
    let text = unseal(app, &name, &sealed, &opening.identity, is_stdin_taken)?;
    interpret(app, path, &text, opening)
}

fn interpret(app: &App, path: &Path, text: &[u8], opening: &Opening) -> Result<ValuesFile> {
    if opening.null {
        return Ok(ValuesFile { settled: environment(app, text), owner: None, is_environment: true });
    }
    if let Some(contents) = parse(text) {
        let contents = contents.map_err(|fault| fault.failure(&shown(path)))?;
        let (owner, date) = (contents.owner.shown(), &contents.date);
        app.ui.say(&format!("{}: values of {owner}, sealed on {date}", shown(path)));
        return Ok(ours(contents));
    }
    let text = decode(text).map_err(|fault| unreadable_values(path, &Unread::NotText(fault)))?;
    if text.contains('\0') {
        return Err(Failure::failed(format!("{} contains NUL bytes", shown(path)))
            .hint("if its entries end in NUL, as `env -0` prints them: --null"));
    }
    let settled = settle(&entries_of(path, text)?);
    Ok(ValuesFile { settled, owner: None, is_environment: false })
}

fn ours(contents: Contents) -> ValuesFile {
    let named =
        |(name, value): (String, Secret)| Some((EnvName::parse(&name.to_ascii_uppercase()).ok()?, value));
    let variables = contents.variables.into_iter().filter_map(named).collect();
    let settled = Settled { variables, ..Settled::default() };
    ValuesFile { settled, owner: Some(contents.owner), is_environment: false }
}

/// The entries of an environment; what cannot be an account's variable is left out.
fn environment(app: &App, text: &[u8]) -> Settled {
    let mut settled = Settled::default();
    for entry in text.split(|byte| *byte == 0) {
        let Some(at) = entry.iter().position(|byte| *byte == b'=') else { continue };
        let name = String::from_utf8_lossy(&entry[..at]).to_ascii_uppercase();
        let Ok(name) = EnvName::parse(&name) else { continue };
        match std::str::from_utf8(&entry[at + 1..]) {
            Ok(value) => drop(settled.variables.insert(name, Secret::new(value))),
            Err(_) => app.ui.say(&format!("{name} is not UTF-8: skipped")),
        }
    }
    settled
}
