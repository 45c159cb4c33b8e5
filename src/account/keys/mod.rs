//! The account's keys: lists of them, changes to them, and where the one in use is saved.

pub mod calls;
mod lists;
pub mod reset;
pub mod save;
