//! Links the dynamic Linux build so that it starts faster (numbers: benches/README.md), and records the
//! commit in the version. `.cargo/config.toml` has the flags of the static build.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the program is built from: where it differs from the commit, the version says so.
const SOURCES: [&str; 7] = [".cargo", "Cargo.lock", "Cargo.toml", "build.rs", "completions", "shell", "src"];

fn main() {
    for source in SOURCES.iter().filter(|source| Path::new(source).exists()) {
        println!("cargo:rerun-if-changed={source}");
    }
    tell_version();
    link();
}

/// Sets `VASTENV_LONG_VERSION`, and `VASTENV_COMMIT_DATE` where there is a commit.
fn tell_version() {
    let get = |name: &str| env::var(name).unwrap_or_default();
    let mut built = get("TARGET");
    if let Some((commit, date)) = commit() {
        println!("cargo:rustc-env=VASTENV_COMMIT_DATE={date}");
        built = format!("{commit} {date}, {built}");
    }
    println!("cargo:rustc-env=VASTENV_LONG_VERSION={} ({built})", get("CARGO_PKG_VERSION"));
}

/// The commit that is checked out, marked if what is built is not quite that, and its day. None
/// outside a clone: a package that lies in another project's clone has not that project's commit.
fn commit() -> Option<(String, String)> {
    if !Path::new(".git").exists() {
        return None;
    }
    for moves in
        ["HEAD", "logs/HEAD", "packed-refs", &git(&["symbolic-ref", "-q", "HEAD"]).unwrap_or_default()]
    {
        // A file that is not there would count as changed at every build.
        let path = git(&["rev-parse", "--git-path", moves]).filter(|path| Path::new(path).is_file());
        if let Some(path) = path {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    let told = git(&["log", "-1", "--no-show-signature", "--abbrev=7", "--date=short", "--format=%h %cd"])?;
    let (commit, date) = told.split_once(' ')?;
    let changed = git(&[&["--no-optional-locks", "status", "--porcelain", "--"], &SOURCES[..]].concat())?;
    let mark = if changed.is_empty() { "" } else { "-dirty" };
    Some((format!("{commit}{mark}"), date.to_owned()))
}

/// What git answers about the clone in this very folder, whatever a caller's environment points at.
fn git(words: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX"] {
        command.env_remove(variable);
    }
    let asked = command.args(words).output().ok().filter(|asked| asked.status.success())?;
    Some(String::from_utf8(asked.stdout).ok()?.trim().to_owned())
}

/// Sets the linker's flags.
fn link() {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let native = env::var("HOST") == env::var("TARGET") && env::var_os("RUSTC_LINKER").is_none();
    if !(native
        && is("PROFILE", "release")
        && is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu"))
    {
        return;
    }
    // A program at a fixed address has 160 relocations for the loader to do instead of 4,800.
    println!("cargo:rustc-link-arg-bins=-no-pie");
    if let Some(folder) = static_unwinder() {
        println!("cargo:rustc-link-search=native={}", folder.display());
    }
}

/// A folder in which the name of the shared unwinder leads the linker to the compiler's static one:
/// one library less to find, map and bind at every start. None if the compiler has no static one.
fn static_unwinder() -> Option<PathBuf> {
    let asked = Command::new("cc").arg("-print-file-name=libgcc_eh.a").output().ok()?;
    let answer = String::from_utf8(asked.stdout).ok()?;
    let archive = fs::canonicalize(answer.trim()).ok()?;
    let folder = Path::new(&env::var_os("OUT_DIR")?).join("unwinder");
    fs::create_dir_all(&folder).ok()?;
    // A linker script: the linker reads it in place of the library.
    fs::write(folder.join("libgcc_s.so"), format!("INPUT(\"{}\")\n", archive.display())).ok()?;
    Some(folder)
}
