//! Takes known secrets out of a stream of bytes, however it is cut into pieces.
//!
//! [`Patterns`] knows every form in which a secret may stand in a program's output (`forms`);
//! [`Redactor`] follows one stream. Every byte that belongs to any form of any secret is taken out:
//! secrets that overlap become one mask, secrets side by side one each.

mod automaton;
mod cursor;
mod forms;
mod redactor;

#[cfg(test)]
mod tests;

use automaton::Automaton;

pub use redactor::Redactor;

/// What stands in place of a secret.
pub const MASK: &[u8] = b"*****";

/// The shortest text that can be taken out, in bytes: anything shorter is part of ordinary words.
pub const SHORTEST: usize = 4;

/// Every form of some secrets, ready to be looked for. Its memory is wiped on drop.
pub struct Patterns {
    /// The forms that stand in one piece.
    plain: Automaton,
    /// The forms in base64, which may be broken into lines anywhere.
    base64: Automaton,
}

impl Patterns {
    /// The patterns of `secrets`; those shorter than [`SHORTEST`] are left out.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut plain, mut base64) = (Automaton::builder(), Automaton::builder());
        for secret in secrets.into_iter().filter(|secret| secret.len() >= SHORTEST) {
            forms::plain(secret, |form| plain.add(form));
            forms::base64(secret, |form| base64.add(form));
        }
        Self { plain: plain.build(), base64: base64.build() }
    }
}
