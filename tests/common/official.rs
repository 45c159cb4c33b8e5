//! The official client, installed once into a virtual environment under the target folder.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

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
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().ok_or("no target folder")?;
    let environment = target.join("vastai-venv");
    let program = environment.join("bin/vastai");
    // Test programs may run side by side; one installs, the others wait.
    let lock = File::create(target.join("vastai-venv.lock")).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    if is_wanted_version(&program) {
        return Ok(program);
    }
    run(command("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
    let mut pip = command(environment.join("bin/python"));
    // Its settings may say where packages come from.
    if let Some(home) = std::env::var_os("HOME") {
        pip.env("HOME", home);
    }
    run(pip
        .args(["-m", "pip", "install", "--quiet", "--no-cache-dir", "--disable-pip-version-check"])
        .arg(format!("vastai=={VERSION}")))?;
    is_wanted_version(&program).then_some(program).ok_or_else(|| "it does not start".to_owned())
}

fn is_wanted_version(program: &Path) -> bool {
    let home = tempfile::tempdir().expect("a folder");
    let output = command(program).arg("--version").env_clear().env("HOME", home.path()).output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim() == VERSION)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    output.status.success().then_some(()).ok_or_else(|| format!("{command:?}: {said}"))
}
