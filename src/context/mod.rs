//! What surrounds the program: environment variables, clock, folders, terminal. The only place that
//! reads them.

pub mod variables;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::str::Utf8Error;
use std::time::{SystemTime, UNIX_EPOCH};

use nix::sys::resource::{Resource, getrlimit};

use crate::config::Paths;
use crate::domain::{EnvName, Failure, Result, Secret, Timestamp};
use crate::environment::Room;
use crate::sealing::Keyring;
use crate::shell::{Folders, LEDGER_VARIABLE};

/// The value of an environment variable; an empty one counts as unset.
pub fn var(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The value of an environment variable as text; one that is none counts as unset.
pub fn text_var(name: &str) -> Option<String> {
    var(name)?.into_string().ok()
}

/// The value of an environment variable that is a secret. Bytes that are no text are replaced, and
/// so refused where a key is checked.
pub fn secret_var(name: &str) -> Option<Secret> {
    var(name).map(|value| Secret::new(value.to_string_lossy().into_owned()))
}

/// The bytes of an environment variable, empty ones included.
pub fn bytes_var(name: &EnvName) -> Option<Vec<u8>> {
    std::env::var_os(name.as_str()).map(OsString::into_vec)
}

/// The variables of the environment. Values need not be text.
pub fn all_vars() -> BTreeMap<String, std::result::Result<Secret, Utf8Error>> {
    let named = |(name, value): (OsString, OsString)| {
        let value = String::from_utf8(value.into_vec());
        Some((name.into_string().ok()?, value.map(Secret::new).map_err(|error| error.utf8_error())))
    };
    std::env::vars_os().filter_map(named).collect()
}

/// What the environment can still take, beside what is in it. The ledger does not count: it is written anew.
pub fn room() -> Room {
    let present = std::env::vars_os().filter(|(name, _)| name != LEDGER_VARIABLE);
    Room::new(argument_limit(), present.map(|(name, value)| (name.into_vec(), value.len())))
}

/// The bytes that a program's arguments and environment may take: execve(2). What `sysconf` says of it is
/// not true everywhere.
fn argument_limit() -> usize {
    const KIB: u64 = 1024;
    if cfg!(target_os = "macos") {
        return 1024 * 1024;
    }
    let stack = getrlimit(Resource::RLIMIT_STACK).map_or(8 * 1024 * KIB, |(soft, _)| soft);
    // A quarter of the stack, within limits; but a program needs a stack too.
    let limit = (stack / 4).clamp(128 * KIB, 6 * 1024 * KIB).min(stack / 2);
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// Whether a switch is on: set to anything but nothing, `0`, `false`, `no` or `off`.
pub fn switch(name: &str) -> bool {
    text_var(name)
        .is_some_and(|value| !matches!(value.to_ascii_lowercase().as_str(), "0" | "false" | "no" | "off"))
}

/// What keeps values from being printed to others than a person, by name: `VASTENV_GUARD`, or the
/// marker of a coding agent. `VASTENV_GUARD=0` is the user's word that nothing does.
pub fn guard() -> Option<&'static str> {
    if var(variables::VASTENV_GUARD).is_some() {
        return Some(variables::VASTENV_GUARD).filter(|name| switch(name));
    }
    variables::AGENT_MARKERS.into_iter().find(|name| switch(name))
}

/// Where files are.
///
/// # Errors
/// `HOME` is not set, and some `XDG_*` variable is not either.
pub fn paths() -> Result<Paths> {
    Paths::resolve(|name| std::env::var_os(name))
}

/// The folder that the program works in, spelled as the shell has it, through links. One that is gone was
/// where the shell says.
pub fn working_folder() -> Option<PathBuf> {
    let real = std::env::current_dir().ok();
    let spelled = var("PWD")
        .map(PathBuf::from)
        .filter(|folder| folder.is_absolute() && real.as_ref().is_none_or(|real| is_same_file(folder, real)));
    spelled.or(real)
}

/// The clock.
pub fn now() -> Timestamp {
    Timestamp(since_1970().as_secs())
}

/// The time since 1970, as exactly as the clock tells.
pub fn since_1970() -> std::time::Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The path of this very program: the one that it was found by, if that leads to the same file, because
/// upgrades re-point a link and remove what it led to.
///
/// # Errors
/// The system does not tell.
pub fn own_path() -> Result<PathBuf> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::failed(format!("cannot find the path of vastenv itself: {error}")))?;
    Ok(found_by().filter(|found| is_same_file(found, &program)).unwrap_or(program))
}

/// `PATH` as in which `vastenv` is this very program; `None` where that cannot be.
pub fn path_to_self() -> Option<OsString> {
    let program = own_path().ok()?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join("vastenv")).find(|file| file.is_file());
    if found.is_some_and(|found| is_same_file(&found, &program)) {
        return Some(path);
    }
    let own = program.parent()?.to_owned();
    std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&path))).ok()
}

