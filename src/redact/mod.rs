//! Takes known secrets out of a stream of bytes, however it is cut into pieces.
//!
//! [`Patterns`] knows every form in which a secret may stand in a program's output; [`Redactor`] follows
//! one stream, and looks at it in three ways: as it is, without regard to quotes and escapes (`normal`),
//! and for base64 in lines. Every byte that belongs to any form of any secret is taken out:
//! secrets that overlap become one mask, secrets side by side one each.

mod automaton;
mod cursor;
mod forms;
mod normal;
mod redactor;

#[cfg(test)]
mod tests;

use automaton::{Automaton, Builder};

pub(crate) use redactor::Redactor;

/// What stands in place of a secret.
pub(crate) const MASK: &[u8] = b"*****";

/// The shortest text that can be taken out, in bytes: anything shorter is part of ordinary words.
pub(crate) const SHORTEST: usize = 4;

/// Every form of some secrets, ready to be looked for. Its memory is wiped on drop.
pub(crate) struct Patterns {
    /// The secrets as they are.
    plain: Automaton,
    /// The secrets without regard to quotes and escapes.
    normal: Automaton,
    /// The forms in base64, which may be broken into lines anywhere.
    base64: Automaton,
}

impl Patterns {
    /// The patterns of `secrets`; those shorter than [`SHORTEST`] are left out.
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut builders = [Automaton::builder(), Automaton::builder(), Automaton::builder()];
        let [plain, normal, base64] = &mut builders;
        for secret in secrets.into_iter().filter(|secret| secret.len() >= SHORTEST) {
            forms::plain(secret, |form| {
                plain.add(form.as_bytes());
                normal.add(&normal::normalized(form));
            });
            forms::base64(secret, |form| base64.add(form));
        }
        let [plain, normal, base64] = builders.map(Builder::build);
        Self { plain, normal, base64 }
    }
}
