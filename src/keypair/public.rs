//! One public key, as OpenSSH writes it in a `.pub` file or in `authorized_keys`.

use ssh_key::HashAlg;
use ssh_key::public::KeyData;

use crate::domain::{Failure, Result, printable, trim_unseen};

/// What gives a private key away: the headings of all forms, and the data of OpenSSH's, which starts
/// with `openssh-key-v1` in base64.
const PRIVATE_MARKS: [&str; 4] =
    ["PRIVATE KEY", "PuTTY-User-Key-File", "SSH PRIVATE KEY FILE FORMAT", "b3BlbnNzaC1rZXktdjE"];

/// What the types of public keys start with.
const TYPE_PREFIXES: [&str; 4] = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"];

/// The longest type that there is: `sk-ecdsa-sha2-nistp256@openssh.com`.
const LONGEST_TYPE: usize = 34;

const LOOKS_LIKE: &str = "it looks like: ssh-ed25519 AAAAC3Nz… you@host";

/// A public key that was parsed and is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey {
    line: String,
    comment: String,
    kind: String,
    bits: Option<u32>,
    fingerprint: String,
}

impl PublicKey {
    /// Reads the one public key in `text`, which may have empty lines, `#` comments and CRLF around it.
    /// Messages never repeat the text.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        if is_private(text) {
            return Err(Failure::usage("this is a private key: it must never leave your machine").hint(
                "give the public one, from the file that ends in .pub (or make it: ssh-keygen -y -f FILE)",
            ));
        }
        if text.contains("BEGIN SSH2 PUBLIC KEY")
            || text.contains("BEGIN PUBLIC KEY")
            || text.contains("BEGIN RSA PUBLIC KEY")
        {
            return Err(Failure::usage("this public key is not in OpenSSH's one-line form")
                .hint("convert it: ssh-keygen -i -f FILE (for PKCS8: ssh-keygen -i -m PKCS8 -f FILE)"));
        }
        let text = trim_unseen(text);
        let lines: Vec<&str> =
            text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        match lines.as_slice() {
            [] => Err(Failure::usage("not an SSH public key").hint(LOOKS_LIKE)),
            [line] => Self::parse_line(line),
            [first, rest @ ..]
                if is_start_of_key(first) && !rest.iter().any(|line| is_start_of_key(line)) =>
            {
                Err(Failure::usage(format!("this key is broken over {} lines", lines.len()))
                    .hint("it is one line in its .pub file: give that file"))
            }
            several => Err(Failure::usage(format!("{} lines: give one key at a time", several.len()))
                .hint("give each on its own, such as 'ssh-ed25519 AAAA…'")),
        }
    }

    /// Whether `text` begins like a public key.
    pub(crate) fn is_meant(text: &str) -> bool {
        is_start_of_key(trim_unseen(text))
    }

    fn parse_line(line: &str) -> Result<Self> {
        let kind = line.split_whitespace().next().unwrap_or_default();
        if kind.contains("-cert-v01@") {
            return Err(Failure::usage(
                "this is a certificate, which Vast does not take: it signs a key and expires",
            )
            .hint("give the public key that it certifies (the .pub file without -cert)"));
        }
        if !is_start_of_key(line) {
            return Err(if line.split_whitespace().skip(1).any(is_start_of_key) {
                Failure::usage("there are options before the key, which Vast would not keep")
                    .hint("leave them out: start at the key's type, like ssh-ed25519")
            } else {
                Failure::usage("not an SSH public key").hint(LOOKS_LIKE)
            });
        }
        // Between the parts there may be any white space, also tabs.
        let rest = line[kind.len()..].trim_start();
        let (data, comment) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let comment = comment.trim();
        let whole = format!("{kind} {data} {comment}");
        let whole = whole.trim_end();
        let parsed = ssh_key::PublicKey::from_openssh(whole).map_err(|_| {
            // The type is the first word of what was given: shown only if it can be nothing else.
            let shown = if kind.len() <= LONGEST_TYPE { kind } else { "SSH" };
            Failure::usage(format!("this {} key is damaged or of an unknown type", printable(shown)))
                .hint("copy the whole line of the .pub file (check it: ssh-keygen -lf FILE)")
        })?;
        Ok(Self {
            line: whole.to_owned(),
            comment: comment.to_owned(),
            kind: kind.to_owned(),
            bits: bits(parsed.key_data()),
            fingerprint: parsed.fingerprint(HashAlg::Sha256).to_string(),
        })
    }

    /// The key of an agent's binary form; `None` for certificates and what cannot be read.
    pub(super) fn from_blob(blob: &[u8], comment: &str) -> Option<Self> {
        let mut key = ssh_key::PublicKey::from_bytes(blob).ok()?;
        key.set_comment(comment.replace(['\n', '\r'], " "));
        Self::parse(&key.to_openssh().ok()?).ok()
    }

    /// The key in one line: type, data, and the comment if it has one.
    pub(crate) fn line(&self) -> &str {
        &self.line
    }

    /// What tells whose it is; may be empty.
    pub(crate) fn comment(&self) -> &str {
        &self.comment
    }

    /// The type as `ssh-keygen -lf` names it in parentheses.
    pub(crate) fn short_kind(&self) -> &'static str {
        match self.kind.as_str() {
            "ssh-rsa" => "RSA",
            "ssh-dss" => "DSA",
            "ssh-ed25519" => "ED25519",
            "sk-ssh-ed25519@openssh.com" => "ED25519-SK",
            "sk-ecdsa-sha2-nistp256@openssh.com" => "ECDSA-SK",
            _ => "ECDSA",
        }
    }

    /// The size in bits, as `ssh-keygen -lf` counts it.
    pub(crate) fn bits(&self) -> Option<u32> {
        self.bits
    }

    /// `SHA256:` and the digest in base64, as `ssh-keygen -lf` prints it.
    pub(crate) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Whether both are the same key, whatever their comments.
    pub(crate) fn is_same_key(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }
}