/// Where the program's first argument leads: a path, or a name that was looked up in `PATH`.
fn found_by() -> Option<PathBuf> {
    let typed = PathBuf::from(std::env::args_os().next()?);
    let path = if typed.components().count() > 1 || typed.is_absolute() {
        typed
    } else {
        let folders = std::env::var_os("PATH")?;
        std::env::split_paths(&folders).map(|folder| folder.join(&typed)).find(|file| file.is_file())?
    };
    std::path::absolute(path).ok()
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    let identity = |path: &Path| std::fs::metadata(path).map(|file| (file.dev(), file.ino())).ok();
    identity(one).is_some_and(|found| identity(other) == Some(found))
}

/// The terminal that stdin is, as a path.
pub fn terminal() -> Option<PathBuf> {
    nix::unistd::ttyname(io::stdin()).ok()
}

/// Whether somebody types at the program.
pub fn stdin_is_terminal() -> bool {
    io::stdin().is_terminal()
}

/// Whether somebody reads what is printed on stdout.
pub fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether somebody reads what is printed on stderr.
pub fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Stdin, stdout and stderr, to be read and written without any buffer between.
///
/// # Errors
/// One of them is closed, or no more files can be open.
pub fn streams() -> io::Result<[File; 3]> {
    let share = |stream: std::os::fd::BorrowedFd<'_>| stream.try_clone_to_owned().map(File::from);
    Ok([share(io::stdin().as_fd())?, share(io::stdout().as_fd())?, share(io::stderr().as_fd())?])
}

/// Whether the terminal, if there is one, only prints.
pub fn is_dumb_terminal() -> bool {
    text_var(variables::TERM).is_none_or(|term| term == "dumb")
}

/// Whether `process` is this program's parent, or up to four generations further up: subshells and
/// wrappers such as `time` may stand between. Or this very process: a shell becomes its last command.
pub fn is_ancestor(process: u32) -> bool {
    let mut current = std::process::id();
    for _ in 0..6 {
        if current == process {
            return true;
        }
        match parent_of(current) {
            Some(parent) => current = parent,
            None => return false,
        }
    }
    false
}

/// The parent of a process, where the system has `/proc` to tell it.
fn parent_of(process: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in parentheses may hold anything; after it come the state and the parent.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// The address of the session's D-Bus: as it says itself, or where systemd puts it. libdbus looks there
/// too, and on the same terms: what is none to us must be none to it, and the other way round.
fn session_bus() -> Option<String> {
    if let Some(address) = var(variables::DBUS_SESSION_BUS_ADDRESS) {
        return address.into_string().ok();
    }
    let socket = PathBuf::from(var(variables::XDG_RUNTIME_DIR)?).join("bus");
    let found = socket.symlink_metadata().ok()?;
    let ours = found.file_type().is_socket() && found.uid() == nix::unistd::getuid().as_raw();
    ours.then(|| format!("unix:path={}", socket.display()))
}

/// The keyring of the session. It asks its user for nothing.
pub fn keyring() -> Keyring {
    Keyring::on(session_bus())
}

/// The user's home, if `HOME` says so.
pub fn home() -> Option<PathBuf> {
    var("HOME").map(PathBuf::from).filter(|home| home.is_absolute())
}

/// The path that a user means by `text`: `~/` at its start is the home.
///
/// # Errors
/// There is no home, or the path would lead through a folder called `~` that does not exist.
pub fn user_path(text: OsString) -> std::result::Result<PathBuf, String> {
    let given = PathBuf::from(text);
    let path = match given.strip_prefix("~") {
        Ok(below) => {
            let home = home().ok_or("HOME is not set, so there is no `~`")?;
            if below.as_os_str().is_empty() { home } else { home.join(below) }
        }
        Err(_) => given,
    };
    let is_stray = |part: &Path| {
        part.components().next_back().is_some_and(|last| last.as_os_str() == "~")
            && part.symlink_metadata().is_err()
    };
    if path.ancestors().any(is_stray) {
        return Err("`~` is the home only at the start of a path".to_owned());
    }
    Ok(path)
}

/// The user's folders.
pub fn folders() -> Folders {
    Folders { home: home(), variable: var }
}

/// This machine's name.
pub fn host_name() -> String {
    nix::unistd::gethostname()
        .ok()
        .and_then(|name| name.into_string().ok())
        .unwrap_or_else(|| "localhost".to_owned())
}

/// How many columns a table may take: the terminal's, or any number where stdout is none.
pub fn width() -> usize {
    if !stdout_is_terminal() {
        return usize::MAX;
    }
    terminal_size::terminal_size().map_or(80, |(terminal_size::Width(columns), _)| usize::from(columns))
}

/// How many columns the terminal has that stderr is, if it is one that knows.
pub fn stderr_width() -> Option<usize> {
    let (terminal_size::Width(columns), _) = terminal_size::terminal_size_of(io::stderr())?;
    Some(usize::from(columns)).filter(|columns| *columns > 0)
}
