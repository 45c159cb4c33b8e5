//! Waiting for files to change, by whoever's hand. Their folders are watched: what is replaced, deleted, made
//! anew or linked elsewhere is noticed too, and what is not there yet when it comes.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use notify::{ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::modified;

/// The most links that are followed.
const MOST_LINKS: usize = 40;

/// How often files are looked at where events do not tell everything.
const POLL: Duration = Duration::from_secs(5);

/// How long files must be quiet after a change, and how long one that goes on is waited for.
const QUIET: Duration = Duration::from_millis(100);
const LONGEST_STORM: Duration = Duration::from_secs(1);

/// Changes that come one after another, and count as one.
#[derive(Debug, Default)]
pub(crate) struct Storm {
    began: Option<Instant>,
    ends: Option<Instant>,
}

impl Storm {
    /// One more change.
    pub(crate) fn goes_on(&mut self) {
        let now = Instant::now();
        self.ends = Some((now + QUIET).min(*self.began.get_or_insert(now) + LONGEST_STORM));
    }

    /// When it is over, if nothing more happens.
    pub(crate) fn ends(&self) -> Option<Instant> {
        self.ends
    }
}

/// Waits for the next message, at most until `end`.
pub(crate) fn receive<T>(from: &Receiver<T>, end: Option<Instant>) -> Result<T, RecvTimeoutError> {
    match end.map(|end| end.saturating_duration_since(Instant::now())) {
        // Whatever waits: messages that come without end put off no end.
        Some(Duration::ZERO) => Err(RecvTimeoutError::Timeout),
        Some(left) => from.recv_timeout(left),
        None => from.recv().map_err(|_| RecvTimeoutError::Disconnected),
    }
}

/// For a thread that does nothing but wait for files.
pub(crate) struct Changes {
    folders: Folders,
    heard: Receiver<()>,
    /// Without a watcher nobody else holds one, and nothing could be waited for.
    _tell: SyncSender<()>,
}

impl Changes {
    pub(crate) fn new() -> Self {
        // One change that waits to be heard is enough.
        let (tell, heard) = sync_channel(1);
        let told = tell.clone();
        let folders = Folders::new(move || {
            let _ = told.try_send(());
        });
        Self { folders, heard, _tell: tell }
    }

    /// Watches the folders of `files`. Gives what to say of it, when that is new.
    pub(crate) fn watch(&mut self, files: &[(PathBuf, Option<SystemTime>)]) -> Option<String> {
        self.watch_folders(files);
        self.folders.polling_news()
    }

    fn watch_folders(&mut self, files: &[(PathBuf, Option<SystemTime>)]) {
        let files: Vec<&Path> = files.iter().map(|(file, _)| file.as_path()).collect();
        // What came before a new folder was watched may be one more to watch.
        while self.folders.watch(&files, None) {}
    }

    /// Waits until one of `files`, which are watched, has another time than it is given with (`None`: it is
    /// absent), or until `due`. Whether one has.
    pub(crate) fn wait(&mut self, files: &[(PathBuf, Option<SystemTime>)], due: Option<Instant>) -> bool {
        while files.iter().all(|(file, time)| modified(file) == *time) {
            if due.is_some_and(|due| due <= Instant::now()) {
                return false;
            }
            let poll = self.folders.poll().map(|pause| Instant::now() + pause);
            let _ = receive(&self.heard, due.into_iter().chain(poll).min());
            // That was perhaps a folder on the way to a file.
            self.watch_folders(files);
        }
        let mut storm = Storm::default();
        storm.goes_on();
        while receive(&self.heard, storm.ends()).is_ok() {
            storm.goes_on();
        }
        true
    }
}

/// The folders of some files.
pub(crate) struct Folders {
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
    names: Arc<Mutex<Names>>,
    /// Why events do not tell everything.
    deaf: Option<String>,
    /// What was said of that last.
    said: Option<String>,
}

/// What an event must be about.
#[derive(Debug, Default, PartialEq, Eq)]
struct Names {
    files: BTreeSet<OsString>,
    /// A folder of which any file counts.
    folder: Option<OsString>,
}

