//! The account's keys: lists of them, changes to them, and where the one in use is saved.

mod calls;
mod lists;
mod reset;
mod save;

pub use calls::InUse;
pub use reset::{EarlierReset, NewKey, finish_reset};
pub use save::{KeyPlace, save_key};
