//! The scripts that complete at TAB: those of the shells that have a hook, written by hand
//! (`cmd::complete` says why), and two that `clap_complete` makes of the commands.

use std::path::{Path, PathBuf};

use super::{ALL, Folders};

/// A shell's completion script.
pub struct Completion {
    /// The shell, as the user types it.
    pub shell: &'static str,
    /// Its text; `None` where `clap_complete` makes it.
    pub text: Option<&'static str>,
    /// The name of its file where the shell looks.
    pub file: &'static str,
    /// How a line begins that every version of it has, and no other program's file.
    pub mark: &'static str,
    /// The folders where the shell looks: it is put into the first that exists, or else the last.
    pub folders: fn(&Folders) -> Vec<PathBuf>,
    /// What its user has to do for the file, which is in the usual place or not.
    pub next: fn(&Folders, &Path, bool) -> String,
}

/// What our own scripts begin with.
pub(super) const MARK: &str = "# TAB completion of vastenv for ";

const ELVISH: Completion = Completion {
    shell: "elvish",
    text: None,
    file: "vastenv.elv",
    mark: "set edit:completion:arg-completer[vastenv] ",
    folders: |folders| folders.config().map(|config| config.join("elvish/lib")).into_iter().collect(),
    next: |_, _, is_usual| {
        let line = if is_usual { "use vastenv" } else { "eval (slurp < FILE), with its path" };
        format!("put this into rc.elv: {line}")
    },
};

const POWERSHELL: Completion = Completion {
    shell: "powershell",
    text: None,
    file: "_vastenv.ps1",
    mark: "Register-ArgumentCompleter -Native -CommandName 'vastenv' ",
    folders: |folders| folders.config().map(|config| config.join("powershell")).into_iter().collect(),
    next: |_, file, _| format!("put this into your $PROFILE: . {}", word(file)),
};

/// All of them, in the order in which help shows them.
pub fn completions() -> impl Iterator<Item = Completion> {
    ALL.iter().map(|shell| shell.completion()).chain([ELVISH, POWERSHELL])
}

/// The one for the shell called `name`.
pub fn completion(name: &str) -> Option<Completion> {
    completions().find(|completion| completion.shell == name)
}

/// A path as a word of a command line.
pub(super) fn word(path: &Path) -> String {
    shell_escape::escape(path.to_string_lossy()).into_owned()
}