impl Folders {
    /// Tells each event by `tell`, once there is something to watch.
    pub(crate) fn new(tell: impl Fn() + Send + 'static) -> Self {
        let names = Arc::new(Mutex::new(Names::default()));
        let wanted = Arc::clone(&names);
        let made = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if concerns(&wanted.lock().unwrap_or_else(PoisonError::into_inner), event) {
                tell();
            }
        });
        let (watcher, deaf) = match made {
            Ok(watcher) => (Some(watcher), None),
            Err(error) => (None, Some(reason(&error))),
        };
        Self { watcher, watched: BTreeSet::new(), names, deaf, said: None }
    }

    /// Watches the folders of `files`, and any file in `folder`, instead of those before. Whether a folder is
    /// new among them: then a change may have come before it was watched.
    pub(crate) fn watch(&mut self, files: &[&Path], folder: Option<&Path>) -> bool {
        let home = super::HOME.get().and_then(|home| home.canonicalize().ok());
        let (mut folders, mut names) = (BTreeSet::new(), Names::default());
        let any = folder.map(|folder| folder.join("any"));
        for path in files.iter().copied().chain(any.as_deref()) {
            for step in steps(path, home.as_deref()) {
                let above = step.parent().unwrap_or(&step).to_owned();
                names.files.extend(
                    [&step, &above].into_iter().filter_map(|path| path.file_name().map(OsString::from)),
                );
                folders.insert(above);
            }
        }
        names.folder = folder.and_then(Path::file_name).map(OsString::from);
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) = names;
        let gone: Vec<PathBuf> = self.watched.difference(&folders).cloned().collect();
        let Some(watcher) = &mut self.watcher else { return false };
        self.deaf = None;
        for folder in gone {
            // It may be deleted.
            let _ = watcher.unwatch(&folder);
        }
        let mut is_new = false;
        for folder in &folders {
            // Again, if it is watched already: another may have taken its place.
            match watcher.watch(folder, RecursiveMode::NonRecursive) {
                Ok(()) => is_new |= self.watched.insert(folder.clone()),
                Err(error) if matches!(error.kind, ErrorKind::PathNotFound) => {
                    is_new |= self.watched.remove(folder);
                }
                Err(error) => {
                    self.deaf = Some(reason(&error));
                    self.watcher = None;
                    return false;
                }
            }
            if let Some(kind) = network(folder) {
                self.deaf = Some(format!("{} is on a network file system ({kind})", folder.display()));
            }
        }
        self.watched.retain(|folder| folders.contains(folder));
        is_new
    }

    /// How often the files must be looked at: events do not tell everything.
    pub(crate) fn poll(&self) -> Option<Duration> {
        self.deaf.as_ref().map(|_| POLL)
    }

    /// Why that is, when it is new.
    pub(crate) fn polling_news(&mut self) -> Option<String> {
        if self.said == self.deaf {
            return None;
        }
        self.said.clone_from(&self.deaf);
        self.deaf.as_ref().map(|why| format!("{why}: looking at files every {} s", POLL.as_secs()))
    }
}

fn reason(error: &notify::Error) -> String {
    match &error.kind {
        ErrorKind::MaxFilesWatch => {
            "the inotify limit is reached (sysctl fs.inotify.max_user_watches)".to_owned()
        }
        ErrorKind::Io(error) if error.raw_os_error() == Some(nix::libc::EMFILE) => {
            "the inotify limit is reached (sysctl fs.inotify.max_user_instances)".to_owned()
        }
        ErrorKind::Io(error) => format!("file events: {}", super::reason(error)),
        _ => "no file events".to_owned(),
    }
}

/// Whether an event may be one of those files'. By name: some systems spell the folders in their own way.
fn concerns(names: &Names, event: notify::Result<Event>) -> bool {
    let Ok(event) = event else { return true };
    if matches!(event.kind, EventKind::Access(_)) {
        return false;
    }
    let is_wanted = |path: &PathBuf| {
        path.file_name().is_none_or(|name| names.files.contains(name))
            || names.folder.as_deref().is_some_and(|folder| {
                path.parent().and_then(Path::file_name).is_some_and(|above| above == folder)
            })
    };
    event.need_rescan() || event.paths.iter().any(is_wanted)
}

