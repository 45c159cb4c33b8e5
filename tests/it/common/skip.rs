//! Tests that this machine cannot run. libtest shows nothing of a test that passes, so each is noted in
//! a file, which `tests/run` shows at its end.

use std::fs::OpenOptions;
use std::io::Write;
use std::thread;

/// Set by `tests/run`: the file.
const NOTES: &str = "VASTENV_TEST_SKIPS";

/// Whether `tool` is here; where it is not, this test is skipped, or fails if tests must be whole (`CI`).
pub fn needs(is_here: bool, tool: &str) -> bool {
    if !is_here {
        assert!(std::env::var_os("CI").is_none(), "{tool} is not installed");
        note(&format!("{tool} is not installed"));
    }
    is_here
}

/// Whether the machine or the user can do what this test is about; no tool would change that.
pub fn can(is_so: bool, otherwise: &str) -> bool {
    if !is_so {
        note(otherwise);
    }
    is_so
}

#[allow(clippy::print_stderr)]
fn note(why: &str) {
    let test = thread::current().name().unwrap_or("a test").to_owned();
    let line = format!("{test}: {why}\n");
    eprint!("SKIPPED: {line}");
    if let Some(path) = std::env::var_os(NOTES) {
        let mut notes = OpenOptions::new().append(true).create(true).open(path).expect("the notes");
        // In one piece: test programs write side by side.
        notes.write_all(line.as_bytes()).expect("noted");
    }
}
