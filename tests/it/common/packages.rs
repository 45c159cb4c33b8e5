//! Python and Node packages that tests compare with, installed once under the target folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::process::command;

/// The folder `name`, filled by `install` unless it was before.
///
/// # Errors
///
/// What could not be installed, with the installer's own words.
pub fn installed_once(
    name: &str,
    install: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<PathBuf, String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().ok_or("no target folder")?;
    let folder = target.join(name);
    // Test programs may run side by side; one installs, the others wait.
    let lock = File::create(target.join(format!("{name}.lock"))).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    let done = folder.join("done");
    if !done.exists() {
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        install(&folder)?;
        fs::write(done, "").map_err(|error| error.to_string())?;
    }
    Ok(folder)
}

/// Makes the virtual environment `environment`.
pub fn make_venv(environment: &Path) -> Result<(), String> {
    run(command("python3").args(["-m", "venv", "--clear"]).arg(environment))
}

/// `pip install` with these arguments, by the Python of `environment`.
pub fn pip_install(environment: &Path, arguments: &[&str]) -> Result<(), String> {
    let mut pip = command(environment.join("bin/python"));
    // Its settings may say where packages come from. It writes nothing there: it keeps no cache.
    if let Some(home) = std::env::var_os("HOME") {
        pip.env("HOME", home);
    }
    pip.args(["-m", "pip", "install", "--quiet", "--no-cache-dir", "--disable-pip-version-check"]);
    run(pip.args(arguments))
}

/// `npm install` of `package` into `folder`.
pub fn npm_install(folder: &Path, package: &str) -> Result<(), String> {
    let mut npm = command("npm");
    // It wants a home to write into; its settings may say where packages come from.
    npm.env("HOME", folder);
    if let Some(home) = std::env::var_os("HOME") {
        npm.env("npm_config_userconfig", Path::new(&home).join(".npmrc"));
    }
    npm.args(["install", "--loglevel=error", "--no-audit", "--no-fund", "--ignore-scripts"]);
    run(npm.arg("--no-update-notifier").arg("--prefix").arg(folder).arg(package))
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    output.status.success().then_some(()).ok_or_else(|| format!("{command:?}: {said}"))
}
