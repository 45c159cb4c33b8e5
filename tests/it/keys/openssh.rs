//! OpenSSH's own programs, to compare with.

use crate::common::process::{command, program};
use crate::home::Home;

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
    let output = command("id").arg("-un").output().expect("id");
    String::from_utf8(output.stdout).expect("text").trim_end().to_owned()
}
