//! The account: the one place that joins the API and the store.
//!
//! A module here uses those above it in this list only; `tests/it/architecture.rs` checks that.
//!
//! | module | job |
//! |---|---|
//! | [`project`] | the project that a folder is in |
//! | [`select`] | which account is meant |
//! | [`machine`] | what this machine keeps, for any account |
//! | [`local`], [`remember`] | the account as the files here know it: no server is asked |
//! | [`sync`] | asking the server, and changing what it has |
//! | [`keys`] | the account's keys: lists, changes, where the one in use is saved |
//! | [`prompt`] | a shell's question, answered from files |
//! | [`upkeep`] | what a watch does next, and what it tells shells of |

mod keys;
mod local;
mod machine;
mod project;
mod prompt;
mod remember;
mod select;
mod sync;
mod upkeep;

pub(crate) use crate::api::{ApiKey, CreatedApiKey, Inspect, Listener, Outstanding, SshKey, block_on};
pub(crate) use keys::calls::InUse;
pub(crate) use keys::reset::{EarlierReset, NewKey, finish_reset};
pub(crate) use keys::save::save_key;
pub(crate) use local::{Account, Known, choose_without_account, left_out, without_account};
pub(crate) use machine::Machine;
pub(crate) use project::{FoundProject, ProjectState};
pub(crate) use prompt::follow::{Answer, Question, follow};
pub(crate) use prompt::watch::age_of_root;
pub(crate) use select::{Chosen, ChosenBy, Given, KeyFrom, Selection, Trouble};
pub(crate) use sync::batch::{Batch, Ended};
pub(crate) use sync::change::{Changed, Keeping};
pub(crate) use sync::refresh::{Refreshed, Urgency};
pub(crate) use sync::remote::{Connection, Remote};
pub(crate) use upkeep::{Claim, Outlook, Seen};
