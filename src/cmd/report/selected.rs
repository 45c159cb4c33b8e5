//! What decides which account is meant here, and which of its variables: the profile and the project file.

use serde_json::{Map, Value, json};

use super::{Fact, Facts};
use crate::account::{ProjectState, Trouble};
use crate::context;
use crate::domain::{EnvName, Failure, printable};
use crate::environment::Environment;
use crate::project::Load;

impl Facts<'_> {
    /// Why nobody can say which account is meant, under the heading of what is to be fixed.
    pub(super) fn trouble(&self) -> Option<Fact> {
        let trouble = self.app.machine.selection.trouble.as_ref()?;
        let heading = match trouble {
            Trouble::Config(_) => "settings",
            Trouble::Project(_) => "project",
            Trouble::Profile(_) => "profile",
        };
        let failure = trouble.failure();
        let fact = Fact::bad(heading, failure);
        Some(match trouble {
            Trouble::Config(_) => fact.field("settings_failure", failure.message()),
            Trouble::Project(_) => fact.field("project", self.refused_project(failure)),
            Trouble::Profile(_) => fact.field("profile_failure", failure.message()),
        })
    }

    fn refused_project(&self, failure: &Failure) -> Value {
        json!({"path": self.project_path(), "state": "refused", "why": failure.message()})
    }

    fn project_path(&self) -> String {
        let file = self.app.machine.selection.project.file.as_ref();
        file.map_or_else(String::new, |file| file.display().to_string())
    }

    /// The profile in force, or why the one that is named is not.
    pub(super) fn profile(&self) -> Option<Fact> {
        let selection = &self.app.machine.selection;
        let Some(chosen) = &selection.profile else {
            let note = selection.notes.first()?;
            return Some(Fact::new("profile", note).field("profile", Value::Null));
        };
        let (name, by) = (printable(&chosen.name), chosen.by.to_string());
        let field = json!({"name": chosen.name, "chosen_by": by});
        let mut fact = Fact::new("profile", format!("{name} ({by})")).field("profile", field);
        fact.details.clone_from(&selection.notes);
        Some(fact)
    }

    /// The project file of this folder, and what it does here.
    pub(super) fn project(&self) -> Option<Fact> {
        let found = &self.app.machine.selection.project;
        found.file.as_ref()?;
        let path = self.project_path();
        let (project, is_allowed, waiting) = match &found.state {
            ProjectState::None => {
                let text = format!("{path}, not used: denied, or put there by another user");
                let field = json!({"path": path, "state": "ignored"});
                return Some(Fact::new("project", text).field("project", field));
            }
            ProjectState::Unusable(failure) => {
                let field = self.refused_project(failure);
                return Some(Fact::bad("project", failure).field("project", field));
            }
            ProjectState::InForce { project, is_allowed, waiting } => (project, *is_allowed, waiting),
        };
        let (state, text) = match (is_allowed, waiting.is_empty()) {
            (true, _) => ("allowed", format!("{path}, allowed")),
            (false, true) => ("in force", path.clone()),
            (false, false) => ("waiting", format!("{path}, not allowed: {} not used", waiting.join(", "))),
        };
        let mut fact = Fact::new("project", text);
        if !waiting.is_empty() {
            fact = fact.next("vastenv allow");
        }
        let load = if project.load == Load::Run { "run" } else { "shell" };
        let mut field = json!({"path": path, "state": state, "waiting": waiting, "load": load});
        if let Some(environment) = self.environment() {
            let done = Done(environment);
            fact.details = done.lines();
            let is_set =
                |name: &str| EnvName::parse(name).is_ok_and(|name| context::bytes_var(&name).is_some());
            let unmet = self.app.machine.selection.unmet_notice(environment, is_set);
            fact.details.extend(unmet.map(|failure| failure.message().to_owned()));
            if let Some(field) = field.as_object_mut() {
                field.extend(done.fields());
            }
        }
        Some(fact.field("project", field))
    }
}

/// What a project does to an account.
struct Done<'e>(&'e Environment);

impl Done<'_> {
    fn lines(&self) -> Vec<String> {
        let Environment { former, from_project, left_out, notes, .. } = self.0;
        let renamed = former.iter().map(|(new, old)| format!("{} = {}", printable(new), printable(old)));
        let shown = |names: Vec<String>| names.join(", ");
        let lists = [
            ("leaves out", left_out.iter().map(|name| printable(name)).collect()),
            ("renames", renamed.collect()),
            ("sets", from_project.iter().cloned().collect::<Vec<_>>()),
        ];
        let lists = lists.into_iter().filter(|(_, names)| !names.is_empty());
        let lists = lists.map(|(what, names)| format!("{what}: {}", shown(names)));
        lists.chain(notes.iter().cloned()).collect()
    }

    fn fields(&self) -> Map<String, Value> {
        let Environment { former, from_project, left_out, notes, .. } = self.0;
        let fields = [
            ("left_out", json!(left_out)),
            ("renamed", json!(former)),
            ("set", json!(from_project)),
            ("notes", json!(notes)),
        ];
        fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}
