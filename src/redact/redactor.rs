//! One stream, with its secrets taken out.

use std::ops::Range;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::cursor::Cursor;
use super::normal::NormalCursor;
use super::{MASK, Patterns};

/// Follows one stream. What may be the beginning of a secret is held back until it is decided; that
/// is never more than the longest such end of what was read.
pub(crate) struct Redactor {
    patterns: Arc<Patterns>,
    plain: Cursor,
    normal: NormalCursor,
    base64: Cursor,
    /// What was read and not given out yet. Places are counted in bytes from the stream's start.
    held: Zeroizing<Vec<u8>>,
    /// The place of the first byte of `held`.
    done: u64,
    /// What belongs to secrets, in order, not overlapping.
    secrets: Vec<Secret>,
    found: Vec<Range<u64>>,
}

/// A piece of the stream that belongs to secrets.
struct Secret {
    start: u64,
    end: u64,
    /// Whether its mask was given out.
    is_masked: bool,
}

impl Redactor {
    /// A redactor at the start of a stream.
    pub(crate) fn new(patterns: Arc<Patterns>) -> Self {
        Self {
            patterns,
            plain: Cursor::new(false),
            normal: NormalCursor::new(),
            base64: Cursor::new(true),
            held: Zeroizing::new(Vec::new()),
            done: 0,
            secrets: Vec::new(),
            found: Vec::new(),
        }
    }

    /// Reads on, and adds to `out` all that is decided.
    pub(crate) fn push(&mut self, input: &[u8], out: &mut Vec<u8>) {
        let Patterns { plain, normal, base64 } = &*self.patterns;
        self.plain.read(plain, input, &mut self.found);
        self.normal.read(normal, input, false, &mut self.found);
        self.base64.read(base64, input, &mut self.found);
        self.held.extend_from_slice(input);
        let either = self.plain.open(plain).min(self.normal.open(normal));
        let held = either.min(self.base64.held(base64));
        let open = either.min(self.base64.open(base64));
        self.note_secrets();
        self.give(held, out);
        self.secrets.retain(|secret| secret.end > open);
    }

    /// For a person who waits at a terminal, where nothing more came for a moment: gives out what is
    /// held back if it is little, three bytes at most and no more than a quarter of any secret that
    /// it may begin. If it does turn out to begin one, the rest is still taken out.
    pub(crate) fn pause(&mut self, out: &mut Vec<u8>) {
        let Patterns { plain, normal, base64 } = &*self.patterns;
        let plain = self.plain.held_from_the_impatient(plain);
        let normal = self.normal.held_from_the_impatient(normal);
        let base64 = self.base64.held_from_the_impatient(base64);
        self.give(plain.min(normal).min(base64), out);
    }

    /// Gives out the rest: the stream has ended.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        let patterns = Arc::clone(&self.patterns);
        self.normal.read(&patterns.normal, &[], true, &mut self.found);
        self.note_secrets();
        self.give(self.done + self.held.len() as u64, out);
    }

    /// Joins what was found to what is known.
    fn note_secrets(&mut self) {
        if self.found.is_empty() {
            return;
        }
        let new = self.found.drain(..).map(|Range { start, end }| Secret { start, end, is_masked: false });
        self.secrets.extend(new);
        self.secrets.sort_by_key(|secret| secret.start);
        self.secrets.dedup_by(|next, before| {
            let overlap = next.start < before.end;
            if overlap {
                before.end = before.end.max(next.end);
                before.is_masked |= next.is_masked;
            }
            overlap
        });
    }

    /// Gives out everything before the place `limit`, and the mask of a secret that it stands in: that
    /// goes, however long it turns out to be.
    fn give(&mut self, limit: u64, out: &mut Vec<u8>) {
        let first = self.done;
        let index = |place: u64| usize::try_from(place - first).unwrap_or(usize::MAX);
        for secret in &mut self.secrets {
            if secret.end <= self.done {
                continue;
            }
            if secret.start > limit {
                break;
            }
            if secret.start > self.done {
                out.extend_from_slice(&self.held[index(self.done)..index(secret.start)]);
            }
            if !secret.is_masked {
                out.extend_from_slice(MASK);
                secret.is_masked = true;
            }
            self.done = secret.end;
        }
        if limit > self.done {
            out.extend_from_slice(&self.held[index(self.done)..index(limit)]);
            self.done = limit;
        }
        self.held.drain(..index(self.done));
    }
}
