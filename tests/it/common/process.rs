//! Everything that a test starts: in a session of its own, so that nothing asks, stops or is stopped by
//! the terminal of whoever runs the tests, and with no signal ignored, whatever runs the tests.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::OnceLock;

use pty_process::blocking::Pts;

use super::skip::needs;

/// A command that runs `program` as the leader of a session without a terminal, under the same process id.
///
/// It writes nothing below the tester's home, unless it is given that back. A program that is not there ends with 127 and is no error of the start: ask [`find_program`] before.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let (leader, words) = session_leader();
    let mut command = Command::new(leader);
    command.args(words).arg(program).env("HOME", "/dev/null");
    command
}

/// A process on a terminal of its own, which makes it the leader of a session.
pub fn spawn_on(pts: Pts, program: impl AsRef<OsStr>, with: impl FnOnce(&mut Command)) -> Child {
    let mut words = with_signals().iter().map(OsStr::new).chain([program.as_ref()]);
    let mut command = Command::new(words.next().expect("a program"));
    command.args(words);
    with(&mut command);
    pty_process::blocking::Command::from(command).spawn(pts).expect("started")
}

/// util-linux and busybox have `setsid`; macOS has Perl.
fn session_leader() -> (&'static Path, &'static [String]) {
    static LEADER: OnceLock<(PathBuf, Vec<String>)> = OnceLock::new();
    let (program, words) = LEADER.get_or_init(|| {
        let perl = || Some((find_program("perl")?, PERL.map(str::to_owned).to_vec()));
        let found = find_program("setsid").map(|setsid| (setsid, with_signals().to_vec())).or_else(perl);
        found.expect("setsid or perl")
    });
    (program, words)
}

const PERL: [&str; 4] = [
    "-MPOSIX",
    "-e",
    "@SIG{qw(INT HUP QUIT TERM)} = ('DEFAULT') x 4; POSIX::setsid(); exec { $ARGV[0] } @ARGV or exit 127",
    "--",
];

/// GNU env knows how to stop ignoring signals; busybox's does not. By its path, as a test may change `PATH`.
fn with_signals() -> &'static [String] {
    const DEFAULT: &str = "--default-signal=INT,HUP,QUIT,TERM";
    static WORDS: OnceLock<Vec<String>> = OnceLock::new();
    WORDS.get_or_init(|| {
        let env = find_program("env").and_then(|path| path.into_os_string().into_string().ok());
        let words: Vec<String> = env.into_iter().chain([DEFAULT.to_owned()]).collect();
        let knows = Command::new(&words[0]).args(&words[1..]).arg("true").output();
        if knows.is_ok_and(|output| output.status.success()) { words } else { Vec::new() }
    })
}

/// Where a program is, on `PATH` or where only root looks.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// The same of a program that a test cannot do without.
pub fn program(name: &str) -> Option<PathBuf> {
    let found = find_program(name);
    needs(found.is_some(), name).then_some(found).flatten()
}
