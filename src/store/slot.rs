//! A file that holds one thing as JSON.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::Store;
use crate::domain::{Failure, Result};
use crate::files;

/// The place of one thing.
pub struct Slot<'s, T> {
    store: &'s Store,
    path: PathBuf,
    holds: PhantomData<T>,
}

impl Store {
    pub(super) fn slot<T>(&self, path: PathBuf) -> Slot<'_, T> {
        Slot { store: self, path, holds: PhantomData }
    }
}

impl<T: Serialize + DeserializeOwned> Slot<'_, T> {
    /// What can be found out anew: `None` also where it cannot be read.
    pub fn get(&self) -> Option<T> {
        serde_json::from_slice(&self.store.read(&self.path).ok()??).ok()
    }

    /// What nobody can find out anew. Who removes a damaged file should do `then`.
    pub fn load(&self, then: &str) -> Result<Option<T>> {
        let Some(bytes) = self.store.read(&self.path)? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|_| {
            let shown = shell_escape::escape(self.path.to_string_lossy());
            Failure::unavailable(format!("{} is damaged", self.path.display()))
                .hint(format!("rm {shown}{then}"))
        })
    }

    pub fn save(&self, value: &T) -> Result<()> {
        self.store.write(&self.path, &to_json(&self.path, value)?)
    }

    /// Changes what is there, or what is the default.
    pub fn edit(&self, edit: impl FnOnce(&mut T)) -> Result<()>
    where
        T: Default,
    {
        let mut value = self.get().unwrap_or_default();
        edit(&mut value);
        self.save(&value)
    }

    pub fn remove(&self) -> Result<()> {
        files::remove(&self.path)
    }
}

/// What is written into the file at `path`.
pub(super) fn to_json(path: &Path, value: &impl Serialize) -> Result<Zeroizing<Vec<u8>>> {
    serde_json::to_vec(value)
        .map(Zeroizing::new)
        .map_err(|_| Failure::failed(format!("cannot write {}: it holds what JSON cannot", path.display())))
}
