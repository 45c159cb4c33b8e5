//! `vastenv completions SHELL`: the script that completes vastenv's command line at TAB.

use std::path::{Path, PathBuf};

use clap::{CommandFactory, ValueEnum};
use clap_complete::{Shell as Generated, generate};
use serde_json::json;

use crate::cli::{Cli, Completions};
use crate::context;
use crate::domain::{Failure, Result};
use crate::files::write_public;
use crate::shell::{Completion, Folders, completion};
use crate::ui::Ui;

/// Prints the script, or puts it where the shell looks for it; `yes` replaces what else is there.
pub(crate) fn completions(arguments: &Completions, ui: Ui, yes: bool) -> Result<()> {
    let unknown = || Failure::usage("no completion for this shell");
    let completion = completion(&arguments.shell).ok_or_else(unknown)?;
    let text = match completion.text {
        Some(text) => text.as_bytes().to_vec(),
        None => made(Generated::from_str(completion.shell, true).map_err(|_| unknown())?),
    };
    if arguments.install {
        return install(arguments, &completion, &text, ui, yes);
    }
    ui.data(&text)
}

/// What `clap_complete` makes of the commands.
fn made(shell: Generated) -> Vec<u8> {
    let mut text = Vec::new();
    generate(shell, &mut Cli::command(), "vastenv", &mut text);
    text
}

fn install(arguments: &Completions, completion: &Completion, text: &[u8], ui: Ui, yes: bool) -> Result<()> {
    let folders = context::folders();
    let file = if let Some(folder) = &arguments.dir {
        std::path::absolute(folder).unwrap_or_else(|_| folder.clone()).join(completion.file)
    } else {
        let file = usual_folder(completion, &folders)?.join(completion.file);
        stay_at_home(&file)?;
        file
    };
    if !yes {
        keep_others(&file, completion.mark)?;
    }
    write_public(&file, text)?;
    let next = (completion.next)(&folders, &file, arguments.dir.is_none());
    if ui.raw {
        return ui.json(&json!({"path": file.to_string_lossy(), "next": next}));
    }
    ui.say(&format!("installed {}", file.display()));
    ui.say(&next);
    Ok(())
}

/// The first folder that exists of those where the shell looks, or else the last.
fn usual_folder(completion: &Completion, folders: &Folders) -> Result<PathBuf> {
    let mut known = (completion.folders)(folders);
    let existing = known.iter().position(|folder| folder.is_dir());
    known.truncate(existing.map_or(known.len(), |at| at + 1));
    known.pop().ok_or_else(|| {
        let shell = completion.shell;
        Failure::failed(format!("HOME is not set, so {shell}'s folder for completions is unknown"))
            .hint(format!("choose a folder: vastenv completions {shell} --install --dir DIR"))
    })
}

/// Refuses to replace a file that no version of vastenv wrote.
fn keep_others(file: &Path, mark: &str) -> Result<()> {
    // What is not a file (a pipe, say) is not opened.
    let text = match std::fs::metadata(file) {
        Err(_) => return Ok(()),
        Ok(metadata) if metadata.is_file() => std::fs::read(file).unwrap_or_else(|_| b"unread".to_vec()),
        Ok(_) => b"no file".to_vec(),
    };
    let text = String::from_utf8_lossy(&text);
    let is_ours = text.lines().take(10).any(|line| line.starts_with(mark));
    if is_ours || text.trim().is_empty() {
        return Ok(());
    }
    Err(Failure::failed(format!("{} exists and is not vastenv's", file.display()))
        .hint("add --yes to replace it, or choose another folder with --dir"))
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
            Err(Failure::failed(format!("{} is outside your home", folder.display()))
                .hint(format!("to install there: --dir {quoted}")))
        }
    }
}
