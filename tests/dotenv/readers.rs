//! python-dotenv and Node's dotenv, installed once under the target folder.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::common::process::command as start;
use std::sync::OnceLock;

use serde_json::Value;

/// The release whose dialect vastenv reads, and one from before it read backslashes anew.
pub const PYTHON_VERSIONS: [&str; 2] = ["1.2.4", "1.0.1"];

const NODE_VERSION: &str = "18.0.10";

/// What `script` makes of `input` with python-dotenv: JSON in, JSON out.
pub fn python(version: &str, script: &str, input: &Value) -> Option<Value> {
    let folder = installed("python3")?;
    let script = format!("import io, json, sys\ninput = json.load(sys.stdin)\n{script}");
    let mut command = start("python3");
    command.args(["-c", &script]).env("PYTHONPATH", folder.join(version)).env("PYTHONDONTWRITEBYTECODE", "1");
    Some(said(command, input))
}

/// What Node's dotenv reads in the file `path`.
pub fn node(path: &Path) -> Option<Value> {
    let script = "const path = JSON.parse(require('fs').readFileSync(0)); \
                  console.log(JSON.stringify(require('dotenv').parse(require('fs').readFileSync(path))))";
    let mut command = start("node");
    command.args(["-e", script]).env("NODE_PATH", installed("npm")?.join("node_modules"));
    Some(said(command, &Value::from(path.to_str().expect("text"))))
}

fn said(mut command: Command, input: &Value) -> Value {
    let path = std::env::var_os("PATH").expect("a PATH");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let kept: Vec<_> =
        command.get_envs().map(|(name, value)| (name.to_owned(), value.map(Into::into))).collect();
    command.env_clear().env("PATH", path).env("LC_ALL", "C.UTF-8");
    for (name, value) in kept {
        let value: std::ffi::OsString = value.expect("a value");
        command.env(name, value);
    }
    let mut child = command.spawn().expect("started");
    child.stdin.take().expect("a pipe").write_all(input.to_string().as_bytes()).expect("written");
    let output = child.wait_with_output().expect("ended");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors:.2000}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Where the reader's packages are; `None` if they cannot be had here.
fn installed(installer: &'static str) -> Option<&'static Path> {
    static PYTHON: OnceLock<Option<PathBuf>> = OnceLock::new();
    static NODE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let (place, install): (_, Install) =
        if installer == "npm" { (&NODE, install_node) } else { (&PYTHON, install_python) };
    let folder = place.get_or_init(|| match install_once(installer, install) {
        Ok(folder) => Some(folder),
        Err(why) => {
            assert!(std::env::var_os("CI").is_none(), "a dotenv reader cannot be installed: {why}");
            eprintln!("\n*** SKIPPED: a dotenv reader cannot be installed: {why}\n");
            None
        }
    });
    folder.as_deref()
}

type Install = fn(&Path) -> Result<(), String>;

fn install_once(installer: &str, install: Install) -> Result<PathBuf, String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().ok_or("no target folder")?;
    let versions = format!("{}-{NODE_VERSION}", PYTHON_VERSIONS.join("-"));
    let folder = target.join(format!("dotenv-readers-{versions}-{installer}"));
    // Test programs may run side by side; one installs, the others wait.
    let lock = File::create(folder.with_extension("lock")).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    let done = folder.join("done");
    if !done.exists() {
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        install(&folder)?;
        fs::write(done, "").map_err(|error| error.to_string())?;
    }
    Ok(folder)
}

fn install_python(folder: &Path) -> Result<(), String> {
    let environment = folder.join("venv");
    run(start("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
    PYTHON_VERSIONS.iter().try_for_each(|version| {
        run(start(environment.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"])
            .arg(folder.join(version))
            .arg(format!("python-dotenv=={version}")))
    })
}

fn install_node(folder: &Path) -> Result<(), String> {
    run(start("npm")
        .args(["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"])
        .arg(folder)
        .arg(format!("dotenv@{NODE_VERSION}")))
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    output.status.success().then_some(()).ok_or_else(|| format!("{command:?}: {said}"))
}
