//! `vastenv hook SHELL`: the text for a shell's start-up file; `--install` and `--remove` put the line
//! that loads it there, and take it away.

use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use serde_json::json;

use crate::cli::Hook;
use crate::context::{self, variables};
use crate::domain::{Failure, Result};
use crate::files::{read_text_at, read_to_replace, replace, write_public};
use crate::process::find_program;
use crate::shell::{self, Shell};
use crate::ui::Ui;

/// The most that is read of a file of login shells, in bytes.
const LARGEST_LOGIN_FILE: usize = 256 * 1024;

/// Prints the hook, or changes the start-up file.
pub(crate) fn hook(arguments: &Hook, ui: Ui) -> Result<()> {
    if !arguments.install && !arguments.remove {
        return print_hook(&arguments.shell, ui);
    }
    let shell = find(&arguments.shell)?;
    let file = StartUpFile::read(shell)?;
    if arguments.install { file.install(ui) } else { file.remove(ui) }
}

/// Prints the hook of the shell called `name`.
///
/// # Errors
/// There is no hook for it, or no shell that lives on: what direnv would take over of it is the ledger.
pub(crate) fn print_hook(name: &str, ui: Ui) -> Result<()> {
    if context::var(variables::DIRENV_IN_ENVRC).is_some() {
        return Err(Failure::failed("the hook does not work in .envrc")
            .hint("load the variables there: eval \"$(vastenv export direnv)\""));
    }
    ui.data(&find(name)?.hook(context::own_path()?.as_os_str().as_bytes()))
}

fn find(name: &str) -> Result<Shell> {
    shell::parse(name).ok_or_else(|| Failure::usage("no hook for this shell"))
}

/// A shell's start-up file as it is.
struct StartUpFile {
    shell: Shell,
    /// Where the shell looks for it.
    path: PathBuf,
    /// The same, as its user calls it.
    shown: String,
    /// Where it really is; `None` if it does not exist.
    real: Option<PathBuf>,
    text: Vec<u8>,
}

impl StartUpFile {
    fn read(shell: Shell) -> Result<Self> {
        let (path, shown) = shell.start_file().find(&context::folders());
        let path = path.ok_or_else(|| {
            Failure::failed(format!("HOME is not set, so {shown} cannot be found"))
                .hint("set HOME to your home folder")
        })?;
        let (real, text) = read_to_replace(&path)?.unzip();
        Ok(Self { shell, path, shown, real, text: text.unwrap_or_default() })
    }

    fn install(&self, ui: Ui) -> Result<()> {
        let line = self.shell.hook_line();
        if let Some(number) = self.shell.line_with_hook(&self.text) {
            let line = format!("{} loads the hook already, line {number}", self.name());
            self.report(ui, false, &[line])?;
            self.warn_of_logins(ui);
            return Ok(());
        }
        self.write(&self.shell.with_hook(&self.text))?;
        let done = format!("added to {}: {line}", self.name());
        self.report(ui, true, &[done, format!("new shells load it; in this one: {}", self.restart())])?;
        if find_program("vastenv".as_ref(), &context::var("PATH").unwrap_or_default()).is_none() {
            let folder = context::own_path()?;
            let folder = folder.parent().unwrap_or(&folder).display().to_string();
            ui.warn(&format!("vastenv is not in PATH: before that line, add {folder} to PATH"));
        }
        self.warn_of_logins(ui);
        Ok(())
    }

    /// A login over ssh and a pane of tmux read another file, which should read this one.
    fn warn_of_logins(&self, ui: Ui) {
        let Some(home) = context::folders().home else { return };
        let files = self.shell.login_files();
        let Some(first) = files.iter().find(|file| home.join(file).exists()).or(files.first()) else {
            return;
        };
        let path = home.join(first);
        if path.is_file() {
            let text = read_text_at(&path, LARGEST_LOGIN_FILE);
            if text.map_or(true, |text| text.contains("bashrc") || text.contains("vastenv hook")) {
                return;
            }
        }
        ui.warn(&format!(
            "login shells (ssh, tmux) do not load {}: add to ~/{first}: [ -z \"$BASH_VERSION\" ] || . {}",
            self.shown, self.shown
        ));
    }

    fn remove(&self, ui: Ui) -> Result<()> {
        let without = self.shell.without_hook(&self.text);
        let is_changed = without != self.text;
        if is_changed {
            self.write(&without)?;
        }
        if let Some(number) = self.shell.line_with_hook(&without) {
            return Err(Failure::failed(format!(
                "{} still loads the hook, in another way: line {number}",
                self.name()
            ))
            .hint("edit that line by hand"));
        }
        if !is_changed {
            return self.report(ui, false, &[format!("{} does not load the hook", self.name())]);
        }
        let done = format!("removed from {}: {}", self.name(), self.shell.hook_line());
        self.report(ui, true, &[done, format!("this shell keeps the hook until: {}", self.restart())])
    }

    /// What the file is called, and where it is if a link leads there.
    fn name(&self) -> String {
        match &self.real {
            Some(real) if *real != self.path => format!("{} ({})", self.shown, real.display()),
            _ => self.shown.clone(),
        }
    }

    fn restart(&self) -> String {
        format!("exec {}", self.shell.name())
    }

    fn write(&self, text: &[u8]) -> Result<()> {
        match &self.real {
            Some(real) => replace(real, text),
            None => write_public(&self.path, text),
        }
    }

    fn report(&self, ui: Ui, changed: bool, lines: &[String]) -> Result<()> {
        if ui.raw {
            let real = self.real.as_deref().unwrap_or(&self.path);
            return ui.json(&json!({
                "path": self.path.to_string_lossy(),
                "file": real.to_string_lossy(),
                "line": self.shell.hook_line(),
                "changed": changed,
            }));
        }
        for line in lines {
            ui.say(line);
        }
        Ok(())
    }
}
