//! What a watch keeps up, as the files say: when the server is asked next, and which changes by other hands
//! shells have not heard of.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::local::{Account, Known, REFUSAL_PAUSE, watch_lock};
use super::machine::Machine;
use crate::domain::{Failure, Kind, Result, Timestamp};
use crate::environment::KnownVariables;
use crate::files::Lock;
use crate::sealing::entries_path;

/// The pause before a look at what tells of itself by no file, such as a locked keyring (seconds).
const LONG_PAUSE: u64 = 300;

/// How things are.
#[derive(Debug)]
pub(crate) struct Outlook {
    /// The account's name among locks, where a key leads to one.
    pub account: Option<String>,
    /// The key and where it is from.
    pub key: String,
    pub max_age: u64,
    /// When the server is to be asked; `None` where that must wait for a file.
    pub next: Option<Timestamp>,
    pub trouble: Option<Failure>,
    pub known: Option<Box<KnownVariables>>,
    /// The files whose changes concern shells.
    pub files: Vec<PathBuf>,
    /// The files that only say when to ask.
    pub snapshot: Option<PathBuf>,
    /// The folder whose new files are news.
    pub projects: PathBuf,
}

impl Machine {
    /// How things are now.
    pub(crate) fn outlook(&self) -> Outlook {
        let trust = self.trust();
        let mut files: Vec<PathBuf> = self.selection.watched_files().cloned().collect();
        files.push(entries_path(&self.store.disk));
        files.extend(trust.records());
        files.extend(trust.all().into_iter().map(|trusted| trusted.path));
        let outlook = Outlook {
            account: None,
            key: String::new(),
            max_age: self.selection.config.max_age,
            next: None,
            trouble: None,
            known: None,
            files,
            snapshot: None,
            projects: trust.folder(),
        };
        if let Some(trouble) = &self.selection.trouble {
            return outlook.troubled(trouble.failure().clone(), None);
        }
        match self.credential().and_then(|credential| Account::open(self, credential)) {
            Ok(account) => outlook.of(&account),
            Err(failure) if failure.kind() == Kind::NotAuthenticated => outlook.troubled(failure, None),
            Err(failure) => outlook.troubled(failure, Some(self.now().plus(LONG_PAUSE))),
        }
    }

    /// Publishes the generation if another hand has changed a file of `files` since `seen`, and nobody has
    /// published that. Gives what was changed.
    pub(crate) fn pass_on(&self, files: &[PathBuf], seen: &mut Seen) -> Result<Vec<PathBuf>> {
        let generation = self.store.generation.newest();
        let published_at = generation.as_deref().and_then(changed_at);
        let now: BTreeMap<PathBuf, Option<State>> =
            files.iter().map(|file| (file.clone(), State::of(file))).collect();
        // Within one tick of the file system's clock it counts as published: commands write and publish at once.
        let is_published = |file: &Path| published_at >= moved_at(file);
        let is_news = |(file, state): &(&PathBuf, &Option<State>)| match seen.files.get(*file) {
            Some(before) if before == *state => false,
            Some(_) => seen.generation == generation || !is_published(file),
            // What is here for the first time may have come while nobody watched.
            None => state.is_some() && published_at.is_some() && !is_published(file),
        };
        let changed: Vec<PathBuf> = now.iter().filter(is_news).map(|(file, _)| file.clone()).collect();
        let published =
            if changed.is_empty() { generation } else { Some(self.store.generation.publish(self.now())?) };
        *seen = Seen { files: now, generation: published };
        Ok(changed)
    }

    /// Takes `account`'s watch, if no other has it; else its process, as far as it says.
    pub(crate) fn claim(&self, account: &str) -> Result<std::result::Result<Claim, String>> {
        let (disk, name) = (&self.store.disk, watch_lock(account));
        // A shell that looks whether there is a watch holds the lock for that moment.
        for pause in crate::files::pauses().take(LOOKS) {
            if let Some(lock) = disk.try_lock(&name)? {
                return Ok(Ok(Claim { account: account.to_owned(), lock }));
            }
            std::thread::sleep(pause);
        }
        let note = disk.lock_note(&name).unwrap_or_default();
        Ok(Err(note.split(' ').next().unwrap_or_default().to_owned()))
    }

    /// Whether `claim` is on `account`, and others see it.
    pub(crate) fn still_has(&self, claim: &Claim, account: &str) -> bool {
        claim.account == account && self.store.disk.is_in_place(&claim.lock, &watch_lock(account))
    }
}

/// How often to look for a free lock.
const LOOKS: usize = 20;

impl Outlook {
    fn troubled(self, failure: Failure, next: Option<Timestamp>) -> Self {
        Self { trouble: Some(failure), next, ..self }
    }

