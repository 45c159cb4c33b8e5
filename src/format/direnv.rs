//! Code for an `.envrc`: bash, and what makes direnv load it again.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::{Format, Variables};
use crate::domain::Result;
use crate::shell::BASH;

pub(super) struct Direnv;

impl Format for Direnv {
    fn name(&self) -> &'static str {
        "direnv"
    }

    fn about(&self) -> &'static str {
        "for .envrc: assignments, and direnv reloads on a change"
    }

    fn render(&self, variables: &Variables) -> Result<Vec<u8>> {
        BASH.render(variables)
    }

    fn watch(&self, generation: &Path, files: &[PathBuf]) -> Option<Vec<u8>> {
        let quoted = |path: &Path| BASH.quote(path.as_os_str().as_bytes());
        let generation = quoted(generation);
        let files: Vec<u8> =
            files.iter().flat_map(|file| [b" ".as_slice(), &quoted(file)].concat()).collect();
        let lines = [b"watch_file ".as_slice(), &generation, &files, b"\n"].concat();
        // A generation that went meanwhile never comes back: what is watched must go later.
        let again = [
            b"[[ -e ".as_slice(),
            &generation,
            b" ]] || { : >|",
            &generation,
            b"; watch_file ",
            &generation,
            b"; rm -f ",
            &generation,
            b"; } 2>/dev/null\n",
        ];
        Some([lines, again.concat()].concat())
    }

    /// direnv goes on after a line that fails. A terminal is not closed.
    fn failure(&self) -> &'static [u8] {
        b"[[ $- == *i* ]] || exit 1\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_one_word() {
        let text = Direnv.watch(Path::new("/s/gen-1"), &["/it's".into(), "/a b".into()]).expect("lines");
        let text = String::from_utf8(text).expect("text");
        assert!(text.starts_with("watch_file '/s/gen-1' $'/it\\'s' '/a b'\n"), "{text}");
    }
}
