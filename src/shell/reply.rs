//! What a hook is told: what to change, and what to compare from then on.

use crate::domain::Secret;
use crate::environment::Change;

/// The end of a whole reply, whatever the shell.
pub(super) const MARK: &str = "__vastenv_done";

/// The answer to a hook.
pub struct Reply<'a> {
    /// What it compares from now on.
    pub guard: &'a Guard,
    /// The ledger's text.
    pub ledger: &'a str,
    /// The problems that its user was told of, so that each is told once.
    pub told: &'a str,
    /// What it changes.
    pub changes: &'a [Change],
    /// A line for its user, once that has changed; empty for silence.
    pub say: &'a str,
}

/// What a shell's hook compares at each prompt, with builtins alone, to know that nothing changed.
/// Paths are bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// The generation that was loaded: while this file exists, nothing of vastenv's own changed.
    pub generation: Vec<u8>,
    /// Files that others may change.
    pub watches: Vec<Watch>,
    /// Seconds until the shell asks again by itself.
    pub ask_again_in: u64,
    /// How the shell knows that they have passed.
    pub clock: Clock,
    /// The folder, as far as it counts.
    pub folder: Folder,
}

/// What counts of the folder that a shell is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// The nearest project file: a shell that finds the same one from another folder need not ask.
    pub project: Vec<u8>,
    /// The name of the file that would be nearer, if it can appear in this folder; else empty.
    pub above: Vec<u8>,
}

/// A file that others may change, as it was when the shell loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watch {
    /// It exists.
    Present {
        /// The file.
        file: Vec<u8>,
        /// What it is compared with.
        time: Stamps,
    },
    /// It does not exist.
    Absent(Vec<u8>),
}

/// Files that hold a modification time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stamps {
    /// One a nanosecond older and one a nanosecond newer, which may be the generation: only the very
    /// time lies between. Each is one comparison, which also tells that the files are there.
    Around {
        /// The older one.
        older: Vec<u8>,
        /// The newer one.
        newer: Vec<u8>,
    },
    /// One of the same time, where the file system or the shell does not know nanoseconds.
    Same(Vec<u8>),
}

/// How a shell knows the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clock {
    /// It has one among its builtins.
    OfTheShell,
    /// Its terminal, written at every prompt, is older than `due`, an empty file of the moment to ask.
    Terminal {
        /// The terminal's device.
        terminal: Vec<u8>,
        /// The empty file.
        due: Vec<u8>,
    },
    /// The age of a file that does not change, `now` seconds at this moment.
    Age {
        /// The file.
        of: Vec<u8>,
        /// Seconds since it was modified; negative for a file of the future.
        now: i64,
    },
}

/// One comparison of a guard.
pub(super) enum Watched<'a> {
    /// This file exists.
    There(&'a [u8]),
    /// This one does not.
    Absent(&'a [u8]),
    /// All exist, and this one is younger than the second and older than the third.
    Between(&'a [u8], &'a [u8], &'a [u8]),
    /// Both exist and have the same modification time.
    Like(&'a [u8], &'a [u8]),
}

impl Guard {
    /// What is compared. A file that must be older than the generation stands for the generation's
    /// existence too.
    pub(super) fn watched(&self) -> Vec<Watched<'_>> {
        let watches = self.watches.iter().map(|watch| match watch {
            Watch::Present { file, time: Stamps::Around { older, newer } } => {
                Watched::Between(file, older, newer)
            }
            Watch::Present { file, time: Stamps::Same(stamp) } => Watched::Like(file, stamp),
            Watch::Absent(file) => Watched::Absent(file),
        });
        let mut compared: Vec<_> = watches.collect();
        if !compared.iter().any(|one| matches!(one, Watched::Between(.., newer) if *newer == self.generation))
        {
            compared.insert(0, Watched::There(&self.generation));
        }
        compared
    }
}

/// The changes, by what a shell does.
#[derive(Default)]
pub(super) struct Parts<'a> {
    /// Names that must not exist yet: they were not in the environment that the binary saw.
    pub new: Vec<&'a str>,
    /// All others that are assigned to.
    pub known: Vec<&'a str>,
    pub exported: Vec<(&'a str, &'a [u8])>,
    pub unexported: Vec<(&'a str, &'a [u8])>,
    pub unset: Vec<&'a str>,
}

impl<'a> Parts<'a> {
    pub(super) fn of(changes: &'a [Change]) -> Self {
        let mut parts = Self::default();
        for change in changes {
            let (name, is_new) = match change {
                Change::Set { name, is_new, .. } => (name, *is_new),
                Change::Unset(name) | Change::Restore { name, .. } => (name, false),
            };
            let name = name.as_str();
            match change {
                Change::Unset(_) => {}
                _ if is_new => parts.new.push(name),
                _ => parts.known.push(name),
            }
            match change {
                Change::Set { value, .. } => parts.exported.push((name, bytes(value))),
                Change::Restore { value, exported: true, .. } => parts.exported.push((name, value)),
                Change::Restore { value, .. } => parts.unexported.push((name, value)),
                Change::Unset(_) => parts.unset.push(name),
            }
        }
        parts
    }
}

fn bytes(value: &Secret) -> &[u8] {
    value.expose().as_bytes()
}

/// Text in fields, with a NUL between them.
#[derive(Default)]
pub(super) struct Fields(pub Vec<u8>);

impl Fields {
    /// One field, of `parts`.
    pub(super) fn add(&mut self, parts: &[&[u8]]) {
        for part in parts {
            self.0.extend(*part);
        }
        self.0.push(0);
    }

    /// What comes before the assignments: code that defines the guard, what its user was told of and is to
    /// be told, three lists of names, and how many fields of assignments are exported.
    pub(super) fn head(&mut self, guard: &[u8], reply: &Reply<'_>, parts: &Parts<'_>, exported: usize) {
        self.add(&[guard]);
        self.add(&[reply.told.as_bytes()]);
        self.add(&[reply.say.as_bytes()]);
        for names in [&parts.new, &parts.known, &parts.unset] {
            self.add(&[names.join(" ").as_bytes()]);
        }
        self.add(&[exported.to_string().as_bytes()]);
    }

    /// The whole reply.
    pub(super) fn end(mut self) -> Vec<u8> {
        self.0.extend(MARK.bytes());
        self.0
    }

    /// A reply that is only code.
    pub(super) fn of_code(code: &[u8]) -> Vec<u8> {
        let mut fields = Self::default();
        fields.add(&[code]);
        for empty in [&b""[..], b"", b"", b"", b"", b"0"] {
            fields.add(&[empty]);
        }
        fields.end()
    }
}