    fn of(mut self, account: &Account<'_>) -> Self {
        let now = account.now();
        self.account = Some(account.lock_name());
        self.key = account.credential.to_string();
        self.snapshot = account.snapshot_path();
        self.files.extend(account.values_path());
        let mut at = now;
        match account.known() {
            Ok(Known::Variables(known)) => {
                if account.age(&known).is_some() {
                    at = known.snapshot.fetched_at.plus(account.ahead());
                }
                self.known = Some(known);
            }
            Ok(Known::Refused(refused_at)) => {
                at = refused_at.plus(REFUSAL_PAUSE);
                self.trouble = Some(account.refusal());
            }
            Err(failure) if account.machine.store.sealing.vault.trouble().is_some() => {
                at = now.plus(LONG_PAUSE);
                self.trouble = Some(failure);
            }
            // The server's next answer takes the place of a damaged cache too.
            Ok(Known::Nothing) | Err(_) => {}
        }
        if let Some(backoff) = account.backoff() {
            at = at.max(now.plus(backoff.wait(now)));
            self.trouble = self.trouble.or(Some(Failure::unavailable(backoff.reason)));
        }
        self.next = Some(at);
        self
    }
}

/// What a watch has seen so far.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    files: BTreeMap<PathBuf, Option<State>>,
    generation: Option<PathBuf>,
}

/// What differs if a file was changed.
#[derive(Debug, PartialEq, Eq)]
struct State {
    place: (u64, u64),
    size: u64,
    mode: u32,
    written: (i64, i64),
}

impl State {
    fn of(file: &Path) -> Option<Self> {
        let found = std::fs::metadata(file).ok()?;
        Some(Self {
            place: (found.dev(), found.ino()),
            size: found.size(),
            mode: found.mode(),
            written: (found.mtime(), found.mtime_nsec()),
        })
    }
}

/// When `path` was last changed in any way, which nobody can set.
fn changed_at(path: &Path) -> Option<(i64, i64)> {
    let found = std::fs::metadata(path).ok()?;
    Some((found.ctime(), found.ctime_nsec()))
}

/// The same; of a file that is gone, when it went, or later.
fn moved_at(path: &Path) -> Option<(i64, i64)> {
    path.ancestors().find_map(changed_at)
}

/// A watch's hold on an account, until this is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct Claim {
    account: String,
    lock: Lock,
}

impl Claim {
    /// Tells shells until when they need not ask the server themselves.
    pub(crate) fn promise(&self, at: Timestamp) {
        self.lock.note(&format!("{} {}", std::process::id(), at.0));
    }

    /// Lets it go, with nothing left to read.
    pub(crate) fn release(self) {
        self.lock.note("");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::select::Given;
    use crate::config::Paths;
    use crate::sealing::Keyring;
    use crate::store::test_clock;

    fn machine(folder: &Path) -> Machine {
        let home = folder.as_os_str().to_owned();
        let paths = Paths::resolve(|name| (name == "HOME").then(|| home.clone())).expect("paths");
        Machine::open(paths, Given::default(), Keyring::default(), test_clock)
    }

    /// Waits until the file system's clock has moved on.
    fn tick(folder: &Path) {
        let probe = folder.join("probe");
        std::fs::write(&probe, "").expect("written");
        let began = changed_at(&probe);
        while changed_at(&probe) == began {
            std::fs::write(&probe, "").expect("written");
        }
    }

    #[test]
    fn a_change_is_passed_on_once_and_not_if_its_author_did() {
        let folder = tempfile::tempdir().expect("a folder");
        let machine = machine(folder.path());
        let file = folder.path().join("values.json");
        let files = [file.clone()];
        let mut seen = Seen::default();
        let mut look = || machine.pass_on(&files, &mut seen).expect("published").len();
        let write = |text: &str| {
            tick(folder.path());
            std::fs::write(&file, text).expect("written");
        };
        let publish = || {
            tick(folder.path());
            machine.store.generation.publish(machine.now()).expect("published");
        };
        write("before any shell was there");
        assert_eq!(look(), 0);
        publish();
        assert_eq!(look(), 0);
        write("by hand");
        assert_eq!([look(), look()], [1, 0]);
        write("by a command");
        publish();
        assert_eq!(look(), 0);
        publish();
        write("by hand, after another's news");
        assert_eq!([look(), look()], [1, 0]);
        tick(folder.path());
        std::fs::remove_file(&file).expect("removed");
        assert_eq!([look(), look()], [1, 0]);
        write("there again");
        assert_eq!([look(), look()], [1, 0]);
    }

    #[test]
    fn what_changed_while_nobody_watched_is_passed_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let machine = machine(folder.path());
        let file = folder.path().join("values.json");
        machine.store.generation.publish(machine.now()).expect("published");
        tick(folder.path());
        std::fs::write(&file, "").expect("written");
        assert_eq!(
            machine.pass_on(std::slice::from_ref(&file), &mut Seen::default()),
            Ok(vec![file.clone()])
        );
        tick(folder.path());
        assert_eq!(machine.pass_on(&[file], &mut Seen::default()), Ok(Vec::new()));
    }
}
