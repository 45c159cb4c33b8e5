//! OpenSSH's own programs, to compare with.

use std::path::PathBuf;
use std::process::Command;

use crate::home::Home;

/// A program of OpenSSH or `PuTTY`; `None`, said aloud, where it is not installed. CI has them all.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").expect("a PATH");
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let found = folders.map(|folder| folder.join(name)).find(|program| program.is_file());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{name} is not installed");
        eprintln!("\n*** SKIPPED: {name} is not installed\n");
    }
    found
}

/// Runs `ssh-keygen` in the home; gives what it prints. `None` where it is not installed.
#[track_caller]
pub fn keygen(home: &Home, arguments: &[&str]) -> Option<String> {
    let program = program("ssh-keygen")?;
    // In another locale it writes letters beyond ASCII as numbers.
    Some(home.command(program, arguments).env("LC_ALL", "C.UTF-8").run().expect(0).out)
}

/// Makes a pair in the home with `ssh-keygen`, without a passphrase.
pub fn make_pair(home: &Home, name: &str, options: &[&str]) -> Option<()> {
    keygen(home, &[&["-q", "-N", "", "-f", name], options].concat()).map(drop)
}

/// What `ssh-keygen -lf` says: bits, fingerprint, comment, type.
pub fn described(home: &Home, file: &str) -> Option<(String, String, String, String)> {
    let line = keygen(home, &["-lf", file])?;
    let (rest, kind) = line.trim_end().rsplit_once(' ')?;
    let mut words = rest.splitn(3, ' ').map(str::to_owned);
    let kind = kind.trim_matches(['(', ')']).to_owned();
    Some((words.next()?, words.next()?, words.next()?, kind))
}

/// The name of the user who runs the tests.
pub fn user_name() -> String {
    let output = Command::new("id").arg("-un").output().expect("id");
    String::from_utf8(output.stdout).expect("text").trim_end().to_owned()
}
