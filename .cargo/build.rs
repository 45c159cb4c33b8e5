//! Links the plain Linux build so that it starts faster (CONTRIBUTING.md has the numbers). The static
//! build needs none of this: its flags are in `config.toml`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=.cargo/build.rs");
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
