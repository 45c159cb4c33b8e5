//! The account's keys: lists of them, changes to them, and where the one in use is saved.

pub(super) mod calls;
mod instances;
mod lists;
pub(super) mod profiles;
pub(super) mod reset;
pub(super) mod save;
mod table;
