//! A throw-away home, in which the program runs with nothing else around it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::process::command;

pub const VASTENV: &str = env!("CARGO_BIN_EXE_vastenv");

/// A user's home folder, and the variables of their shell.
pub struct Home {
    folder: TempDir,
    variables: Vec<(OsString, OsString)>,
    for_all: OnceLock<TempDir>,
}

/// One call of the program.
pub struct Call {
    command: Command,
    stdin: Vec<u8>,
}

/// What the program said.
#[derive(Debug)]
pub struct Said {
    /// The exit code; 128 and the signal's number if a signal ended it.
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Home {
    /// A home without a key: nothing but `HOME` and `PATH` is set.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a home");
        let mut home = Self { folder, variables: Vec::new(), for_all: OnceLock::new() };
        home.set("HOME", home.path(""));
        home.set("PATH", std::env::var_os("PATH").expect("a PATH"));
        home
    }

    /// A home whose environment names the server and holds the key.
    pub fn at(url: &str, key: &str) -> Self {
        let mut home = Self::new();
        home.set("VAST_URL", url);
        home.set("VAST_API_KEY", key);
        home
    }

    /// Sets a variable for all calls from now on.
    pub fn set(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) {
        self.unset(name.as_ref());
        self.variables.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
    }

    /// Takes a variable away.
    pub fn unset(&mut self, name: impl AsRef<OsStr>) {
        self.variables.retain(|(known, _)| known != name.as_ref());
    }

    /// The variables of the user's shell.
    pub fn variables(&self) -> &[(OsString, OsString)] {
        &self.variables
    }

    /// A path below the home folder.
    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// A path below the home folder, as a person is shown it.
    pub fn shown(&self, path: impl AsRef<Path>) -> String {
        let path = path.as_ref();
        let below = path.strip_prefix(self.folder.path()).expect("a path below the home");
        Path::new("~").join(below).display().to_string()
    }

    /// Writes a file below the home folder, only for its owner.
    pub fn write(&self, below: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(below);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, text).expect("written");
        chmod(&path, 0o600);
        path
    }

    /// A call of the program.
    pub fn vastenv(&self, arguments: &[&str]) -> Call {
        self.command(VASTENV, arguments)
    }

    /// A call of the program as another user, who may not reach the folder that it was built in.
    pub fn vastenv_as(&self, user: u32, arguments: &[&str]) -> Call {
        self.command(self.program_for_all(), arguments).uid(user)
    }

    /// The program where every user can start it.
    pub fn program_for_all(&self) -> PathBuf {
        let folder = self.for_all.get_or_init(|| {
            let folder = tempfile::tempdir().expect("a folder");
            chmod(folder.path(), 0o755);
            fs::copy(VASTENV, folder.path().join("vastenv")).expect("copied");
            folder
        });
        folder.path().join("vastenv")
    }

    /// A call of any program, with the same environment.
    pub fn command(&self, program: impl AsRef<OsStr>, arguments: &[impl AsRef<OsStr>]) -> Call {
        let mut command = command(program);
        command.args(arguments).env_clear().envs(self.variables().iter().cloned()).current_dir(self.path(""));
        Call { command, stdin: Vec::new() }
    }

    /// Runs a command that must work; gives what it prints.
    #[track_caller]
    pub fn ok(&self, arguments: &[&str]) -> String {
        self.vastenv(arguments).run().expect(0).out
    }

    /// The only snapshot's file.
    pub fn snapshot(&self) -> Option<PathBuf> {
        let accounts = fs::read_dir(self.path(".cache/vastenv")).ok()?;
        let mut found: Vec<_> = accounts
            .map(|entry| entry.expect("an entry").path().join("snapshot.json"))
            .filter(|path| path.exists())
            .collect();
        assert!(found.len() < 2, "{found:?}");
        found.pop()
    }

    /// What the only snapshot's file holds.
    pub fn snapshot_value(&self) -> Value {
        let bytes = fs::read(self.snapshot().expect("a snapshot")).expect("read");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    /// Makes the snapshot look as if it were of `seconds` ago.
    pub fn age_snapshot(&self, seconds: u64) {
        let path = self.snapshot().expect("a snapshot");
        let mut value = self.snapshot_value();
        let fetched_at = value["fetched_at"].as_u64().expect("a time");
        value["fetched_at"] = (fetched_at - seconds).into();
        fs::write(path, value.to_string()).expect("written");
    }

    /// The name of the newest generation's file.
    pub fn generation(&self) -> Option<String> {
        let entries = fs::read_dir(self.path(".local/state/vastenv")).ok()?;
        let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text"));
        names.filter(|name| name.starts_with("gen-")).max()
    }
}

impl Call {
    /// Gives the program these bytes on stdin, and then its end.
    pub fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Self {
        bytes.as_ref().clone_into(&mut self.stdin);
        self
    }

    /// Adds an argument that need not be text.
    pub fn arg(mut self, argument: &[u8]) -> Self {
        self.command.arg(OsStr::from_bytes(argument));
        self
    }

    /// Sets a variable for this call.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs the program in this folder.
    pub fn inside(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs the program as another user.
    pub fn uid(mut self, user: u32) -> Self {
        self.command.uid(user);
        self
    }

    /// Takes a variable away for this call.
    pub fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Starts the program, its streams piped.
    pub fn spawn(mut self) -> Child {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("started");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A program that reads nothing may have gone already.
        let _ = stdin.write_all(&self.stdin);
        child
    }

    /// Runs the program to its end.
    pub fn run(self) -> Said {
        said(self.spawn().wait_with_output().expect("ended"))
    }
}

/// What a program that has ended said.
pub fn said(output: Output) -> Said {
    use std::os::unix::process::ExitStatusExt;
    let code = output.status.code().or(output.status.signal().map(|signal| 128 + signal));
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Said { code: code.expect("an end"), out: text(output.stdout), err: text(output.stderr) }
}

impl Said {
    /// Checks the exit code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// Checks that nothing was printed, and that what failed was said as it should be.
    #[track_caller]
    pub fn refuses(self, code: i32, parts: &[&str]) -> Self {
        let said = self.expect(code);
        assert_eq!(said.out, "", "{said:#?}");
        assert!(said.err.starts_with("vastenv: ") || said.err.contains("\nvastenv: "), "{said:#?}");
        said.mentions(parts)
    }

    /// Checks that stderr holds all of these.
    #[track_caller]
    pub fn mentions(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.err.contains(part), "{part:?} is missing in {self:#?}");
        }
        self
    }

    /// Checks that a secret is in no output.
    #[track_caller]
    pub fn hides(self, secret: &str) -> Self {
        assert!(!self.out.contains(secret) && !self.err.contains(secret), "{secret:?} in {self:#?}");
        self
    }
}

/// Sets a file's permissions.
pub fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("chmod");
}

/// A file's permissions.
pub fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}
