//! The project file that a user means.

use std::fs::canonicalize;
use std::path::{Path, PathBuf};

use crate::account::FoundProject;
use crate::context;
use crate::domain::{Failure, Result};
use crate::project::FILE;

/// The nearest project file from `place`, a folder, or from the working folder upwards; or `place` itself.
pub(super) fn find(place: Option<&Path>) -> Result<PathBuf> {
    let from = match place {
        Some(file) if file.file_name().is_some_and(|name| name == FILE) => {
            let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
            let file = real_folder(folder.unwrap_or(Path::new(".")))?.join(FILE);
            return if file.metadata().is_ok() { Ok(file) } else { Err(none(&file)) };
        }
        Some(folder) => real_folder(folder)?,
        None => working_folder()?,
    };
    FoundProject::files_above(&from).next().ok_or_else(|| {
        Failure::failed(format!("no {FILE} in {} or above", from.display())).hint("make one: vastenv init")
    })
}

pub(super) fn working_folder() -> Result<PathBuf> {
    context::working_folder()
        .ok_or_else(|| Failure::failed("the working folder is gone").hint("go to another one: cd"))
}

/// A folder that exists, without links and `..`.
pub(super) fn real_folder(folder: &Path) -> Result<PathBuf> {
    canonicalize(folder).ok().filter(|real| real.is_dir()).ok_or_else(|| {
        Failure::failed(format!("there is no folder {}", folder.display()))
            .hint(format!("name a folder, or a {FILE}"))
    })
}

fn none(file: &Path) -> Failure {
    Failure::failed(format!("there is no {}", file.display())).hint("make one: vastenv init")
}
