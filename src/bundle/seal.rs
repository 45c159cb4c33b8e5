//! Sealing for keys or with a passphrase.

use std::io::{self, Write};

use age::armor::{ArmoredWriter, Format};
use age::secrecy::SecretString;
use age::ssh::ParseRecipientKeyError;
use age::{Encryptor, scrypt, ssh, x25519};

use crate::domain::{Failure, Result, Secret};

/// The work that a passphrase takes, 2 to the power of this: what age itself uses.
const WORK: u8 = 18;

/// What follows `age1` in the public key of an age plugin or of a newer kind is `NAME1…`; in a plain
/// key's letters there is no `1`.
const AGE_PREFIX: &str = "age1";

/// A public key that can be sealed for.
pub(crate) struct Recipient(Box<dyn age::Recipient>);

impl Recipient {
    /// The age key `age1…`.
    pub(crate) fn age(text: &str) -> Result<Self> {
        text.parse::<x25519::Recipient>().map(|key| Self(Box::new(key))).map_err(|_| {
            if text.strip_prefix(AGE_PREFIX).is_some_and(|rest| rest.contains('1')) {
                Failure::usage("this age key is a plugin's or of a newer kind, which is not supported")
                    .hint("give a plain one, as age-keygen makes them, or an SSH public key")
            } else {
                Failure::usage("not an age public key: mistyped or cut short")
                    .hint("copy the whole key, 62 characters (age-keygen -y FILE prints it)")
            }
        })
    }

    /// The SSH public key of a `.pub` file's line.
    pub(crate) fn ssh(line: &str) -> Result<Self> {
        let other = "give an Ed25519 key (ssh-keygen -t ed25519), or an age key (age-keygen)";
        line.parse::<ssh::Recipient>().map(|key| Self(Box::new(key))).map_err(|error| {
            let what = match error {
                ParseRecipientKeyError::RsaModulusTooSmall => {
                    "this RSA key is under 2048 bits, too weak to seal for"
                }
                ParseRecipientKeyError::RsaModulusTooLarge => {
                    "this RSA key is over 4096 bits, too large to seal for"
                }
                ParseRecipientKeyError::Unsupported(kind)
                    if !matches!(kind.as_str(), "ssh-ed25519" | "ssh-rsa") =>
                {
                    "age supports only ssh-ed25519 and ssh-rsa keys"
                }
                _ => "this SSH key is not valid",
            };
            Failure::usage(what).hint(other)
        })
    }
}

/// Seals `text` so that each of `recipients` opens it.
pub(crate) fn seal(text: &[u8], recipients: &[Recipient]) -> Result<Vec<u8>> {
    let recipients = recipients.iter().map(|recipient| recipient.0.as_ref());
    let encryptor = Encryptor::with_recipients(recipients).map_err(|_| unsealable())?;
    write(encryptor, text).map_err(|_| unsealable())
}

/// Seals `text` so that the passphrase opens it.
pub(crate) fn seal_with_passphrase(text: &[u8], passphrase: &Secret) -> Result<Vec<u8>> {
    let mut recipient = scrypt::Recipient::new(SecretString::from(passphrase.expose()));
    recipient.set_work_factor(WORK);
    seal(text, &[Recipient(Box::new(recipient))])
}

fn write(encryptor: Encryptor, text: &[u8]) -> io::Result<Vec<u8>> {
    let armored = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
    let mut writer = encryptor.wrap_output(armored)?;
    writer.write_all(text)?;
    writer.finish()?.finish()
}

fn unsealable() -> Failure {
    Failure::failed("cannot seal for these recipients")
}
