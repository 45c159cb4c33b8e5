//! From what an account and a container say to what a shell or a program gets: a project narrows, renames and
//! sets, flags narrow that further, and the name rules judge what is left.

use std::collections::{BTreeMap, BTreeSet};

use super::resolve::{Candidate, resolve_named};
use super::{
    Environment, Filters, KnownVariables, Launch, Origin, Provenance, Rules, Variable, Why, resolve,
};
use crate::domain::{EnvName, Result, Secret};

/// Where variables come from.
#[derive(Clone, Copy)]
pub struct Sources<'s> {
    /// The account's, where one is known.
    pub known: Option<&'s KnownVariables>,
    /// What the container was launched with.
    pub launch: &'s Launch,
}

/// What a project makes of them.
#[derive(Clone, Debug)]
pub struct Layer<'l> {
    /// Its file, as messages call it.
    pub file: String,
    pub filters: &'l Filters,
    pub set: BTreeMap<EnvName, SetVariable>,
}

/// A variable that a project sets.
#[derive(Clone, Debug)]
pub struct SetVariable {
    /// Its value, or why it has none.
    pub value: std::result::Result<Secret, Why>,
    /// The names in its text.
    pub made_of: Vec<String>,
}

/// What there is of `sources` by way of `layer` and `flags`, each if there is one.
///
/// # Errors
/// Two variables would have the same name, or a flag names what is not there.
pub fn assemble(
    sources: Sources<'_>,
    rules: &Rules,
    layer: Option<&Layer<'_>>,
    flags: Option<&Filters>,
) -> Result<Environment> {
    if layer.is_none() && flags.is_none() {
        return Ok(resolve_all(sources, rules));
    }
    let own = sources.launch.own(sources.known, rules);
    let mut named: BTreeMap<String, Variable<'_>> =
        all(sources, &own).map(|variable| (variable.name.to_owned(), variable)).collect();
    let mut notes = Vec::new();
    if let Some(layer) = layer {
        let filtered = layer.filters.apply(named, Origin::Project(&layer.file))?;
        (named, notes) = (filtered.variables, filtered.notes);
        named.extend(layer.set.iter().map(|(name, set)| {
            let (name, value) = (name.as_str(), set.value.as_ref().ok());
            (name.to_owned(), Variable { name, value, provenance: Provenance::Project })
        }));
    }
    if let Some(flags) = flags {
        let hint = match layer {
            None => "list the account's names: vastenv show env-vars".to_owned(),
            Some(layer) => format!("{} counts too: --no-project leaves it out", layer.file),
        };
        let filtered = flags.apply(named, Origin::Flags).map_err(|failure| failure.hint(hint))?;
        named = filtered.variables;
        notes.extend(filtered.notes);
    }
    // A name that was given anew is judged like any other.
    let is_as_it_was = |name: &&EnvName| {
        let found = named.get(name.as_str());
        found.is_some_and(|it| it.name == name.as_str() && it.provenance == Provenance::Instance)
    };
    let judged: Vec<&str> = own.keys().filter(is_as_it_was).map(EnvName::as_str).collect();
    let allowing = (!judged.is_empty()).then(|| rules.allowing(judged.into_iter()));
    let of_project = |variable: &Variable<'_>| {
        let layer = layer.filter(|_| variable.provenance == Provenance::Project)?;
        layer.set.get(&EnvName::parse(variable.name).ok()?)
    };
    let candidates = named.iter().map(|(name, variable)| Candidate {
        name,
        variable: *variable,
        made_of: of_project(variable).map_or(&[], |set| &set.made_of),
    });
    let mut environment = resolve_named(candidates, allowing.as_ref().unwrap_or(rules));
    for skipped in environment.skipped.iter_mut().filter(|skipped| skipped.why.is_masked()) {
        if let Some(SetVariable { value: Err(why), .. }) = of_project(&named[&skipped.name]) {
            skipped.why = why.clone();
        }
    }
    let left: BTreeSet<&str> = named
        .values()
        .filter(|variable| variable.provenance != Provenance::Project)
        .map(|variable| variable.name)
        .collect();
    let all_names = all(sources, &own).map(|variable| variable.name);
    environment.left_out = all_names.filter(|name| !left.contains(name)).map(str::to_owned).collect();
    for (name, variable) in named {
        if variable.provenance == Provenance::Project {
            environment.from_project.insert(name);
        } else if variable.name != name {
            environment.former.insert(name, variable.name.to_owned());
        }
    }
    environment.notes = notes;
    Ok(environment)
}

/// All of `sources` under their own names.
pub fn resolve_all(sources: Sources<'_>, rules: &Rules) -> Environment {
    let own = sources.launch.own(sources.known, rules);
    // Judged by their names already.
    let allowing = (!own.is_empty()).then(|| rules.allowing(own.keys().map(EnvName::as_str)));
    resolve(all(sources, &own), allowing.as_ref().unwrap_or(rules))
}

fn all<'s>(
    sources: Sources<'s>,
    own: &'s BTreeMap<EnvName, &'s Secret>,
) -> impl Iterator<Item = Variable<'s>> {
    let of_launch = own.iter().map(|(name, value)| Variable {
        name: name.as_str(),
        value: Some(*value),
        provenance: Provenance::Instance,
    });
    sources.known.into_iter().flat_map(KnownVariables::iter).chain(of_launch)
}

#[cfg(test)]
mod tests;
