//! Code for an `.envrc`: bash, and what makes direnv load it again.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::{Format, Variables, WatchLines};
use crate::domain::Result;
use crate::shell::BASH;

pub(super) struct Direnv;

impl Format for Direnv {
    fn name(&self) -> &'static str {
        "direnv"
    }

    fn about(&self) -> &'static str {
        "assignments for .envrc, reloaded when they change"
    }

    fn render(&self, variables: &Variables) -> Result<Vec<u8>> {
        BASH.render(variables)
    }

    fn watch(&self) -> Option<WatchLines> {
        Some(watch_lines)
    }

    /// direnv goes on after a line that fails. A terminal is not closed.
    fn failure(&self) -> &'static [u8] {
        b"[[ $- == *i* ]] || exit 1\n"
    }
}

fn watch_lines(generation: &Path, files: &[PathBuf]) -> Vec<u8> {
    // ASCII, as every quoted word is.
    let quoted = |path: &Path| String::from_utf8_lossy(&BASH.quote(path.as_os_str().as_bytes())).into_owned();
    let generation = quoted(generation);
    let files: Vec<String> = files.iter().map(|file| quoted(file)).collect();
    let files = files.join(" ");
    // A generation that went meanwhile never comes back: what is watched must go later.
    let again = format!("{{ : >|{generation}; watch_file {generation}; rm -f {generation}; }} 2>/dev/null");
    format!("watch_file {generation} {files}\n[[ -e {generation} ]] || {again}\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_one_word() {
        let text = watch_lines(Path::new("/s/gen-1"), &["/it's".into(), "/a b".into()]);
        let text = String::from_utf8(text).expect("text");
        assert!(text.starts_with("watch_file '/s/gen-1' $'/it\\'s' '/a b'\n"), "{text}");
    }
}
