//! The account: the one place that joins the API and the store.
//!
//! A module here uses those above it in this list only; `tests/it/architecture.rs` checks that.
//!
//! | module | job |
//! |---|---|
//! | [`select`] | which account is meant |
//! | [`machine`] | what this machine keeps, for any account |
//! | [`local`], [`remember`] | the account as the files here know it: no server is asked |
//! | [`sync`] | asking the server, and changing what it has |
//! | [`keys`] | the account's keys: lists, changes, where the one in use is saved |
//! | [`prompt`] | a shell's question, answered from files |

mod keys;
mod local;
mod machine;
mod prompt;
mod remember;
mod select;
mod sync;

pub use crate::api::{ApiKey, CreatedApiKey, Inspect, Listener, Outstanding, SshKey, block_on};
pub use keys::{EarlierReset, InUse, KeyPlace, NewKey, finish_reset, save_key};
pub use local::{Account, Known};
pub use machine::Machine;
pub use prompt::{Answer, Question, age_of_root, follow};
pub use select::Selection;
pub use sync::{Batch, Changed, Connection, Ended, Keeping, Refreshed, Remote, Urgency};
