//! The account: the one place that joins the API and the store.
//!
//! A module here uses those above it in this list only; `tests/it/architecture.rs` checks that.
//!
//! | module | job |
//! |---|---|
//! | [`project`] | the project that a folder is in |
//! | [`select`] | which account is meant |
//! | [`machine`] | what this machine keeps, for any account |
//! | [`trust`] | the projects that the user allowed or denied |
//! | [`view`] | the project and the settings in force, as they count for shells and for programs |
//! | [`local`], [`remember`] | the account as the files here know it: no server is asked |
//! | [`command`] | the key that a profile's command prints |
//! | [`sync`] | asking the server, and changing what it has |
//! | [`keys`] | the account's keys: lists, changes, where the one in use is saved |
//! | [`prompt`] | a shell's question, answered from files |
//! | [`upkeep`] | what a watch does next, and what it tells shells of |

mod command;
mod keys;
mod local;
mod machine;
mod project;
mod prompt;
mod remember;
mod select;
mod sync;
mod trust;
mod upkeep;
mod view;

pub(crate) use crate::api::{ApiKey, CreatedApiKey, Inspect, Listener, Outstanding, SshKey, block_on};
pub(crate) use command::{Printed, ask as ask_command};
pub(crate) use keys::calls::InUse;
pub(crate) use keys::profiles::NewProfile;
pub(crate) use keys::reset::{EarlierReset, NewKey, finish_reset};
pub(crate) use keys::save::{check_place, save_key};
pub(crate) use local::{
    Account, Known, LiveWatch, choose_without_account, given_by_container, left_out, without_account,
};
pub(crate) use machine::Machine;
pub(crate) use project::{FoundProject, ProjectState};
pub(crate) use prompt::follow::{Answer, Question, follow};
pub(crate) use prompt::notice::Notice;
pub(crate) use prompt::watch::age_of_root;
pub(crate) use select::{ChosenBy, Given, KeyFrom, Selection, Trouble, no_profile};
pub(crate) use sync::batch::{Batch, Ended};
pub(crate) use sync::change::{Changed, Keeping};
pub(crate) use sync::refresh::{Refreshed, Urgency};
pub(crate) use sync::remote::{Connection, Remote};
pub(crate) use trust::{ProjectFile, TrustState};
pub(crate) use upkeep::{Claim, Outlook, Seen};
