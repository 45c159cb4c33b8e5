//! The account's variables.

pub(super) mod create;
pub(super) mod delete;
pub(super) mod diff;
pub(super) mod forget;
pub(super) mod import;
pub(super) mod remember;
pub(super) mod set;
pub(super) mod show;
pub(super) mod show_one;
pub(super) mod source;
pub(super) mod unseal;
pub(super) mod update;
pub(super) mod value;
pub(super) mod values_file;
