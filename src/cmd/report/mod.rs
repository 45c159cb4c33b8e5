//! What vastenv reports of the setup: one gatherer of facts, and beside it those who print them.

mod doctor;
mod facts;
mod greet;
mod selected;
mod status;
mod why;

use serde_json::{Map, Value};

use super::app::App;
use crate::domain::{Failure, Result};

pub(super) use doctor::doctor;
use facts::Facts;
pub(super) use greet::greet;
pub(super) use status::status;
pub(super) use why::why;

/// One line of a report, for people and for programs.
struct Fact {
    heading: &'static str,
    text: String,
    /// Lines below it.
    details: Vec<String>,
    fields: Vec<(&'static str, Value)>,
    state: State,
}

enum State {
    Good,
    /// It works, but there is a next step.
    Open(String),
    Bad(Failure),
}

impl Fact {
    fn new(heading: &'static str, text: impl Into<String>) -> Self {
        Self { heading, text: text.into(), details: Vec::new(), fields: Vec::new(), state: State::Good }
    }

    fn bad(heading: &'static str, failure: &Failure) -> Self {
        Self { state: State::Bad(failure.clone()), ..Self::new(heading, failure.message()) }
    }

    fn next(self, step: impl Into<String>) -> Self {
        Self { state: State::Open(step.into()), ..self }
    }

    fn field(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.fields.push((key, value.into()));
        self
    }

    fn next_step(&self) -> Option<&str> {
        match &self.state {
            State::Good => None,
            State::Open(step) => Some(step),
            State::Bad(failure) => failure.next_step(),
        }
    }
}

/// Prints facts as a table, or as one object.
fn print(app: &App, facts: &[Fact]) -> Result<()> {
    if app.ui.raw {
        let fields = facts.iter().flat_map(|fact| &fact.fields);
        let object: Map<_, _> = fields.map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        return app.ui.json(&Value::Object(object));
    }
    let width = facts.iter().map(|fact| fact.heading.len()).max().unwrap_or(0) + 2;
    for fact in facts {
        app.ui.line(&format!("{:width$}{}", fact.heading, fact.text))?;
        for detail in &fact.details {
            app.ui.line(&format!("{:width$}  {detail}", ""))?;
        }
        if let Some(step) = fact.next_step() {
            app.ui.line(&format!("{:width$}→ {step}", ""))?;
        }
    }
    Ok(())
}
