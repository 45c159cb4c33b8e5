//! The container that this runs in: the environment that it was launched with.
//!
//! That is what its first process was started with, and cannot change. But a program can write its title
//! over it (sshd does), and another user may not read it: then other processes still have it.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::geteuid;
use zeroize::Zeroizing;

use crate::environment::{ContainerSource, Launch};

/// Vast's own start script, in the containers that one logs in to.
const MARKER: &str = "/.launch";

/// How many bytes of an environment are read: first so many, and all if that is not enough.
const ROOM: [usize; 2] = [64 * 1024, 8 * 1024 * 1024];

/// How many processes beside the first are looked at.
const MOST_OTHERS: usize = 64;

/// What processes have that were started in a session: theirs is not what the container was launched with.
const OF_A_SESSION: [&str; 2] = ["__vastenv_ledger", "SSH_CONNECTION"];

/// What the container was launched with; `None` outside of one, or where that cannot be read.
pub(crate) fn launch(source: ContainerSource) -> Option<Launch> {
    launch_in(Path::new("/proc"), source, || Path::new(MARKER).exists())
}

fn launch_in(proc: &Path, source: ContainerSource, is_marked: impl FnOnce() -> bool) -> Option<Launch> {
    if source == ContainerSource::Off {
        return None;
    }
    match read(&proc.join("1")) {
        Some(first) => Some(first).filter(|first| source == ContainerSource::On || first.is_of_vast()),
        None if source == ContainerSource::On || is_marked() => others(proc),
        None => None,
    }
}

/// What the oldest process of this user and container has that was not started in a session.
fn others(proc: &Path) -> Option<Launch> {
    let container = fs::read_link(proc.join("self/ns/pid")).ok();
    let entries = fs::read_dir(proc).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut processes: Vec<u32> = entries.filter_map(|name| name.parse().ok()).collect();
    processes.sort_unstable();
    let folders = processes.into_iter().map(|process| proc.join(process.to_string()));
    let mine = folders.filter(|folder| fs::metadata(folder).is_ok_and(|it| it.uid() == geteuid().as_raw()));
    mine.take(MOST_OTHERS)
        .filter(|folder| fs::read_link(folder.join("ns/pid")).ok() == container)
        .filter_map(|folder| read(&folder))
        .find(|found| found.is_of_vast() && !OF_A_SESSION.iter().any(|name| found.has(name)))
}

/// The environment of a process, if it can be read and is whole.
fn read(process: &Path) -> Option<Launch> {
    let path = process.join("environ");
    for room in ROOM {
        let file = File::open(&path).ok()?;
        // All room at once: growing would leave copies behind.
        let mut block = Zeroizing::new(Vec::with_capacity(room));
        file.take(room as u64).read_to_end(&mut block).ok()?;
        if block.len() < room {
            return Launch::parse(&block);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::ContainerSource::{Auto, Off, On};
    use super::*;

    /// A `/proc` with these processes, all in one container but the last of them.
    fn proc(processes: &[(u32, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let ids = processes.iter().map(|(id, _)| id.to_string());
        for (id, container) in ids.zip([1; 9]).chain([("self".to_owned(), 1)]) {
            let ns = folder.path().join(&id).join("ns");
            fs::create_dir_all(&ns).expect("made");
            let container = if id == "99" { 2 } else { container };
            std::os::unix::fs::symlink(format!("pid:[{container}]"), ns.join("pid")).expect("linked");
        }
        for (id, environ) in processes {
            fs::write(folder.path().join(id.to_string()).join("environ"), environ).expect("written");
        }
        folder
    }

    fn token(launch: Option<Launch>) -> Option<String> {
        Some(launch?.value("T")?.expose().to_owned())
    }

    #[test]
    fn the_first_process_is_asked_first_and_is_believed() {
        let vast = proc(&[(1, b"CONTAINER_ID=7\0T=first\0"), (5, b"CONTAINER_ID=7\0T=other\0")]);
        let other = proc(&[(1, b"POD=7\0T=first\0"), (5, b"CONTAINER_ID=7\0T=other\0")]);
        for (folder, source, expected) in [
            (&vast, Auto, Some("first")),
            (&vast, Off, None),
            (&other, Auto, None),
            (&other, On, Some("first")),
        ] {
            let found = token(launch_in(folder.path(), source, || true));
            assert_eq!(found.as_deref(), expected, "{source:?}");
        }
    }

    #[test]
    fn where_that_is_rubble_the_oldest_of_the_others_that_is_no_session_helps_out() {
        let rubble: &[u8] = b"sshd: /usr/sbin/sshd -D\0\0\0CONTAINER_ID=7\0T=rubble\0";
        let folder = proc(&[
            (1, rubble),
            (3, b"CONTAINER_ID=7\0T=loaded\0__vastenv_ledger=2:\0"),
            (4, b"CONTAINER_ID=7\0T=login\0SSH_CONNECTION=x\0"),
            (5, b"T=without\0"),
            (20, b"CONTAINER_ID=7\0T=older\0"),
            (100, b"CONTAINER_ID=7\0T=younger\0"),
        ]);
        for (source, is_marked, expected) in
            [(Auto, true, Some("older")), (Auto, false, None), (On, false, Some("older")), (Off, true, None)]
        {
            let found = token(launch_in(folder.path(), source, || is_marked));
            assert_eq!(found.as_deref(), expected, "{source:?}");
        }
        // In a container within this one.
        let inner = proc(&[(1, rubble), (99, b"CONTAINER_ID=7\0T=inner\0")]);
        assert_eq!(launch_in(inner.path(), Auto, || true), None);
    }

    #[test]
    fn a_large_environment_is_read_and_one_without_an_end_is_not() {
        let large = [b"CONTAINER_ID=7\0T=".as_slice(), &vec![b'x'; 3 * ROOM[0]], b"\0"].concat();
        let found = launch_in(proc(&[(1, &large)]).path(), Auto, || false);
        assert_eq!(token(found).map(|value| value.len()), Some(3 * ROOM[0]));
        let endless = [b"CONTAINER_ID=7\0T=".as_slice(), &vec![b'x'; ROOM[1]], b"\0"].concat();
        assert_eq!(launch_in(proc(&[(1, &endless)]).path(), Auto, || false), None);
        let nothing = tempfile::tempdir().expect("a folder");
        assert_eq!(launch_in(nothing.path(), On, || true), None);
    }
}
