//! The official client, installed once into a virtual environment under the target folder.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::common::packages::{installed_once, make_venv, pip_install};
use crate::common::process::command;
use crate::common::skip::needs;

const VERSION: &str = "1.9.1";

/// The client's program, installed if need be; `None` if it cannot be had here.
pub fn vastai() -> Option<&'static Path> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| match install() {
        Ok(program) => Some(program),
        Err(why) => {
            eprintln!("{why}");
            let last = why.lines().last().unwrap_or_default();
            needs(false, &format!("the official client ({last})"));
            None
        }
    });
    program.as_deref()
}

fn install() -> Result<PathBuf, String> {
    let environment = installed_once(&format!("vastai-{VERSION}"), |folder| {
        make_venv(folder)?;
        pip_install(folder, &[&format!("vastai=={VERSION}")])
    })?;
    let program = environment.join("bin/vastai");
    starts(&program).then_some(program).ok_or_else(|| "it does not start".to_owned())
}

fn starts(program: &Path) -> bool {
    let home = tempfile::tempdir().expect("a folder");
    let output = command(program).arg("--version").env_clear().env("HOME", home.path()).output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim() == VERSION)
}
