//! Project files.

mod files;
mod hook_beside_direnv;
mod hook_follow;
mod hook_trust;
mod hook_walk;
mod init;
mod narrow;
mod run;
mod set;
mod trust;

use std::path::{Path, PathBuf};

use crate::home::{Home, Said};

/// What a project file is called.
const FILE: &str = ".vastenv.toml";

/// A file that is seen to count by what it breaks: once allowed, nobody can say which account is meant.
const ADDS: &str = "only = [\"A\"]\nprofile = \"nowhere\"\n";

/// Writes the project file of a folder below the home.
fn project(home: &Home, folder: &str, text: &str) -> PathBuf {
    let below = Path::new(folder).join(FILE);
    home.write(below.to_str().expect("text"), text)
}

/// What `vastenv` says in a folder below the home.
fn say(home: &Home, folder: &str, arguments: &[&str]) -> Said {
    home.vastenv(arguments).inside(home.path(folder)).run()
}

/// Whether what the file adds counts in a folder.
#[track_caller]
fn counts(home: &Home, folder: &str) -> bool {
    let said = say(home, folder, &["storage"]);
    let counts = said.code == 1;
    assert!(!counts || said.err.contains("there is no profile nowhere"), "{said:?}");
    counts
}
