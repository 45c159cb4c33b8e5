//! The ledger: what vastenv loaded into a shell, as one exported variable without any value.
//!
//! Its text is `2:ACCOUNT:PID:HOOK:SESSION:ENTRIES`: a version, the account's id (or `-`), the process
//! id of the shell that it was written for, the version of that shell's hook, the session that keeps
//! what loading hid (or `-`), and
//! comma-separated entries `NAME=DIGEST.LENGTH` (of the value, in bytes: a shell that can start nothing
//! knows by it what is vastenv's), with `+` at the end (hides an exported variable) or `~` (hides one that
//! was not exported). `!` in the place of `=` says that the variable has another value
//! now, which is the user's or another tool's: hands off, until it has one of vastenv's again. Entries of `@`
//! alone say that they are in the session's file, because there are too many for an environment.

use std::collections::BTreeMap;

use crate::domain::{AccountId, Digest, EnvName};

/// The version of the format that this program writes and reads.
const VERSION: &str = "2";

/// The longest text of entries that is exported; more is kept in the session's file.
pub(super) const LONGEST_ENTRIES: usize = 32 * 1024;

/// What vastenv knows of the shell that it speaks to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The account that the variables came from.
    pub account: Option<AccountId>,
    /// The shell that this was written for; a child shell inherits it and differs.
    pub shell: u32,
    /// The version of that shell's hook, hex digits; empty if unknown.
    pub hook: String,
    /// Where previous values (and very many entries) are kept.
    pub session: Option<SessionId>,
    /// One entry for each variable that was loaded.
    pub entries: BTreeMap<EnvName, Entry>,
}

/// One variable that vastenv set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The digest of name and value.
    pub digest: Digest,
    /// The length of the value in bytes.
    pub length: usize,
    /// What the variable was before.
    pub shadow: Shadow,
    /// Whether it has another value since, which is not vastenv's.
    pub edited: bool,
}

/// What a variable was before vastenv set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shadow {
    /// It did not exist.
    Nothing,
    /// It was exported; the session keeps its value.
    Exported,
    /// It existed but was not exported; the session keeps its value.
    Unexported,
}

/// Names the file that keeps what loading hid: 16 hex digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionId(String);

impl SessionId {
    /// Reads an id; `None` if the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        fits.then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Ledger {
    /// Whether what was loaded is another account's than `account`, as far as both are known.
    pub fn is_of_another(&self, account: Option<&AccountId>) -> bool {
        self.account.as_ref().zip(account).is_some_and(|(own, other)| own != other)
    }

    /// The exported text, and the entries that must go to the session's file because they are too
    /// many to export.
    pub fn encode(&self) -> (String, Option<String>) {
        let entries = self.encode_entries();
        let (inline, spilled) =
            if entries.len() > LONGEST_ENTRIES { ("@".to_owned(), Some(entries)) } else { (entries, None) };
        let account = self.account.as_ref().map_or("-", AccountId::as_str);
        let session = self.session.as_ref().map_or("-", SessionId::as_str);
        let hook: String = self.hook.chars().filter(char::is_ascii_hexdigit).collect();
        (format!("{VERSION}:{account}:{}:{hook}:{session}:{inline}", self.shell), spilled)
    }

    fn encode_entries(&self) -> String {
        let mut text = String::new();
        for (name, entry) in &self.entries {
            if !text.is_empty() {
                text.push(',');
            }
            text.push_str(name.as_str());
            text.push(if entry.edited { '!' } else { '=' });
            text.push_str(&format!("{}.{}", entry.digest.as_str(), entry.length));
            text.push_str(match entry.shadow {
                Shadow::Nothing => "",
                Shadow::Exported => "+",
                Shadow::Unexported => "~",
            });
        }
        text
    }

    /// Reads a ledger back. `spilled` answers with the entries kept in a session's file.
    ///
    /// `None` for anything that is not a ledger of this version: then nothing is known of the shell.
    pub fn decode(text: &str, spilled: impl FnOnce(&SessionId) -> Option<String>) -> Option<Self> {
        let mut fields = text.splitn(6, ':');
        let mut next = || fields.next();
        if next()? != VERSION {
            return None;
        }
        let account = optional(next()?, AccountId::parse)?;
        let shell = next()?.parse().ok()?;
        let hook = next()?.to_owned();
        let session = optional(next()?, SessionId::parse)?;
        let inline = next()?;
        let entries = if inline == "@" { spilled(session.as_ref()?)? } else { inline.to_owned() };
        let entries =
            entries.split(',').filter(|entry| !entry.is_empty()).map(decode_entry).collect::<Option<_>>()?;
        Some(Self { account, shell, hook, session, entries })
    }
}

/// `-` is none; anything else must parse.
#[allow(clippy::option_option)]
fn optional<T>(text: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    if text == "-" { Some(None) } else { parse(text).map(Some) }
}

fn decode_entry(text: &str) -> Option<(EnvName, Entry)> {
    let at = text.find(['=', '!'])?;
    let (name, rest) = (&text[..at], &text[at + 1..]);
    let (value, shadow) = match rest.as_bytes().last()? {
        b'+' => (&rest[..rest.len() - 1], Shadow::Exported),
        b'~' => (&rest[..rest.len() - 1], Shadow::Unexported),
        _ => (rest, Shadow::Nothing),
    };
    let edited = text.as_bytes()[at] == b'!';
    let (digest, length) = value.split_once('.')?;
    let entry = Entry { digest: Digest::parse(digest)?, length: length.parse().ok()?, shadow, edited };
    Some((EnvName::parse(name).ok()?, entry))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::DigestKey;

    fn name(text: &str) -> EnvName {
        EnvName::parse(text).expect(text)
    }

    fn sample(count: usize) -> Ledger {
        let digest = DigestKey::new([3; 32]).digest(&[b"secret"]);
        let shadows = [Shadow::Nothing, Shadow::Exported, Shadow::Unexported];
        let entry = |number: usize| Entry {
            digest: digest.clone(),
            length: number,
            shadow: shadows[number % 3],
            edited: number % 2 == 1,
        };
        Ledger {
            account: AccountId::parse("0123456789abcdef"),
            shell: 4242,
            hook: "0a1b2c3d".into(),
            session: SessionId::parse("fedcba9876543210"),
            entries: (0..count).map(|number| (name(&format!("NAME_{number:05}")), entry(number))).collect(),
        }
    }

    #[test]
    fn a_ledger_is_read_back_as_written() {
        for ledger in [Ledger::default(), sample(12)] {
            let (text, spilled) = ledger.encode();
            assert_eq!(spilled, None);
            assert_eq!(Ledger::decode(&text, |_| None), Some(ledger));
        }
    }

    #[test]
    fn a_very_large_ledger_is_not_exported() {
        let ledger = sample(10_000);
        let (text, spilled) = ledger.encode();
        assert!(text.len() < 100 && spilled.is_some());
        assert_eq!(Ledger::decode(&text, |_| spilled.clone()), Some(ledger));
        assert_eq!(Ledger::decode(&text, |_| None), None);
    }

    #[test]
    fn what_is_no_ledger_is_not_taken_for_one() {
        for text in [
            "",
            "2",
            "1:-:1::-:",
            "2:zz:1::-:",
            "2:-:x::-:",
            "2:-:1::-:A",
            "2:-:1::-:A=short",
            "2:-:1::-:A!",
            "2:-:1::-:A;B!abcdefghijkl",
            "2:-:1::-:@",
        ] {
            assert_eq!(Ledger::decode(text, |_| None), None, "{text}");
        }
    }
}
