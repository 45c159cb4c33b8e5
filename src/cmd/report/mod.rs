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
    /// The text is a variable's value, to be shown as it is.
    is_value: bool,
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
        let (details, fields, state) = (Vec::new(), Vec::new(), State::Good);
        Self { heading, text: text.into(), is_value: false, details, fields, state }
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
        let line = format!("{:width$}{}", fact.heading, fact.text);
        if fact.is_value {
            app.ui.line(&line)?;
        } else {
            app.ui.report(&line)?;
        }
        for detail in &fact.details {
            app.ui.report(&format!("{:width$}  {detail}", ""))?;
        }
        if let Some(step) = fact.next_step() {
            app.ui.report(&format!("{:width$}→ {step}", ""))?;
        }
    }
    Ok(())
}
