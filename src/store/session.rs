//! Sessions: what loading hid in one shell and its children, kept out of their environment.
//!
//! A session's file never changes: another content gets another id, because a child shell may still
//! need the one that it inherited. Files of dead shells are swept after a week, all after two months.

use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, UNIX_EPOCH};

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::domain::{Failure, Result, Timestamp, Version, hex};
use crate::environment::{Previous, SessionId};
use crate::files::{Disk, Slot, modified, names, random};

const DEAD_AFTER: u64 = 7 * 86_400;
const OLD_AFTER: u64 = 60 * 86_400;

const FOLDER: &str = "sessions";

/// What one session keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Session {
    /// Values that loading hid, by name.
    pub previous: Previous,
    /// The ledger's entries, where they are too many for an exported variable.
    pub entries: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct File {
    version: Version<1>,
    shell: u32,
    previous: Previous,
    entries: Option<String>,
}

impl Session {
    /// Whether there is nothing to keep.
    pub(crate) fn is_empty(&self) -> bool {
        self.previous.is_empty() && self.entries.is_none()
    }
}

pub(crate) struct Sessions {
    pub(super) disk: Rc<Disk>,
    pub(super) now: fn() -> Timestamp,
}

impl Sessions {
    /// The session called `id`, if its file is there and whole. Reading it keeps it from being swept.
    pub(crate) fn load(&self, id: &SessionId) -> Option<Session> {
        let slot = self.slot(id);
        let File { previous, entries, .. } = slot.get()?;
        if self.age(&slot.path).is_some_and(|age| age > DEAD_AFTER / 7) {
            // Only its date: a failure makes it be swept earlier.
            let now = UNIX_EPOCH + Duration::from_secs((self.now)().0);
            let _ = std::fs::File::open(&slot.path).and_then(|file| file.set_modified(now));
        }
        Some(Session { previous, entries })
    }

    /// Writes a session for `shell` (a process id) under a new id.
    pub(crate) fn create(&self, session: &Session, shell: u32) -> Result<SessionId> {
        let id = SessionId::parse(&hex(&*random::<8>()?))
            .ok_or_else(|| Failure::failed("cannot name a session"))?;
        let Session { previous, entries } = session.clone();
        self.slot(&id).save(&File { version: Version, shell, previous, entries })?;
        Ok(id)
    }

    /// Removes the files of sessions that nobody can need any more.
    pub(crate) fn sweep(&self) {
        let folder = self.disk.state.join(FOLDER);
        for path in names(&folder).into_iter().map(|name| folder.join(name)) {
            let age = self.age(&path);
            let dead =
                Slot::new(&self.disk, path.clone()).get().is_none_or(|file: File| !is_alive(file.shell));
            if age.is_some_and(|age| age > OLD_AFTER || (dead && age > DEAD_AFTER)) {
                // What cannot be removed now is tried again at the next sweep.
                let _ = std::fs::remove_file(path);
            }
        }
    }

    /// The seconds since `path` was written; `None` if it lies in the future, or is not there.
    fn age(&self, path: &Path) -> Option<u64> {
        let written = modified(path)?.duration_since(UNIX_EPOCH).ok()?;
        (self.now)().since(Timestamp(written.as_secs()))
    }

    fn slot(&self, id: &SessionId) -> Slot<'_, File> {
        Slot::new(&self.disk, self.disk.state.join(FOLDER).join(format!("{}.json", id.as_str())))
    }
}

fn is_alive(process: u32) -> bool {
    i32::try_from(process).is_ok_and(|number| kill(Pid::from_raw(number), None) != Err(Errno::ESRCH))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::domain::EnvName;

    #[test]
    fn a_session_is_read_back_and_swept_when_its_shell_is_long_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Rc::new(Disk::new(folder.path(), folder.path(), folder.path()));
        let sessions = Sessions { disk, now: crate::store::test_clock };
        let name = EnvName::parse("A").expect("a name");
        let session =
            Session { previous: Previous::from([(name, b"\xff\n".to_vec())]), entries: Some("A!".into()) };
        let dead = sessions.create(&session, u32::MAX).expect("written");
        let alive = sessions.create(&session, std::process::id()).expect("written");
        assert_eq!(sessions.load(&dead), Some(session.clone()));
        sessions.sweep();
        assert!(sessions.load(&dead).is_some());
        for id in [&dead, &alive] {
            let file = std::fs::File::open(&sessions.slot(id).path).expect("opened");
            file.set_modified(SystemTime::now() - Duration::from_secs(DEAD_AFTER * 2)).expect("dated");
        }
        sessions.sweep();
        assert_eq!((sessions.load(&dead), sessions.load(&alive)), (None, Some(session)));
    }
}