/// The paths by which `file` is found, as far as they can be moved or made: those below `home`, links, and what
/// is not there. Their folders tell of each.
fn steps(file: &Path, home: Option<&Path>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut path = file.to_owned();
    for _ in 0..MOST_LINKS {
        match walk(&path, home, &mut found) {
            Some(target) => path = target,
            None => break,
        }
    }
    found
}

/// Adds the steps of `path` up to a link, and gives where that leads.
fn walk(path: &Path, home: Option<&Path>, found: &mut Vec<PathBuf>) -> Option<PathBuf> {
    let mut parts = path.components();
    let mut at = PathBuf::new();
    while let Some(part) = parts.next() {
        if part == Component::ParentDir {
            // No link is left on the way here.
            at.pop();
            continue;
        }
        at.push(part);
        let Ok(metadata) = at.symlink_metadata() else {
            found.push(at);
            return None;
        };
        let is_last = parts.as_path().as_os_str().is_empty();
        let is_below_home = home
            .is_some_and(|home| at.parent().is_some_and(|above| above != home && above.starts_with(home)));
        if is_last || is_below_home || metadata.is_symlink() {
            found.push(at.clone());
        }
        if metadata.is_symlink() {
            let target = std::fs::read_link(&at).ok()?;
            return Some(at.parent().unwrap_or(&at).join(target).join(parts.as_path()));
        }
    }
    None
}

/// The file system of `folder`, if it is one whose other users' changes make no events here.
#[cfg(target_os = "linux")]
fn network(folder: &Path) -> Option<&'static str> {
    const KINDS: [(i64, &str); 10] = [
        (0x6969, "nfs"),
        (0x517B, "smb"),
        (0xFF53_4D42, "cifs"),
        (0xFE53_4D42, "smb2"),
        (0x0102_1997, "9p"),
        (0x6573_5546, "fuse"),
        (0x00C3_6400, "ceph"),
        (0x5346_414F, "afs"),
        (0x7375_7245, "coda"),
        (0x0BD0_0BD0, "lustre"),
    ];
    let found = nix::sys::statfs::statfs(folder).ok()?.filesystem_type();
    KINDS.into_iter().find(|(kind, _)| nix::sys::statfs::FsType(*kind as _) == found).map(|(_, name)| name)
}