/// Whether `text` holds a private key in PEM, OpenSSH's, `PuTTY`'s or `SSH.com`'s form.
pub(crate) fn is_private(text: &str) -> bool {
    PRIVATE_MARKS.iter().any(|mark| text.contains(mark))
}

fn is_start_of_key(text: &str) -> bool {
    TYPE_PREFIXES.iter().any(|prefix| text.starts_with(prefix))
}

fn bits(data: &KeyData) -> Option<u32> {
    match data {
        KeyData::Ed25519(_) | KeyData::SkEd25519(_) | KeyData::SkEcdsaSha2NistP256(_) => Some(256),
        KeyData::Ecdsa(key) => Some(match key.curve() {
            ssh_key::EcdsaCurve::NistP256 => 256,
            ssh_key::EcdsaCurve::NistP384 => 384,
            ssh_key::EcdsaCurve::NistP521 => 521,
        }),
        KeyData::Rsa(key) => significant_bits(key.n.as_positive_bytes()?),
        KeyData::Dsa(key) => significant_bits(key.p.as_positive_bytes()?),
        _ => None,
    }
}

fn significant_bits(bytes: &[u8]) -> Option<u32> {
    let first = bytes.first()?;
    let whole = u32::try_from(bytes.len()).ok()?.checked_mul(8)?;
    Some(whole - first.leading_zeros())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";

    #[test]
    fn a_key_is_found_among_comments_and_line_ends() {
        for (text, comment) in [
            (format!("{ED25519} me@host\n"), "me@host"),
            (format!("# my key\r\n\r\n  {ED25519} me@host  \r\n"), "me@host"),
            (ED25519.to_owned(), ""),
            (format!("\u{feff}\u{a0}{}\t me@host\u{200b}\n", ED25519.replace(' ', " \t ")), "me@host"),
            (format!("{ED25519} a comment of words"), "a comment of words"),
        ] {
            let key = PublicKey::parse(&text).expect(&text);
            assert_eq!((key.comment(), key.bits(), key.short_kind()), (comment, Some(256), "ED25519"));
            assert_eq!(key.line(), format!("{ED25519} {comment}").trim_end());
            assert_eq!(key.fingerprint(), "SHA256:UCUiLr7Pjs9wFFJMDByLgc3NrtdU344OgUM45wZPcIQ");
        }
    }

    #[test]
    fn what_is_no_single_public_key_is_refused_and_not_repeated() {
        let secret = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU";
        let damaged = "AAAAC3NzaC1lZDI1NTE5AAAAILM";
        for (text, why) in [
            (format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{secret}"), "private"),
            (format!("-----BEGIN RSA PRIVATE KEY-----\n{secret}"), "private"),
            (format!("PuTTY-User-Key-File-3: ssh-ed25519\n{secret}"), "private"),
            (format!("---- BEGIN SSH2 PUBLIC KEY ----\n{damaged}"), "one-line"),
            (format!("no-pty,command=\"x\" {ED25519}"), "options"),
            (format!("{ED25519}\n{ED25519}"), "2 lines"),
            (format!("{}\n{}", &ED25519[..40], &ED25519[40..]), "broken over 2 lines"),
            (secret.replace("AAAA", "xxxx"), "private"),
            (format!("ssh-ed25519-cert-v01@openssh.com {damaged}"), "certificate"),
            (format!("ssh-ed25519 {damaged}"), "damaged"),
            ("hello".to_owned(), "not an SSH public key"),
            (String::new(), "not an SSH public key"),
        ] {
            let failure = PublicKey::parse(&text).expect_err(&text);
            assert!(failure.message().contains(why), "{why}: {failure:?}");
            let shown = format!("{failure:?}");
            assert!(!shown.contains(secret) && !shown.contains(damaged), "{shown}");
        }
    }
}
