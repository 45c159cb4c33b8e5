//! `vastenv completions SHELL`: the script that completes vastenv's command line at TAB.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use clap_complete::{Generator, Shell as Generated, generate};
use serde_json::json;

use super::this_shell::start_file;
use crate::cli::{Cli, Completions};
use crate::context;
use crate::domain::{Failure, Result};
use crate::files::write_public;
use crate::shell::Shell;
use crate::ui::Ui;

/// A shell with its script. For bash, zsh and fish they are ours (`cmd::complete` says why), for the
/// other two what `clap_complete` makes of the commands.
enum Script {
    Ours { file: &'static str, text: &'static str },
    Generated(Generated),
}

impl Script {
    fn of(shell: &str) -> Option<Self> {
        Some(match shell {
            "bash" => {
                Self::Ours { file: "vastenv.bash", text: include_str!("../../completions/vastenv.bash") }
            }
            "zsh" => Self::Ours { file: "_vastenv", text: include_str!("../../completions/_vastenv") },
            "fish" => {
                Self::Ours { file: "vastenv.fish", text: include_str!("../../completions/vastenv.fish") }
            }
            "elvish" => Self::Generated(Generated::Elvish),
            "powershell" => Self::Generated(Generated::PowerShell),
            _ => return None,
        })
    }

    fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        generate(self, &mut Cli::command(), "vastenv", &mut text);
        text
    }
}

impl Generator for &Script {
    fn file_name(&self, name: &str) -> String {
        match self {
            Script::Ours { file, .. } => (*file).to_owned(),
            Script::Generated(shell) => shell.file_name(name),
        }
    }

    fn generate(&self, command: &Command, out: &mut dyn Write) {
        // What it writes to is memory.
        let _ = self.try_generate(command, out);
    }

    fn try_generate(&self, command: &Command, out: &mut dyn Write) -> std::io::Result<()> {
        match self {
            Script::Ours { text, .. } => out.write_all(text.as_bytes()),
            Script::Generated(shell) => shell.try_generate(command, out),
        }
    }
}

/// What every version of a script has in it, and no other program's file.
const MARKS: [&str; 3] = [
    "# TAB completion of vastenv for ",
    "set edit:completion:arg-completer[vastenv] ",
    "Register-ArgumentCompleter -Native -CommandName 'vastenv' ",
];

/// Prints the script, or puts it where the shell looks for it; `yes` replaces what else is there.
pub fn completions(arguments: &Completions, ui: Ui, yes: bool) -> Result<()> {
    let script = Script::of(&arguments.shell)
        .ok_or_else(|| Failure::usage("there is no completion for this shell"))?;
    if arguments.install {
        return install(arguments, &script, ui, yes);
    }
    ui.data(&script.text())
}

fn install(arguments: &Completions, script: &Script, ui: Ui, yes: bool) -> Result<()> {
    let place = if let Some(folder) = &arguments.dir {
        Place::chosen(&arguments.shell, script, &absolute(folder))
    } else {
        let place = Place::usual(&arguments.shell, script)?;
        stay_at_home(&place.file)?;
        place
    };
    if !yes {
        keep_others(&place.file)?;
    }
    write_public(&place.file, &script.text())?;
    if ui.raw {
        return ui.json(&json!({"path": place.file.to_string_lossy(), "next": place.next}));
    }
    ui.say(&format!("installed {}", place.file.display()));
    ui.say(&place.next);
    Ok(())
}

/// Refuses to replace a file that no version of vastenv wrote.
fn keep_others(file: &Path) -> Result<()> {
    // What is no file (a pipe, say) is not opened.
    let text = match std::fs::metadata(file) {
        Err(_) => return Ok(()),
        Ok(metadata) if metadata.is_file() => std::fs::read(file).unwrap_or_else(|_| b"unread".to_vec()),
        Ok(_) => b"no file".to_vec(),
    };
    let text = String::from_utf8_lossy(&text);
    let is_ours = text.lines().take(10).any(|line| MARKS.iter().any(|mark| line.starts_with(mark)));
    if is_ours || text.trim().is_empty() {
        return Ok(());
    }
    Err(Failure::failed(format!("{} is there already, and not from vastenv", file.display()))
        .hint("replace it with -y, or choose another folder with --dir"))
}

fn absolute(folder: &Path) -> PathBuf {
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
}

