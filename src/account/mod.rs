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
pub use keys::calls::InUse;
pub use keys::reset::{EarlierReset, NewKey, finish_reset};
pub use keys::save::save_key;
pub use local::{Account, Known, choose_without_account, left_out, without_account};
pub use machine::Machine;
pub use prompt::follow::{Answer, Question, follow};
pub use prompt::watch::age_of_root;
pub use select::Selection;
pub use sync::batch::{Batch, Ended};
pub use sync::change::{Changed, Keeping};
pub use sync::refresh::{Refreshed, Urgency};
pub use sync::remote::{Connection, Remote};
