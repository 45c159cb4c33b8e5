//! The project and the settings in force, as they count for shells and for programs.

use super::select::Selection;
use crate::config::Scope;
use crate::domain::{EnvName, Failure, Secret, printable_capped};
use crate::environment::{
    Environment, Layer, NotForShells, Patterns, Rules, SetVariable, Sources, Why, missing_in_project,
};
use crate::project::{Load, Template};

impl Selection {
    /// The names of which an environment's own value stays.
    pub(crate) fn keep(&self) -> Patterns {
        let keep = &self.config.keep;
        self.project.in_force().map_or_else(|| keep.clone(), |project| keep.with(&project.keep))
    }

    /// How messages call the project file that counts.
    pub(crate) fn project_file(&self) -> Option<String> {
        self.project.in_force()?;
        self.project.file.as_ref().map(|file| file.display().to_string())
    }

    /// What is not for shells here; `None` where everything is.
    pub(super) fn not_for_shells(&self) -> Option<NotForShells> {
        let is_for_run = self.project.in_force().is_some_and(|project| project.load == Load::Run);
        let all = if self.config.scope == Scope::Projects && !self.project.is_allowed() {
            Some(Why::OutsideProjects)
        } else {
            is_for_run.then_some(Why::ProjectForRun)
        };
        let run_only = self.config.run_only.clone();
        (all.is_some() || !run_only.is_empty()).then_some(NotForShells { run_only, all })
    }

    /// What the project makes of `sources`.
    pub(super) fn layer(&self, sources: Sources<'_>, rules: &Rules) -> Option<Layer<'_>> {
        let project = self.project.in_force()?;
        let own = sources.launch.own(sources.known, rules);
        let find = |name: &str| {
            let of_account = sources.known.and_then(|known| known.find(name));
            let of_launch = || EnvName::parse(name).ok().and_then(|name| own.get_key_value(&name));
            match of_account {
                Some(variable) => Some((variable.name.to_owned(), variable.value)),
                None => of_launch().map(|(name, value)| (name.as_str().to_owned(), Some(*value))),
            }
        };
        let set = |(name, template): (&EnvName, &Template)| (name.clone(), set(template, &find));
        Some(Layer {
            file: self.project_file()?,
            filters: &project.filters,
            set: project.set.iter().map(set).collect(),
        })
    }

    /// What a shell's user should hear of a project's `require`; `has` tells what the shell itself has.
    pub(crate) fn unmet_notice(
        &self,
        environment: &Environment,
        has: impl Fn(&str) -> bool,
    ) -> Option<Failure> {
        let project = self.project.in_force()?;
        let required = missing_in_project(environment, &project.filters, has).required;
        let names: Vec<String> =
            required.iter().map(|(name, why)| format!("{} ({why})", printable_capped(name, 80))).collect();
        (!names.is_empty()).then(|| {
            Failure::failed(format!(
                "{} requires {}",
                self.project_file().unwrap_or_default(),
                names.join(", ")
            ))
            .about(required.into_iter().map(|(name, _)| name).collect())
            .hint("see why: vastenv status")
        })
    }
}

/// A text with the values that `find` finds, each with the variable's own name.
fn set<'v>(template: &Template, find: &impl Fn(&str) -> Option<(String, Option<&'v Secret>)>) -> SetVariable {
    let value = |name: &str| find(name).and_then(|(_, value)| value);
    let unfilled = || {
        let names: Vec<&str> = template.names().filter(|name| value(name).is_none()).collect();
        let are_hidden = names.iter().any(|name| find(name).is_some());
        let names = names.into_iter().map(|name| find(name).map_or(name.to_owned(), |(name, _)| name));
        Why::Unfilled { names: names.collect(), are_hidden }
    };
    SetVariable {
        value: template.fill(value).map_err(|_| unfilled()),
        made_of: template.names().filter_map(find).map(|(name, _)| name).collect(),
    }
}