#[cfg(not(target_os = "linux"))]
fn network(folder: &Path) -> Option<&'static str> {
    let found = nix::sys::statfs::statfs(folder).ok()?;
    ["nfs", "smbfs", "afpfs", "webdav", "macfuse", "fusefs"]
        .into_iter()
        .find(|kind| *kind == found.filesystem_type_name())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use notify::event::{AccessKind, CreateKind, Flag};

    use super::*;

    #[test]
    fn every_step_to_a_file_can_be_noticed() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = folder.path().canonicalize().expect("a path");
        let below = |path: &str| home.join(path);
        std::fs::create_dir_all(below("dots/vastenv")).expect("made");
        std::fs::create_dir_all(below(".config")).expect("made");
        symlink("../dots/vastenv", below(".config/vastenv")).expect("linked");
        let config = below(".config/vastenv/config.toml");
        let found = |file: &Path| steps(file, Some(&home));
        // The link is followed, and what it leads to holds no file yet.
        let there = below("dots/vastenv");
        assert_eq!(found(&config), [below(".config/vastenv"), there.clone(), there.join("config.toml")]);
        // What is missing is looked for from the first folder that is there.
        assert_eq!(found(&below(".local/share/vastenv/keyring.json")), [below(".local")]);
        std::fs::write(below("dots/vastenv/config.toml"), "").expect("written");
        assert_eq!(found(&config).last(), Some(&there.join("config.toml")));
        // Out of the home, only the file's own folder counts.
        assert_eq!(steps(&below("dots/vastenv/config.toml"), None), [below("dots/vastenv/config.toml")]);
        symlink("ring", below("ring")).expect("linked");
        assert_eq!(found(&below("ring")).len(), MOST_LINKS);
    }

    #[test]
    fn only_what_changes_one_of_the_files_counts() {
        let files = ["config.toml", "vastenv"].map(OsString::from).into();
        let names = Names { files, folder: Some("projects".into()) };
        let event = |kind, path: &str| Ok(Event::new(kind).add_path(path.into()));
        let created = EventKind::Create(CreateKind::File);
        for (path, counts) in [
            ("/h/.config/vastenv/config.toml", true),
            ("/h/.config/vastenv", true),
            ("/h/.config/vastenv/.tmp123", false),
            ("/h/.config/other", false),
            ("/h/.local/share/vastenv/projects/new.json", true),
        ] {
            assert_eq!(concerns(&names, event(created, path)), counts, "{path}");
        }
        assert!(!concerns(
            &names,
            event(EventKind::Access(AccessKind::Any), "/h/.config/vastenv/config.toml")
        ));
        assert!(concerns(&names, Ok(Event::new(EventKind::Other).set_flag(Flag::Rescan))));
        assert!(concerns(&names, Err(notify::Error::new(ErrorKind::MaxFilesWatch))));
    }

    #[test]
    fn limits_are_named() {
        assert!(reason(&notify::Error::new(ErrorKind::MaxFilesWatch)).contains("max_user_watches"));
        let instances = std::io::Error::from_raw_os_error(nix::libc::EMFILE);
        assert!(reason(&notify::Error::io(instances)).contains("max_user_instances"));
    }

    /// Whether `files` change before an hour is over, which is never waited for.
    fn changes(changes: &mut Changes, files: &[(PathBuf, Option<SystemTime>)]) -> bool {
        changes.watch(files);
        changes.wait(files, Some(Instant::now() + Duration::from_secs(3_600)))
    }

    fn now(file: &Path) -> [(PathBuf, Option<SystemTime>); 1] {
        [(file.to_owned(), modified(file))]
    }

    #[test]
    fn files_that_appear_with_their_folder_are_replaced_through_a_link_or_go_are_seen() {
        let root = tempfile::tempdir().expect("a folder");
        let file = root.path().join("later/file");
        let mut seen = Changes::new();
        let absent = now(&file);
        assert_eq!(seen.watch(&absent), None);
        assert!(!seen.wait(&absent, Some(Instant::now())));
        std::fs::create_dir(root.path().join("later")).expect("made");
        // The folder alone is no change, but it is watched from then on.
        assert!(!seen.wait(&absent, Some(Instant::now() + QUIET)));
        std::thread::scope(|scope| {
            scope.spawn(|| std::fs::write(&file, "1").expect("written"));
            assert!(seen.wait(&absent, Some(Instant::now() + Duration::from_secs(60))));
        });
        let link = root.path().join("link");
        symlink(&file, &link).expect("linked");
        let before = now(&link);
        let new = root.path().join("later/new");
        std::fs::write(&new, "2").expect("written");
        std::fs::rename(&new, &file).expect("replaced");
        assert!(changes(&mut seen, &before));
        let before = now(&file);
        std::fs::remove_file(&file).expect("removed");
        assert!(changes(&mut seen, &before));
    }

    #[test]
    fn without_the_systems_help_files_are_looked_at_and_that_is_said_once() {
        let root = tempfile::tempdir().expect("a folder");
        let file = root.path().join("file");
        let mut seen = Changes::new();
        (seen.folders.watcher, seen.folders.deaf) = (None, Some("deaf".to_owned()));
        let absent = now(&file);
        assert_eq!(seen.watch(&absent).as_deref(), Some("deaf: looking at files every 5 s"));
        assert_eq!(seen.watch(&absent), None);
        std::thread::scope(|scope| {
            scope.spawn(|| std::fs::write(&file, "1").expect("written"));
            assert!(seen.wait(&absent, None));
        });
    }

    #[test]
    fn this_very_folder_is_on_no_network() {
        assert_eq!(network(Path::new("/proc")), None);
    }
}