/// Where a script is put, and what makes the shell find it there.
struct Place {
    file: PathBuf,
    next: String,
}

impl Place {
    /// In the folder where the shell looks.
    fn usual(shell: &str, script: &Script) -> Result<Self> {
        let below = |variable: &str, folder: &str| {
            context::folder_var(variable).or_else(|| Some(context::home()?.join(folder)))
        };
        let data = || below("XDG_DATA_HOME", ".local/share");
        let config = || below("XDG_CONFIG_HOME", ".config");
        let folder = match shell {
            "bash" => bash_folder()
                .or_else(|| Some(data()?.join("bash-completion")))
                .map(|folder| folder.join("completions")),
            "zsh" => zsh_folder(data()),
            "fish" => config().map(|config| config.join("fish/completions")),
            "elvish" => config().map(|config| config.join("elvish/lib")),
            _ => config().map(|config| config.join("powershell")),
        };
        let folder = folder.ok_or_else(|| {
            Failure::failed(format!("HOME is not set, so there is no usual place for {shell}'s completions"))
                .hint(format!("say where: vastenv completions {shell} --install --dir DIR"))
        })?;
        Ok(Self::in_folder(shell, script, &folder, true))
    }

    /// In a folder that the user names.
    fn chosen(shell: &str, script: &Script, folder: &Path) -> Self {
        Self::in_folder(shell, script, folder, false)
    }

    fn in_folder(shell: &str, script: &Script, folder: &Path, is_usual: bool) -> Self {
        // bash-completion looks for a file that is called like the command.
        let name = if shell == "bash" { "vastenv".to_owned() } else { script.file_name("vastenv") };
        let file = folder.join(name);
        let quoted = |path: &Path| shell_escape::escape(path.to_string_lossy()).into_owned();
        let next = match shell {
            "bash" if is_usual => format!(
                "new shells with the bash-completion package load it; without the package, or for aliases \
                 too, put this at the end of ~/.bashrc: . {}",
                quoted(&file)
            ),
            "zsh" => format!(
                "if it does not work in a new shell, put this into {} before `compinit` is called: \
                 fpath=({} $fpath)",
                start_file(Shell::Zsh).1.trim_matches('"'),
                quoted(folder)
            ),
            "fish" if is_usual => "new shells load it".to_owned(),
            "elvish" if is_usual => "put this into rc.elv: use vastenv".to_owned(),
            "elvish" => "put this into rc.elv: eval (slurp < FILE), with its path".to_owned(),
            "bash" => format!("put this at the end of ~/.bashrc: . {}", quoted(&file)),
            "fish" => format!("put this into config.fish: source {}", quoted(&file)),
            _ => format!("put this into your $PROFILE: . {}", quoted(&file)),
        };
        Self { file, next }
    }
}

/// The first of the folders that bash-completion was told to look in.
fn bash_folder() -> Option<PathBuf> {
    let listed = context::text_var("BASH_COMPLETION_USER_DIR")?;
    listed.split(':').map(PathBuf::from).find(|folder| folder.is_absolute())
}

/// The first folder below the home in zsh's exported `FPATH`, or `~/.zfunc` where that is in use, or
/// zsh's folder among the user's data.
fn zsh_folder(data: Option<PathBuf>) -> Option<PathBuf> {
    let home = context::home();
    let listed = context::text_var("FPATH").unwrap_or_default();
    let own = listed.split(':').map(PathBuf::from).find(|folder| {
        folder.is_dir() && home.as_ref().is_some_and(|home| folder.starts_with(home) && folder != home)
    });
    let usual = home.map(|home| home.join(".zfunc")).filter(|folder| folder.is_dir());
    own.or(usual).or_else(|| Some(data?.join("zsh/site-functions")))
}

/// Refuses a place that is outside the home once all links on the way are followed.
fn stay_at_home(file: &Path) -> Result<()> {
    let existing = file.ancestors().skip(1).find_map(|folder| folder.canonicalize().ok());
    let home = context::home().and_then(|home| home.canonicalize().ok());
    match (existing, home) {
        (Some(folder), Some(home)) if folder.starts_with(&home) => Ok(()),
        _ => {
            let folder = file.parent().unwrap_or(file);
            let quoted = shell_escape::escape(folder.to_string_lossy());
            Err(Failure::failed(format!("{} is outside of your home", folder.display()))
                .hint(format!("if that is right, say so: --dir {quoted}")))
        }
    }
}
