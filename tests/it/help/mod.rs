//! What vastenv says of itself: greeting, help texts and their examples, suggestions, manual pages,
//! version.

mod demo;
pub mod docs;
mod examples;
mod greeting;
mod man;
mod prepared;
mod texts;
mod typing_errors;
mod version;
