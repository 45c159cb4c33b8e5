//! `vastenv export age`: the variables, sealed for keys or with a passphrase.

use std::path::Path;

use crate::account::Account;
use crate::bundle::{Owner, Recipient, seal, seal_with_passphrase, to_json};
use crate::cli::{AGE, Export};
use crate::cmd::app::App;
use crate::cmd::ask::agree;
use crate::cmd::outcome::Outcome;
use crate::cmd::ssh_key::given::{describe, given_key, path_of};
use crate::domain::{Failure, Identity, Result, count, printable_capped};
use crate::environment::Environment;
use crate::files::read_text_at;
use crate::keypair::{PublicKey, is_private};
use crate::ui::read_sealing_passphrase;

/// The largest file of public keys, in bytes.
const LARGEST_FILE: usize = 64 * 1024;

/// The word for all SSH keys of the account.
const ACCOUNT: &str = "account";

const LOOKS_LIKE: &str = "give age1…, an SSH public key ('ssh-ed25519 AAAA…'), the path of one, or `account`";

/// Whom to seal for.
pub(crate) enum Sealing {
    Keys { recipients: Vec<Recipient>, with_account: bool },
    Passphrase,
}

impl Sealing {
    /// As the command line says; `None` for a format that is not sealed.
    pub(crate) fn wanted(app: &App, arguments: &Export) -> Result<Option<Self>> {
        let is_sealed = arguments.format == AGE;
        if arguments.to.is_empty() && !arguments.passphrase {
            return if is_sealed {
                Err(Failure::usage("export age needs a recipient or a passphrase")
                    .hint("vastenv export age --to ~/.ssh/id_ed25519.pub, or --passphrase"))
            } else {
                Ok(None)
            };
        }
        if !is_sealed {
            return Err(Failure::usage(format!(
                "--to and --passphrase are for age, not {}",
                arguments.format
            ))
            .hint("vastenv export age --to …"));
        }
        if arguments.passphrase {
            return Ok(Some(Self::Passphrase));
        }
        let (mut recipients, mut with_account) = (Vec::new(), false);
        for text in &arguments.to {
            if text.expose() == ACCOUNT {
                with_account = true;
            } else {
                recipients.extend(given(app, text.expose())?);
            }
        }
        Ok(Some(Self::Keys { recipients, with_account }))
    }

    /// The account's sealed file, and how it was sealed.
    pub(crate) fn seal(
        self,
        app: &App,
        account: &Account<'_>,
        environment: &Environment,
    ) -> Outcome<(Vec<u8>, String)> {
        if environment.variables.is_empty() {
            return Err(nothing_to_seal(environment).into());
        }
        let text = to_json(&owner(account)?, account.now(), &environment.variables);
        let (sealed, openers) = match self {
            Self::Passphrase => {
                (seal_with_passphrase(&text, &read_sealing_passphrase()?)?, "with a passphrase".to_owned())
            }
            Self::Keys { mut recipients, with_account } => {
                if with_account {
                    recipients.extend(account_keys(app, account)?);
                }
                (seal(&text, &recipients)?, format!("for {}", count(recipients.len(), "key")))
            }
        };
        let number = count(environment.variables.len(), "variable");
        Ok((sealed, format!("sealed {number} {openers}{}", left_out(environment))))
    }
}

fn nothing_to_seal(environment: &Environment) -> Failure {
    if environment.hidden().is_empty() {
        return Failure::failed("no variable is left: nothing to seal").hint("vastenv show env-vars");
    }
    Failure::failed("no value is known here: nothing to seal").hint("vastenv remember env-var --all")
}

/// What is not in the file, whatever the reason.
fn left_out(environment: &Environment) -> String {
    let names: Vec<String> =
        environment.skipped.iter().map(|skipped| printable_capped(&skipped.name, 80)).collect();
    if names.is_empty() { String::new() } else { format!("; left out: {}", names.join(", ")) }
}

/// The account as it is called on another machine.
pub(crate) fn owner(account: &Account<'_>) -> Result<Owner> {
    let identity = account.identity()?.filter(Identity::is_named);
    Ok(Owner { server: account.server.clone(), user: identity.and_then(|identity| identity.user) })
}

/// The keys that one word of `--to` names. What is given by mistake may be private: it is not repeated.
fn given(app: &App, text: &str) -> Result<Vec<Recipient>> {
    if is_private_age(text) {
        return Err(private_age("give the public one: age-keygen -y FILE"));
    }
    if text.starts_with("age1") {
        return Ok(vec![Recipient::age(text)?]);
    }
    if let Some(path) = path_of(text).filter(|path| path.is_file())
        && let Some(keys) = age_keys_of(&path)?
    {
        return Ok(keys);
    }
    let is_path = Path::new(text).extension().is_some() || path_of(text).is_some();
    if !is_path && !is_private(text) && !PublicKey::is_meant(text) {
        return Err(Failure::usage("not a recipient").hint(LOOKS_LIKE));
    }
    if !is_path && !is_private(text) && !text.trim().contains(char::is_whitespace) {
        return Err(
            Failure::usage("incomplete SSH public key").hint("quote the whole key, or give its .pub file")
        );
    }
    Ok(vec![Recipient::ssh(given_key(app, text)?.line())?])
}

/// The age keys in a file; `None` if there are none in it.
fn age_keys_of(path: &Path) -> Result<Option<Vec<Recipient>>> {
    let Ok(text) = read_text_at(path, LARGEST_FILE) else { return Ok(None) };
    if is_private_age(&text) {
        let file = shell_escape::escape(path.to_string_lossy());
        return Err(private_age(&format!("give the public one: age-keygen -y {file}")));
    }
    let lines = text.lines().map(str::trim).filter(|line| line.starts_with("age1"));
    let keys = lines.map(Recipient::age).collect::<Result<Vec<_>>>()?;
    Ok((!keys.is_empty()).then_some(keys))
}

fn is_private_age(text: &str) -> bool {
    let text = text.to_ascii_uppercase();
    text.contains("AGE-SECRET-KEY-") || text.contains("AGE-PLUGIN-")
}

fn private_age(hint: &str) -> Failure {
    Failure::usage("this is a private age key").hint(hint)
}

/// The account's SSH keys, once the user agreed to them.
fn account_keys(app: &App, account: &Account<'_>) -> Outcome<Vec<Recipient>> {
    let listed = app.with_server(account.clone(), async |remote| remote.ssh_keys().await)?;
    let (mut recipients, mut shown) = (Vec::new(), Vec::new());
    for key in listed.items {
        let Ok(key) = PublicKey::parse(&key.key) else {
            app.ui.warn(&format!("SSH key {} of the account cannot be read: left out", key.id));
            continue;
        };
        match Recipient::ssh(key.line()) {
            Ok(recipient) => {
                recipients.push(recipient);
                shown.push(describe(&key));
            }
            Err(failure) => app.ui.warn(&format!("{}: left out: {}", describe(&key), failure.message())),
        }
    }
    if recipients.is_empty() {
        return Err(Failure::failed("the account has no SSH key to seal for")
            .hint("add one: vastenv create ssh-key")
            .into());
    }
    if app.global.yes {
        app.ui.say(&format!("sealing for the account's keys: {}", shown.join(", ")));
    }
    agree(app, &format!("Seal for {} of the account: {}?", count(shown.len(), "SSH key"), shown.join(", ")))?;
    Ok(recipients)
}
