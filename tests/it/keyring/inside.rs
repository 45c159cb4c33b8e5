//! Tests that ask the keyring from their own process. libdbus knows one bus in its life, that of the
//! environment: so each such test runs once more, as a process in whose environment that bus is.

use std::env;
use std::path::{Path, PathBuf};

use crate::common::process::command;
use crate::session::{Keyring, Session};

/// Set in the second process: the folder of the session.
const INSIDE: &str = "TEST_SESSION_FOLDER";

/// Runs `body` in a process of a session with such a keyring. `test` is the test that calls this.
#[track_caller]
pub fn in_session(test: &str, keyring: Keyring, body: impl FnOnce(&Session)) {
    if let Some(folder) = inside() {
        return body(&Session::of_another_process(folder));
    }
    let session = Session::start(keyring);
    run_again(test, &session.address(), &session.path(""));
}

/// Runs `body` in a process whose bus is at the path that `listen` makes and says.
#[track_caller]
pub fn on_bus(test: &str, listen: impl FnOnce(&Path) -> PathBuf, body: impl FnOnce(String)) {
    let address = |path: &Path| format!("unix:path={}", path.display());
    if let Some(path) = inside() {
        return body(address(&path));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = listen(folder.path());
    run_again(test, &address(&path), &path);
}

fn inside() -> Option<PathBuf> {
    env::var_os(INSIDE).map(PathBuf::from)
}

#[track_caller]
fn run_again(test: &str, bus: &str, folder: &Path) {
    let said = command(env::current_exe().expect("this program"))
        .args([test, "--exact", "--nocapture"])
        .env("DBUS_SESSION_BUS_ADDRESS", bus)
        .env(INSIDE, folder)
        .output()
        .expect("the test again");
    let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success() && out.contains("1 passed"), "{test}: {}\n{out}{err}", said.status);
}
