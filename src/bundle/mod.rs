//! Sealed values: an age file (age-encryption.org/v1) around the values of an account. What vastenv
//! seals, every age opens; what age sealed, vastenv opens.
//!
//! Inside is JSON, which holds any value exactly and is of use to whoever opens it with `age -d`:
//!
//! ```json
//! {"vastenv": 1, "account": {"server": "https://console.vast.ai", "user": "7"},
//!  "date": "2026-11-28", "variables": {"HF_TOKEN": "hf_…"}}
//! ```
//!
//! Everything here happens in memory: the commands read the keys and the files, and ask for passphrases.

mod contents;
mod fault;
mod private_key;
mod seal;
mod sealed;

pub(crate) use contents::{Contents, Owner, parse, to_json};
pub(crate) use fault::Fault;
pub(crate) use private_key::PrivateKey;
pub(crate) use seal::{Recipient, seal, seal_with_passphrase};
pub(crate) use sealed::Sealed;
