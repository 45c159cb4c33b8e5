//! `vastenv allow`: shows what a project file adds, and lets it count from now on.

use std::path::Path;

use serde_json::json;

use super::place::find;
use crate::account::{Machine, ProjectFile, Trouble, TrustState};
use crate::cli::{Allow, Global};
use crate::cmd::app::open_machine;
use crate::context;
use crate::domain::{Result, count, printable};
use crate::environment::refusal;
use crate::project::{Line, Project, changes};
use crate::ui::{Table, Ui};

/// Allows a project file as it is now, lists what was decided, or forgets what is gone.
pub(crate) fn allow(mut global: Global, arguments: &Allow, ui: Ui) -> Result<()> {
    let machine = open_machine(context::paths()?, &mut global);
    if arguments.list {
        return list(&machine, ui);
    }
    if arguments.prune {
        return prune(&machine, ui);
    }
    let place = find(arguments.place.as_deref())?;
    let file = machine.project_file(&place)?;
    if !ui.raw {
        show(&file, ui)?;
    }
    machine.allow(&file)?;
    machine.take_notes().iter().for_each(|note| ui.warn(note));
    if ui.raw {
        let (path, adds) = (place.display().to_string(), file.project.added_lines());
        ui.json(&json!({"path": path, "state": TrustState::Allowed.name(), "adds": adds}))?;
    } else {
        ui.say(&format!("allowed {}", place.display()));
    }
    warn(&machine, &file.project, ui);
    Ok(())
}

/// Says what of an allowed file does nothing for now.
fn warn(machine: &Machine, project: &Project, ui: Ui) {
    if let Some(Trouble::Config(failure)) = &machine.selection.trouble {
        return ui.warn_of(failure);
    }
    let config = &machine.selection.config;
    for name in project.new_names().iter().filter(|name| !config.allow.contains(name.as_str())) {
        if let Some(group) = refusal(name) {
            ui.warn(&format!("{name} is refused: {}", group.reason()));
        }
    }
    let profile = project.profile.as_deref();
    if let Some(unknown) = profile.filter(|name| !config.profiles.contains_key(*name)) {
        ui.warn(&format!("there is no profile {}: `vastenv profile add`", printable(unknown)));
    }
}

/// Shows what was edited since the file was allowed or, for the first time, what it adds.
fn show(file: &ProjectFile, ui: Ui) -> Result<()> {
    match &file.allowed {
        Some(allowed) => {
            changes(allowed.expose(), file.content.expose()).into_iter().try_for_each(|line| match line {
                Line::Gap => ui.line_in("36", "…"),
                Line::Same(text) => ui.line(&shown(' ', text)),
                Line::Removed(text) => ui.line_in("31", &shown('-', text)),
                Line::Added(text) => ui.line_in("32", &shown('+', text)),
            })
        }
        None => file.project.added_lines().iter().try_for_each(|line| ui.line_in("32", &format!("+{line}"))),
    }
}

fn shown(mark: char, line: &str) -> String {
    format!("{mark}{}", line.trim_end_matches('\n'))
}

fn list(machine: &Machine, ui: Ui) -> Result<()> {
    let decided = machine.decided_projects();
    if ui.raw {
        let as_json = |path: &Path, state: TrustState| json!({"path": path.display().to_string(), "state": state.name()});
        return ui.json(&decided.iter().map(|(path, state)| as_json(path, *state)).collect());
    }
    if decided.is_empty() {
        ui.say("no project file was allowed or denied");
        return Ok(());
    }
    let mut table = Table::new(&["STATE", "FILE"]);
    for (path, state) in &decided {
        table.row(&[state.name(), &path.display().to_string()]);
    }
    table.render(context::width()).lines().try_for_each(|line| ui.report(line))
}

fn prune(machine: &Machine, ui: Ui) -> Result<()> {
    let gone = machine.forget_gone_projects()?;
    if ui.raw {
        return ui.json(&gone.iter().map(|path| path.display().to_string()).collect());
    }
    ui.say(&format!("forgot {}", count(gone.len(), "file")));
    Ok(())
}
