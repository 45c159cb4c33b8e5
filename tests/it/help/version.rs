//! The version, and the build script that finds out the commit.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::common::process::command;
use crate::home::Home;

#[test]
fn the_long_version_says_commit_and_target_and_the_short_one_does_not() {
    let home = Home::new();
    let short = home.ok(&["-V"]);
    assert_eq!(short, concat!("vastenv ", env!("CARGO_PKG_VERSION"), "\n"));
    let long = home.ok(&["--version"]);
    let built =
        long.strip_prefix(short.trim_end()).and_then(|rest| rest.strip_prefix(" (")).expect("details");
    assert!(built.ends_with(")\n") && built.contains(std::env::consts::ARCH), "{long}");
    assert_eq!(long.lines().count(), 1);
    if Path::new(env!("CARGO_MANIFEST_DIR")).join(".git").exists() {
        let asked = command("git")
            .args(["-C", env!("CARGO_MANIFEST_DIR"), "log", "-1", "--abbrev=7", "--format=%h"])
            .output()
            .expect("git");
        let commit = String::from_utf8(asked.stdout).expect("text");
        assert!(built.starts_with(commit.trim_end()), "{long}: not built from {commit}");
    }
}

/// A package with the build script, run without cargo.
struct Package {
    folder: TempDir,
    script: PathBuf,
}

impl Package {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let script = folder.path().join("build-script");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("build.rs");
        let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let built = command(compiler).args(["--edition", "2024", "-o"]).arg(&script).arg(source).output();
        let built = built.expect("a compiler");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let package = Self { folder, script };
        package.write("package/src/main.rs", "fn main() {}\n");
        package.write("package/README.md", "read me\n");
        package
    }

    fn write(&self, below: &str, text: &str) {
        let path = self.folder.path().join(below);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("written");
    }

    fn git(&self, below: &str, line: &str) {
        let done = command("git")
            .args(["-c", "user.name=n", "-c", "user.email=e@e.invalid", "-c", "commit.gpgsign=false"])
            .args(["-c", "init.defaultBranch=main"])
            .args(line.split(' '))
            .current_dir(self.folder.path().join(below))
            .env_remove("GIT_DIR")
            .env("GIT_COMMITTER_DATE", "2026-05-06T12:00:00Z")
            .output()
            .expect("git");
        assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// What the script tells cargo.
    fn build_in(&self, below: &str, environment: &[(&str, &str)]) -> Vec<String> {
        let mut command = command(&self.script);
        command.current_dir(self.folder.path().join(below));
        command.env_clear().env("PATH", std::env::var_os("PATH").expect("a PATH"));
        command.envs([("CARGO_PKG_VERSION", "1.2.3"), ("TARGET", "here"), ("PROFILE", "debug")]);
        command.envs(environment.iter().copied());
        let output = command.output().expect("started");
        assert!(output.status.success());
        String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
    }

    /// The version, its commit replaced by `COMMIT` if it is that of the clone.
    fn version(&self, below: &str, environment: &[(&str, &str)]) -> String {
        let told = self.build_in(below, environment);
        let set = "cargo:rustc-env=VASTENV_LONG_VERSION=";
        let version = told.iter().find_map(|line| line.strip_prefix(set)).expect("a version").to_owned();
        let asked = command("git")
            .args(["rev-parse", "HEAD"])
            .current_dir(self.folder.path().join(below))
            .output()
            .expect("git");
        let commit = String::from_utf8(asked.stdout).expect("text");
        commit.get(..7).map_or(version.clone(), |commit| version.replace(commit, "COMMIT"))
    }

    /// The files that bring the script back when they change; all of them exist.
    fn watched(&self, below: &str) -> Vec<PathBuf> {
        let folder = self.folder.path().join(below);
        let told = self.build_in(below, &[]);
        let paths = told.iter().filter_map(|line| line.strip_prefix("cargo:rerun-if-changed="));
        let paths: Vec<PathBuf> = paths.map(|path| folder.join(path)).collect();
        for path in &paths {
            assert!(path.exists(), "{} is always newer than the build", path.display());
        }
        paths
    }
}

#[test]
fn a_package_without_a_clone_has_no_commit_even_inside_another_clone() {
    let package = Package::new();
    assert_eq!(package.version("package", &[]), "1.2.3 (here)");
    package.git("", "init");
    package.git("", "add package");
    package.git("", "commit -m other");
    assert_eq!(package.version("package", &[]), "1.2.3 (here)");
}

#[test]
fn a_clone_has_its_commit_and_says_when_something_else_was_built() {
    let package = Package::new();
    package.git("package", "init");
    assert_eq!(package.version("package", &[]), "1.2.3 (here)");
    package.git("package", "add .");
    package.git("package", "commit -m one");
    assert_eq!(package.version("package", &[]), "1.2.3 (COMMIT 2026-05-06, here)");
    // What is not built does not count.
    package.write("package/README.md", "changed\n");
    assert_eq!(package.version("package", &[]), "1.2.3 (COMMIT 2026-05-06, here)");
    for (file, text) in [
        ("src/main.rs", "fn main() { }\n"),
        ("src/new.rs", ""),
        ("Cargo.toml", ""),
        ("completions/_vastenv", ""),
    ] {
        package.write(&format!("package/{file}"), text);
        assert_eq!(package.version("package", &[]), "1.2.3 (COMMIT-dirty 2026-05-06, here)", "{file}");
        package.git("package", "add .");
        package.git("package", "commit -m more");
        assert_eq!(package.version("package", &[]), "1.2.3 (COMMIT 2026-05-06, here)", "{file}");
    }
    // A git that runs the build, or none at all.
    let elsewhere = [("GIT_DIR", "/nowhere"), ("GIT_INDEX_FILE", "/nowhere"), ("GIT_WORK_TREE", "/")];
    assert_eq!(package.version("package", &elsewhere), "1.2.3 (COMMIT 2026-05-06, here)");
    assert_eq!(package.version("package", &[("PATH", "/nowhere")]), "1.2.3 (here)");
}

#[test]
fn every_move_of_head_changes_a_file_that_is_watched() {
    let package = Package::new();
    package.git("package", "init");
    package.git("package", "add .");
    package.git("package", "commit -m one");
    package.git("package", "branch other");
    package.git("package", "worktree add -b third ../worktree");
    for folder in ["package", "worktree"] {
        for moves in [
            "commit --allow-empty -m two",
            "checkout --detach",
            "commit --amend --allow-empty -m three",
            "reset --hard other",
        ] {
            let read = || -> Vec<_> {
                let files = package.watched(folder).into_iter().filter(|path| path.is_file());
                files.map(|path| fs::read(path).expect("read")).collect()
            };
            let before = read();
            package.git(folder, moves);
            assert_ne!(before, read(), "{folder}: {moves}");
        }
    }
    package.git("package", "checkout main");
    package.git("package", "pack-refs --all");
    let watched = package.watched("package");
    package.git("package", "commit --allow-empty -m four");
    let log = watched.iter().find(|path| path.ends_with("logs/HEAD")).expect("a log of HEAD");
    assert!(fs::read_to_string(log).expect("text").ends_with("four\n"));
}
