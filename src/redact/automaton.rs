//! Many patterns looked for at once (Aho and Corasick), with what a stream needs to know beside the
//! matches: how much of what was read may still become one.
//!
//! A stream must know the depth of the state that it is in to hold back what may become a value, and
//! the patterns are wiped when they are dropped: the reasons for an automaton of our own.

use zeroize::Zeroize;

use super::SHORTEST;

/// A state: the longest end of the text so far that is the beginning of a pattern.
pub(super) type State = u32;

/// Nothing read so far is the beginning of a pattern.
pub(super) const ROOT: State = 0;

/// The most bytes of what may become a secret that an impatient reader is shown.
const MOST_SHOWN: u32 = 3;

/// The logarithm of how many kinds of beginnings are told apart.
const HASH_BITS: u32 = 18;

/// A node of the tree of all patterns. Children are a list: but for the first levels there is one.
#[derive(Clone, Copy, Default)]
struct Node {
    first_child: State,
    sibling: State,
    /// The state for the longest proper end of this one.
    fallback: State,
    /// How many bytes lead here.
    depth: u32,
    /// The length of the longest pattern that ends here; 0 for none.
    longest: u32,
    /// The length of the shortest pattern that leads through here; only for the first levels.
    shortest: u32,
    byte: u8,
    /// Whether so little of every pattern stands here that it may be shown.
    is_little: bool,
}

impl Zeroize for Node {
    fn zeroize(&mut self) {
        self.byte.zeroize();
    }
}

/// Patterns, each at least [`SHORTEST`] bytes long.
pub(super) struct Automaton {
    nodes: Vec<Node>,
    /// The root's children by their byte.
    root: Box<[State; 256]>,
    /// A bit for each hash of a pattern's first four bytes.
    beginnings: Vec<u64>,
}

/// An automaton to which patterns are added.
pub(super) struct Builder(Automaton);

impl Automaton {
    pub(super) fn builder() -> Builder {
        Builder(Self {
            nodes: vec![Node { is_little: true, ..Node::default() }],
            root: Box::new([ROOT; 256]),
            beginnings: vec![0; 1 << (HASH_BITS - 6)],
        })
    }

    /// The state after `byte`.
    pub(super) fn step(&self, mut state: State, byte: u8) -> State {
        loop {
            let child = self.child(state, byte);
            if child != ROOT || state == ROOT {
                return child;
            }
            state = self.node(state).fallback;
        }
    }

    /// How many of the bytes read last may be the beginning of a pattern.
    pub(super) fn depth(&self, state: State) -> u64 {
        u64::from(self.node(state).depth)
    }

    /// The length of the longest pattern that ends here; 0 for none.
    pub(super) fn longest(&self, state: State) -> u64 {
        u64::from(self.node(state).longest)
    }

    /// Whether so little of a pattern was read that it may be shown: three bytes at most, and no more
    /// than a quarter of it.
    pub(super) fn is_little(&self, state: State) -> bool {
        self.node(state).is_little
    }

    /// The next place at or after `from` where a pattern may begin. With `line_breaks`, one may stand
    /// within its first bytes.
    pub(super) fn next_beginning(&self, text: &[u8], from: usize, line_breaks: bool) -> usize {
        let mut at = from;
        while let Some(beginning) = text.get(at..).and_then(<[u8]>::first_chunk::<SHORTEST>) {
            let word = u32::from_le_bytes(*beginning);
            let hash = hash(word);
            if self.beginnings[hash / 64] >> (hash % 64) & 1 == 1 || (line_breaks && has_line_break(word)) {
                return at;
            }
            at += 1;
        }
        at.min(text.len())
    }

    fn node(&self, state: State) -> &Node {
        &self.nodes[state as usize]
    }

    fn child(&self, state: State, byte: u8) -> State {
        if state == ROOT {
            return self.root[usize::from(byte)];
        }
        let mut child = self.node(state).first_child;
        while child != ROOT && self.node(child).byte != byte {
            child = self.node(child).sibling;
        }
        child
    }
}

impl Drop for Automaton {
    fn drop(&mut self) {
        self.nodes.zeroize();
    }
}

impl Builder {
    /// Adds a pattern of at least [`SHORTEST`] bytes.
    pub(super) fn add(&mut self, pattern: &[u8]) {
        let (Some(beginning), Ok(length)) = (pattern.first_chunk::<SHORTEST>(), u32::try_from(pattern.len()))
        else {
            return;
        };
        let hash = hash(u32::from_le_bytes(*beginning));
        self.0.beginnings[hash / 64] |= 1 << (hash % 64);
        let mut state = ROOT;
        for byte in pattern {
            let child = self.0.child(state, *byte);
            state = if child == ROOT { self.grow(state, *byte) } else { child };
            let node = &mut self.0.nodes[state as usize];
            node.shortest = node.shortest.min(length);
        }
        self.0.nodes[state as usize].longest = length;
    }

    fn grow(&mut self, parent: State, byte: u8) -> State {
        let nodes = &mut self.0.nodes;
        // Four billion nodes are more than any memory holds.
        let state = State::try_from(nodes.len()).unwrap_or(ROOT);
        let Node { depth, first_child, .. } = nodes[parent as usize];
        nodes.push(Node {
            byte,
            depth: depth + 1,
            sibling: first_child,
            shortest: u32::MAX,
            ..Node::default()
        });
        if parent == ROOT {
            self.0.root[usize::from(byte)] = state;
        }
        nodes[parent as usize].first_child = state;
        state
    }

    /// Finds each state's fallback, the shallow ones first: theirs are shallower still.
    pub(super) fn build(self) -> Automaton {
        let mut automaton = self.0;
        let mut queue = Vec::with_capacity(automaton.nodes.len());
        queue.push(ROOT);
        let mut next = 0;
        while let Some(&state) = queue.get(next) {
            next += 1;
            let fallback = automaton.node(state).fallback;
            let mut child = automaton.node(state).first_child;
            while child != ROOT {
                queue.push(child);
                let Node { byte, sibling, .. } = *automaton.node(child);
                let below = if state == ROOT { ROOT } else { automaton.step(fallback, byte) };
                automaton.settle(child, below);
                child = sibling;
            }
        }
        automaton
    }
}

impl Automaton {
    fn settle(&mut self, state: State, fallback: State) {
        let Node { longest, is_little, .. } = *self.node(fallback);
        let node = &mut self.nodes[state as usize];
        node.fallback = fallback;
        if node.longest == 0 {
            node.longest = longest;
        }
        node.is_little = is_little && node.depth <= MOST_SHOWN.min(node.shortest / 4);
    }
}

fn hash(word: u32) -> usize {
    (word.wrapping_mul(0x9E37_79B1) >> (32 - HASH_BITS)) as usize
}

/// Whether any of four bytes is `\n` or `\r`.
fn has_line_break(word: u32) -> bool {
    let has_zero = |word: u32| word.wrapping_sub(0x0101_0101) & !word & 0x8080_8080 != 0;
    has_zero(word ^ 0x0A0A_0A0A) || has_zero(word ^ 0x0D0D_0D0D)
}
