//! A file that holds one thing as JSON.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::{Disk, quoted, remove};
use crate::domain::{Failure, Result};

/// The place of one thing.
pub(crate) struct Slot<'d, T> {
    disk: &'d Disk,
    pub path: PathBuf,
    holds: PhantomData<T>,
}

/// The places of things of one kind, each with the name of what it belongs to.
pub(crate) struct Slots<K, T> {
    disk: Rc<Disk>,
    folder: PathBuf,
    holds: PhantomData<fn(K) -> T>,
}

impl<K: AsRef<str>, T> Slots<K, T> {
    /// Those in this folder of the state folder.
    pub(crate) fn new(disk: &Rc<Disk>, folder: &str) -> Self {
        Self { disk: Rc::clone(disk), folder: disk.state.join(folder), holds: PhantomData }
    }

    pub(crate) fn of(&self, owner: &K) -> Slot<'_, T> {
        Slot::new(&self.disk, self.folder.join(format!("{}.json", owner.as_ref())))
    }
}

impl<'d, T> Slot<'d, T> {
    pub(crate) fn new(disk: &'d Disk, path: PathBuf) -> Self {
        Self { disk, path, holds: PhantomData }
    }

    pub(crate) fn remove(&self) -> Result<()> {
        remove(&self.path)
    }
}

impl<T: Serialize + DeserializeOwned> Slot<'_, T> {
    /// What can be found out anew: `None` also where it cannot be read.
    pub(crate) fn get(&self) -> Option<T> {
        parse(&self.disk.read(&self.path).ok()??)
    }

    /// What nobody can find out anew; `hint` says what to do with a damaged file.
    pub(crate) fn load(&self, hint: impl FnOnce(&str) -> String) -> Result<Option<T>> {
        let Some(bytes) = self.disk.read(&self.path)? else { return Ok(None) };
        parse(&bytes).map(Some).ok_or_else(|| {
            Failure::unavailable(format!("{} is damaged", self.path.display()))
                .hint(hint(&quoted(&self.path)))
        })
    }

    /// What the server tells again: `None` where it cannot be read and one answer is all that is wanted.
    pub(crate) fn load_if_possible(&self) -> Result<Option<T>> {
        match self.disk.read(&self.path) {
            Err(failure) if self.disk.go_without(&failure) => Ok(None),
            read => Ok(read?.and_then(|bytes| parse(&bytes))),
        }
    }

    pub(crate) fn save(&self, value: &T) -> Result<()> {
        self.disk.write(&self.path, &to_json(&self.path, value)?)
    }

    /// Like [`Self::save`], but where one answer is all that is wanted, the process's memory will do.
    pub(crate) fn save_if_possible(&self, value: &T) -> Result<()> {
        let bytes = to_json(&self.path, value)?;
        self.disk.write(&self.path, &bytes).or_else(|failure| self.disk.hold(&self.path, &bytes, failure))
    }

    /// Changes what is there, or what is the default.
    pub(crate) fn edit(&self, edit: impl FnOnce(&mut T)) -> Result<()>
    where
        T: Default,
    {
        let mut value = self.get().unwrap_or_default();
        edit(&mut value);
        self.save(&value)
    }
}

pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).ok()
}

/// What is written into the file at `path`.
pub(crate) fn to_json(path: &Path, value: &impl Serialize) -> Result<Zeroizing<Vec<u8>>> {
    serde_json::to_vec(value)
        .map(Zeroizing::new)
        .map_err(|_| Failure::failed(format!("cannot write {}: it holds what JSON cannot", path.display())))
}
