//! A row of the table, and the words of all rows, indexed when vastenv is compiled: every variable
//! of an account is looked up at every load.

use super::Group;
use super::table::TABLE;

/// A topic's names, and what becomes of them.
pub(super) struct Rule {
    /// The group that refuses them; `None` where they load.
    pub(super) group: Option<Group>,
    /// Families that no credential's ending lifts.
    always: bool,
    any_case: bool,
    names: &'static str,
}

/// Refuses `names`, but what loads by a row of its own.
pub(super) const fn refuse(group: Group, names: &'static str) -> Rule {
    Rule { group: Some(group), always: false, any_case: false, names }
}

/// Refuses `names`, and credentials among them too.
pub(super) const fn always(group: Group, names: &'static str) -> Rule {
    Rule { always: true, ..refuse(group, names) }
}

/// Lets `names` load although a family has them.
pub(super) const fn load(names: &'static str) -> Rule {
    Rule { group: None, always: false, any_case: false, names }
}

impl Rule {
    /// For names whose reader does not tell upper from lower case.
    pub(super) const fn any_case(self) -> Self {
        Self { any_case: true, ..self }
    }
}

/// A word of the table.
#[derive(Clone, Copy)]
pub(super) struct Pattern {
    rule: u16,
    start: u16,
    end: u16,
    /// The offset of its `*`, or `end` in a whole name.
    star: u16,
}

impl Pattern {
    pub(super) fn rule(self) -> &'static Rule {
        &TABLE[usize::from(self.rule)]
    }

    /// The word as the table has it.
    #[cfg(test)]
    pub(super) fn text(self) -> &'static str {
        &self.rule().names[usize::from(self.start)..usize::from(self.end)]
    }

    pub(super) fn is_whole(self) -> bool {
        self.star == self.end
    }

    /// Which of two words that fit decides: the greater.
    pub(super) fn rank(self) -> u8 {
        let rule = self.rule();
        match (self.is_whole(), rule.always, rule.group) {
            (true, ..) => 3,
            (_, true, _) => 2,
            (.., None) => 1,
            _ => 0,
        }
    }

    pub(super) fn fits(self, name: &[u8]) -> bool {
        let rule = self.rule();
        let text = rule.names.as_bytes();
        let same = |one: &[u8], other: &[u8]| {
            if rule.any_case { one.eq_ignore_ascii_case(other) } else { one == other }
        };
        let (start, star, end) = (usize::from(self.start), usize::from(self.star), usize::from(self.end));
        if self.is_whole() {
            return same(name, &text[start..end]);
        }
        let (head, tail) = (&text[start..star], &text[star + 1..end]);
        name.len() >= head.len() + tail.len()
            && same(&name[..head.len()], head)
            && same(&name[name.len() - tail.len()..], tail)
    }
}

/// The words that can fit `name`.
pub(super) fn candidates(name: &[u8]) -> impl Iterator<Item = Pattern> {
    let last = name.len().saturating_sub(1);
    [whole_slot(name, 0, name.len()), head_slot(name, 0), tail_slot(name, last)]
        .into_iter()
        .flat_map(|slot| std::iter::successors(after(INDEX.first[slot]), |at| after(INDEX.next[*at])))
        .map(|at| INDEX.patterns[at])
}

/// All words.
#[cfg(test)]
pub(super) fn patterns() -> impl Iterator<Item = Pattern> {
    INDEX.patterns.into_iter()
}

fn after(link: u16) -> Option<usize> {
    (link != END).then_some(usize::from(link))
}

/// Lists of words by slot: whole names by a hash, families by their first letter or, where they
/// have none, by their last.
struct Index {
    patterns: [Pattern; COUNT],
    first: [u16; SLOTS],
    next: [u16; COUNT],
}

const END: u16 = u16::MAX;
const HASHES: usize = 1024;
const SLOTS: usize = HASHES + 256;
const COUNT: usize = count();
static INDEX: Index = index();

const fn whole_slot(text: &[u8], start: usize, end: usize) -> usize {
    let mut hash: u32 = 0x811c_9dc5;
    let mut at = start;
    while at < end {
        hash = (hash ^ text[at].to_ascii_uppercase() as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    ((hash ^ (hash >> 15)) as usize) % HASHES
}

const fn head_slot(text: &[u8], at: usize) -> usize {
    HASHES + (text[at].to_ascii_uppercase() & 0x7f) as usize
}

const fn tail_slot(text: &[u8], at: usize) -> usize {
    head_slot(text, at) + 128
}

/// A table that is too large does not compile.
#[expect(clippy::cast_possible_truncation, reason = "it is asserted")]
const fn narrow(number: usize) -> u16 {
    assert!(number < END as usize);
    number as u16
}

const fn count() -> usize {
    let mut count = 0;
    let mut rule = 0;
    while rule < TABLE.len() {
        let names = TABLE[rule].names.as_bytes();
        let mut at = 0;
        while at < names.len() {
            count += (names[at] != b' ' && (at == 0 || names[at - 1] == b' ')) as usize;
            at += 1;
        }
        rule += 1;
    }
    count
}

const fn index() -> Index {
    let mut index = Index {
        patterns: [Pattern { rule: 0, start: 0, end: 0, star: 0 }; COUNT],
        first: [END; SLOTS],
        next: [END; COUNT],
    };
    let (mut rule, mut filled) = (0, 0);
    while rule < TABLE.len() {
        let names = TABLE[rule].names.as_bytes();
        let mut start = 0;
        while start < names.len() {
            let (mut end, mut star) = (start, None);
            while end < names.len() && names[end] != b' ' {
                if names[end] == b'*' && star.is_none() {
                    star = Some(end);
                }
                end += 1;
            }
            let slot = match star {
                None => whole_slot(names, start, end),
                Some(star) if star == start => tail_slot(names, end - 1),
                Some(_) => head_slot(names, start),
            };
            let star = if let Some(star) = star { star } else { end };
            index.patterns[filled] =
                Pattern { rule: narrow(rule), start: narrow(start), end: narrow(end), star: narrow(star) };
            index.next[filled] = index.first[slot];
            index.first[slot] = narrow(filled);
            filled += 1;
            start = end + 1;
        }
        rule += 1;
    }
    index
}
