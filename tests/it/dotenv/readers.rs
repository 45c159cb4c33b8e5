//! python-dotenv and Node's dotenv, installed once under the target folder.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::common::packages::{installed_once, make_venv, npm_install, pip_install};
use crate::common::process::command as start;
use crate::common::skip::needs;

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
    let place = if installer == "npm" { &NODE } else { &PYTHON };
    let folder = place.get_or_init(|| {
        let folder = if installer == "npm" { node_dotenv() } else { python_dotenv() };
        folder.map_err(|why| needs(false, &format!("a reader of dotenv files ({why})"))).ok()
    });
    folder.as_deref()
}

fn python_dotenv() -> Result<PathBuf, String> {
    installed_once(&format!("python-dotenv-{}", PYTHON_VERSIONS.join("-")), |folder| {
        let environment = folder.join("venv");
        make_venv(&environment)?;
        PYTHON_VERSIONS.iter().try_for_each(|version| {
            let place = folder.join(version);
            let place = place.to_str().ok_or("the target folder's name is not UTF-8")?;
            pip_install(&environment, &["--target", place, &format!("python-dotenv=={version}")])
        })
    })
}

fn node_dotenv() -> Result<PathBuf, String> {
    installed_once(&format!("node-dotenv-{NODE_VERSION}"), |folder| {
        npm_install(folder, &format!("dotenv@{NODE_VERSION}"))
    })
}
