//! The user's three folders, as one process uses them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use nix::fcntl::OFlag;
use nix::unistd::geteuid;
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::leftovers::{OWN, leftovers, sweep, temporary};
use super::owner::{fix_owner, refuse_strangers};
use super::{filled, make_folder, open, quoted, read_all, refuse_others, unreadable, unwritable};
use crate::domain::{AccountId, Failure, Result};

/// Private folders (0700) with private files (0600); made when something is first written.
pub struct Disk {
    pub state: PathBuf,
    pub cache: PathBuf,
    pub data: PathBuf,
    notes: RefCell<Vec<String>>,
    for_one_answer: Cell<bool>,
    /// What could not be written, kept until the process ends.
    unwritten: RefCell<BTreeMap<PathBuf, Zeroizing<Vec<u8>>>>,
    /// Something could not be written, and the user was told.
    goes_without: Cell<bool>,
}

impl fmt::Debug for Disk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { state, cache, data, .. } = self;
        formatter.debug_tuple("Disk").field(state).field(cache).field(data).finish()
    }
}

impl Disk {
    pub fn new(state: &Path, cache: &Path, data: &Path) -> Self {
        Self {
            state: state.to_owned(),
            cache: cache.to_owned(),
            data: data.to_owned(),
            notes: RefCell::default(),
            for_one_answer: Cell::new(false),
            unwritten: RefCell::default(),
            goes_without: Cell::new(false),
        }
    }

    /// For a command that only needs an answer: what cannot be written is told once and used. Whatever
    /// must outlive the process fails all the same.
    pub fn for_one_answer(&self, yes: bool) {
        self.for_one_answer.set(yes);
    }

    /// Whether to go on without having written what `failure` tells of; the user is told, once.
    pub fn go_without(&self, failure: &Failure) -> bool {
        let may = self.for_one_answer.get();
        if may && !self.goes_without.replace(true) {
            let hint = failure.next_step().map_or(String::new(), |step| format!(" ({step})"));
            self.note(vec![format!("nothing is saved: {}{hint}", failure.message())]);
        }
        may
    }

    /// Whether everything so far could be written.
    pub fn is_kept(&self) -> bool {
        !self.goes_without.get()
    }

    /// Sentences for the user since the last call, such as what was fixed.
    pub fn take_notes(&self) -> Vec<String> {
        self.notes.take()
    }

    pub fn note(&self, notes: Vec<String>) {
        self.notes.borrow_mut().extend(notes);
    }

    /// Reads a private file; `None` if there is none. One that others could read is fixed, with a warning.
    pub fn read(&self, path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>> {
        if let Some(bytes) = self.unwritten.borrow().get(path) {
            return Ok(Some(bytes.clone()));
        }
        let Some((file, metadata)) = open(path, OFlag::O_NOFOLLOW)? else { return Ok(None) };
        refuse_others(&metadata, path, &[geteuid().as_raw()], 0o022)?;
        if metadata.mode() & 0o055 != 0 {
            file.set_permissions(Permissions::from_mode(0o600)).map_err(|error| unreadable(path, &error))?;
            self.note(vec![format!("{} was readable by others; fixed (chmod 600)", path.display())]);
        }
        read_all(file, &metadata, path).map(Some)
    }

    /// Writes a private file: a temporary file beside it, 0600 from the start, fsync, rename.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let temporary = self.write_temporary(path, bytes)?;
        temporary.persist(path).map(drop).map_err(|error| unwritable(path, &error.error))
    }

    /// Like [`Self::write`], but `Ok(false)` leaves a file alone that is there already.
    pub fn create(&self, path: &Path, bytes: &[u8]) -> Result<bool> {
        match self.write_temporary(path, bytes)?.persist_noclobber(path) {
            Ok(_) => Ok(true),
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(unwritable(path, &error.error)),
        }
    }

    fn write_temporary(&self, path: &Path, bytes: &[u8]) -> Result<NamedTempFile> {
        let folder = path.parent().unwrap_or(path);
        self.ensure(folder)?;
        let written = temporary(folder, OWN).and_then(|temporary| filled(temporary, bytes));
        written.map_err(|error| unwritable(path, &error))
    }

    /// Where one answer is all that is wanted, the process's memory will do for what could not be written.
    pub fn hold(&self, path: &Path, bytes: &[u8], failure: Failure) -> Result<()> {
        if !self.go_without(&failure) {
            return Err(failure);
        }
        self.unwritten.borrow_mut().insert(path.to_owned(), Zeroizing::new(bytes.to_vec()));
        Ok(())
    }

    /// Makes `folder` (0700) with what leads to it, or checks that it is ours; one that others could use is
    /// fixed, with a warning.
    pub fn ensure(&self, folder: &Path) -> Result<()> {
        refuse_strangers(folder)?;
        let metadata = match std::fs::metadata(folder) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return make_folder(folder, 0o700).map_err(|error| unwritable(folder, &error));
            }
            Err(error) => return Err(unwritable(folder, &error)),
        };
        let shown = folder.display();
        if !metadata.is_dir() {
            return Err(Failure::failed(format!("{shown} is not a folder"))
                .hint(format!("move it away: mv {0} {0}.away", quoted(folder))));
        }
        if metadata.uid() != geteuid().as_raw() {
            return Err(Failure::failed(format!("{shown} belongs to another user")).hint(fix_owner(folder)));
        }
        if metadata.mode() & 0o077 != 0 {
            std::fs::set_permissions(folder, Permissions::from_mode(0o700))
                .map_err(|error| unwritable(folder, &error))?;
            self.note(vec![format!("{shown} was open to others; fixed (chmod 700)")]);
        }
        Ok(())
    }

    /// Makes `path` an empty private file, of this time or of now.
    pub fn mark(&self, path: &Path, modified: Option<SystemTime>) -> Result<()> {
        let file = self.open_empty(path)?;
        let Some(time) = modified else { return Ok(()) };
        file.set_modified(time).map_err(|error| unwritable(path, &error))
    }

    /// Opens an empty private file, made if there is none.
    pub(super) fn open_empty(&self, path: &Path) -> Result<File> {
        self.ensure(path.parent().unwrap_or(path))?;
        let mut options = OpenOptions::new();
        let opened = options.write(true).create(true).truncate(false).mode(0o600).open(path);
        opened.map_err(|error| unwritable(path, &error))
    }

    /// Every account that has a folder here.
    pub fn accounts(&self) -> Vec<AccountId> {
        let names = [&self.cache, &self.data].into_iter().flat_map(|folder| names(folder));
        let mut accounts: Vec<AccountId> = names.filter_map(|name| AccountId::parse(&name)).collect();
        accounts.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        accounts.dedup();
        accounts
    }

    /// Removes the temporary files of writers that were killed.
    pub fn sweep_leftovers(&self) {
        self.folders().iter().for_each(|folder| sweep(folder));
    }

    /// The temporary files of writers that were killed: plain text, wherever secrets are stored.
    pub fn leftovers(&self) -> Vec<PathBuf> {
        self.folders().iter().flat_map(|folder| leftovers(folder)).collect()
    }

    /// The three folders and those in them.
    fn folders(&self) -> Vec<PathBuf> {
        let roots = [&self.state, &self.cache, &self.data].map(PathBuf::clone);
        let below = roots.iter().flat_map(|root| names(root).into_iter().map(|name| root.join(name)));
        let below: Vec<_> = below.filter(|path| path.is_dir()).collect();
        roots.into_iter().chain(below).collect()
    }
}

/// The names in `folder`, in order; none where it cannot be read.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// When `path` was last written, as exactly as the file system knows; `None` if it does not exist.
pub(crate) fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}
