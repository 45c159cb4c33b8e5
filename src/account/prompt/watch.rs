//! What a shell compares at its prompts to know that nothing changed.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::account::machine::Machine;
use crate::domain::{Failure, Timestamp};
use crate::files::modified;
use crate::project::FILE;
use crate::shell::{Clock, Folder, Stamps, Watch};
use crate::store::NEXT;

/// What a shell compares from now on, and why that is less than it should be.
pub(super) struct Comparison {
    pub generation: PathBuf,
    pub watches: Vec<Watch>,
    /// A file may still change without its time changing, as far as the shell can see.
    pub unsure: bool,
    pub failure: Option<Failure>,
}

/// The generation and the stamps, taken before anything else is read, so that whatever changes
/// later is seen by the shell at its next prompt. Where they cannot be written, the shell compares
/// things that never change, and its clock alone makes it ask again.
pub(super) fn compare(machine: &Machine, whole_seconds: bool) -> Comparison {
    let (store, now, seen) = (&machine.store, machine.now(), &machine.selection.seen);
    let edited = seen.iter().any(|(file, time)| {
        time.is_some_and(|time| store.stamps.path(file).exists() && !store.stamps.shows(file, time))
    });
    // The generation goes first: a shell that loaded the older state must not find its stamp fresh.
    let generation = machine.generation_unless(edited);
    let stamp = |(file, time): &(PathBuf, Option<SystemTime>)| match time {
        Some(time) if !store.stamps.shows(file, *time) || store.stamps.around(file, *time).is_none() => {
            store.stamps.set(file, *time)
        }
        _ => Ok(()),
    };
    let written = generation.and_then(|path| seen.iter().try_for_each(stamp).map(|()| path));
    // A file system with coarser times than the file's own cannot hold its stamp.
    let holds = || seen.iter().all(|(file, time)| time.is_none_or(|time| store.stamps.shows(file, time)));
    let generation = match written {
        Ok(path) if holds() => path,
        other => {
            let failure = other.err();
            return Comparison {
                generation: PathBuf::from("/"),
                watches: Vec::new(),
                unsure: false,
                failure,
            };
        }
    };
    let dated = modified(&generation);
    let mut watches = Vec::new();
    for (file, time) in seen {
        let watch = match time {
            None => Watch::Absent(bytes(absent(file))),
            Some(time) => {
                let around = store.stamps.around(file, *time).filter(|_| !whole_seconds);
                let time = around.map(|[older, newer]| {
                    let is_next = dated.is_some() && dated == time.checked_add(NEXT);
                    let newer = if is_next { &generation } else { &newer };
                    Stamps::Around { older: bytes(&older), newer: bytes(newer) }
                });
                let time = time.unwrap_or_else(|| Stamps::Same(bytes(&store.stamps.path(file))));
                Watch::Present { file: bytes(file), time }
            }
        };
        // Files that are absent with their folder are one.
        if !watches.contains(&watch) {
            watches.push(watch);
        }
    }
    let second = |time: SystemTime| time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let unsure = whole_seconds && seen.iter().any(|(_, time)| time.is_some_and(|time| second(time) == now.0));
    Comparison { generation, watches, unsure, failure: None }
}

/// What counts of the shell's folder.
pub(super) fn folder(machine: &Machine) -> Folder {
    let selection = &machine.selection;
    let project = selection.project.file.as_deref().map(bytes).unwrap_or_default();
    let above = if selection.may_appear { FILE.into() } else { Vec::new() };
    Folder { project, above }
}

/// What tells a shell without a clock that `ask_again_in` seconds have passed: its terminal beside a file
/// of that moment, or the age of a file.
pub(super) fn clock(
    machine: &Machine,
    terminal: Option<&Path>,
    generation: &Path,
    ask_again_in: u64,
) -> Clock {
    let (store, now) = (&machine.store, machine.now());
    // Where it is written, Linux rounds its time to eight seconds.
    let tells = |terminal: &&Path| age(terminal, now).is_some_and(|age| (0..=16).contains(&age));
    let telling = terminal.filter(tells);
    match telling.and_then(|terminal| Some((terminal, store.deadlines.at(now, ask_again_in).ok()?))) {
        Some((terminal, due)) => Clock::Terminal { terminal: bytes(terminal), due: bytes(&due) },
        None => age_of(generation, now),
    }
}

/// The clock of a shell without one, where no folder of the user's is known.
pub(crate) fn age_of_root(now: Timestamp) -> Clock {
    age_of(Path::new("/"), now)
}

fn age_of(file: &Path, now: Timestamp) -> Clock {
    Clock::Age { of: bytes(file), now: age(file, now).unwrap_or_default() }
}

/// Seconds since `file` was modified.
fn age(file: &Path, now: Timestamp) -> Option<i64> {
    let since = modified(file)?.duration_since(UNIX_EPOCH).ok()?.as_secs();
    i64::try_from(now.0).ok()?.checked_sub_unsigned(since)
}

pub(super) fn bytes(path: &Path) -> Vec<u8> {
    path.as_os_str().as_bytes().to_vec()
}

/// What keeps an absent file from being there: the outermost folder on its path that does not exist, a link
/// to nothing included, or itself.
fn absent(file: &Path) -> &Path {
    file.ancestors().take_while(|path| std::fs::metadata(path).is_err()).last().unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::select::Given;
    use crate::config::Paths;
    use crate::sealing::Keyring;
    use crate::store::test_clock;

    #[test]
    fn what_is_published_while_the_settings_are_read_makes_the_shell_ask_again() {
        let home = tempfile::tempdir().expect("a folder");
        let open = || {
            let path = home.path().as_os_str().to_owned();
            let paths = Paths::resolve(|name| (name == "HOME").then(|| path.clone())).expect("paths");
            Machine::open(paths, Given::default(), Keyring::default(), test_clock)
        };
        let publish = |machine: &Machine| machine.store.generation.publish(machine.now()).expect("published");
        for is_first in [true, false] {
            let machine = open();
            assert_eq!(machine.before.is_none(), is_first);
            let newer = publish(&open());
            let compared = compare(&machine, false).generation;
            assert!(newer.exists() && !compared.exists(), "{compared:?}");
        }
        let machine = open();
        assert_eq!(Some(compare(&machine, false).generation), machine.before);
    }
}
